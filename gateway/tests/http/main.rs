//! The gateway over real HTTP, in process, on the embedded engine.

#[cfg(test)]
mod apart;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod indexes;
#[cfg(test)]
mod interrupts;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod program;
#[cfg(test)]
mod protocol;
#[cfg(test)]
mod shutdown;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod transactions;
#[cfg(test)]
mod watch;
