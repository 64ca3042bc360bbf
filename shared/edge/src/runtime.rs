//! Where the runtimes' own types end: the target chooses the adapter, so there is nothing to combine wrongly.

#[cfg(target_os = "wasi")]
pub mod spin;
#[cfg(target_os = "unknown")]
pub mod workers;

/// Makes a crate an edge function: `edge::entry!(router)`, with `router: fn() -> Router`.
///
/// `edge::entry!(router, scheduled = work)`, with `work: async fn(Host)` under another name than `handle` or `scheduled`, which
/// are the exports, also answers a cron trigger of Workers; elsewhere a scheduler calls a route. Natively this is nothing: tests call the router.
#[macro_export]
macro_rules! entry {
    ($router:path $(, scheduled = $work:path)?) => {
        #[cfg(target_os = "unknown")]
        const _: () = {
            use $crate::runtime::workers::{self, js_sys, wasm_bindgen, wasm_bindgen_futures};

            #[wasm_bindgen::prelude::wasm_bindgen(
                wasm_bindgen = wasm_bindgen,
                wasm_bindgen_futures = wasm_bindgen_futures,
                js_sys = js_sys
            )]
            pub async fn handle(request: workers::Incoming) -> workers::Outgoing {
                workers::handle($router, request).await
            }

            $(
                #[wasm_bindgen::prelude::wasm_bindgen(
                    wasm_bindgen = wasm_bindgen,
                    wasm_bindgen_futures = wasm_bindgen_futures,
                    js_sys = js_sys
                )]
                pub async fn scheduled(env: workers::Env, context: workers::JsContext) {
                    $work(workers::host(env, context)).await
                }
            )?
        };

        #[cfg(target_os = "wasi")]
        const _: () = {
            use $crate::runtime::spin::{self, wasi};

            struct Entry;

            impl wasi::exports::http::incoming_handler::Guest for Entry {
                fn handle(request: spin::IncomingRequest, reply: spin::ResponseOutparam) {
                    spin::handle($router, request, reply);
                }
            }

            wasi::http::proxy::export!(Entry with_types_in $crate::runtime::spin::wasi);
        };

        // Natively nothing calls the work of a cron trigger.
        #[cfg(not(target_os = "unknown"))]
        const _: () = {
            $( let _ = $work; )?
        };
    };
}

/// The headers a runtime accepts: one bad value, echoed from a request, must not cost the reply.
#[cfg(target_family = "wasm")]
fn sendable<'a>(headers: &'a [(&'static str, String)]) -> impl Iterator<Item = (&'static str, &'a str)> {
    let good = |value: &str| value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t'));
    headers.iter().filter(move |(_, value)| good(value)).map(|(name, value)| (*name, value.as_str()))
}
