//! What belongs to one instance, which answers one request.

use crate::outbound::Outbound;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

/// The state of an instance.
pub struct Guest {
    /// Its variables.
    pub variables: Arc<BTreeMap<String, String>>,
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outbound: Outbound,
}

impl Guest {
    /// A new instance's state.
    pub fn new(variables: Arc<BTreeMap<String, String>>, environment: &BTreeMap<String, String>, outbound: Outbound) -> Self {
        let mut wasi = WasiCtx::builder();
        wasi.inherit_stdout().inherit_stderr();
        for (name, value) in environment {
            wasi.env(name, value);
        }
        Self { variables, table: ResourceTable::new(), wasi: wasi.build(), http: WasiHttpCtx::new(), outbound }
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.outbound }
    }
}

/// Writes a line where the instances' own lines go.
pub fn log(line: &str) {
    // There is nowhere to report a log that cannot be written.
    let _ = writeln!(std::io::stderr(), "{line}");
}
