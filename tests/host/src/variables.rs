//! `fermyon:spin/variables`, which is how a component of Spin reads its settings.

use crate::guest::Guest;
use wasmtime::component::{ComponentType, Lift, Linker, Lower};
use wasmtime::{Result, StoreContextMut};

const INTERFACE: &str = "fermyon:spin/variables@2.0.0";

#[derive(ComponentType, Lift, Lower)]
#[component(variant)]
enum Error {
    #[component(name = "invalid-name")]
    InvalidName(String),
    #[component(name = "undefined")]
    Undefined(String),
    #[component(name = "provider")]
    Provider(String),
    #[component(name = "other")]
    Other(String),
}

/// Gives components their variables.
pub fn add_to_linker(linker: &mut Linker<Guest>) -> Result<()> {
    let get = |store: StoreContextMut<'_, Guest>, (name,): (String,)| {
        let value = store.data().variables.get(&name).cloned();
        Ok((value.ok_or(Error::Undefined(name)),))
    };
    linker.instance(INTERFACE)?.func_wrap("get", get)?;
    Ok(())
}
