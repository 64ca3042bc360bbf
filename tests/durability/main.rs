//! What the gateway has answered is written: through kills, and among many clients at once.

#[cfg(test)]
mod client;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod program;
#[cfg(test)]
mod transfers;

/// Whether there is time for many rounds: `cargo xtask test --full`.
#[cfg(test)]
fn is_full() -> bool {
    std::env::var_os("EDGEWISE_FULL").is_some_and(|value| value == "1")
}
