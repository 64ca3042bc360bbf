//! A smaller Spin component: wasm-opt takes core modules only, so the one inside is taken out and put back.

use super::freshness::Stamp;
use crate::tools::{self, SPIN_TARGET};
use crate::workspace::{Workspace, run_quietly};
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::Path;

/// What is inlined into its only caller compresses worse: 6 kB in each component.
const FLAGS: [&str; 4] = ["-Oz", "--converge", "--low-memory-unused", "--one-caller-inline-max-function-size=1"];

const COMPONENT_HEADER: [u8; 8] = [0, b'a', b's', b'm', 0x0d, 0, 1, 0];
const CUSTOM_SECTION: u8 = 0;
const CORE_MODULE_SECTION: u8 = 1;
/// The others are shims of some hundred bytes.
const WORTHWHILE_BYTES: usize = 10_000;

/// Makes the components of these functions; those that are up to date stay.
pub fn components(workspace: &Workspace, functions: &[String]) -> Result<()> {
    for function in functions {
        component(workspace, function).with_context(|| format!("making the Spin component of {function}"))?;
    }
    Ok(())
}

fn component(workspace: &Workspace, function: &str) -> Result<()> {
    let folder = workspace.components();
    let built = workspace.target.join(SPIN_TARGET).join("spin").join(function).with_extension("wasm");
    let output = folder.join(function).with_extension("wasm");
    let stamp = Stamp::of(&[&built, &workspace.root.join("package-lock.json")], &output.with_extension("stamp"))?;
    if stamp.is_current() && output.is_file() {
        return Ok(());
    }
    fs::create_dir_all(&folder).context("making the output folder")?;
    let bytes = fs::read(&built).context("reading the component")?;
    let smaller = with_smaller_modules(&bytes, |module| smaller(workspace, module, &output))?;
    fs::write(&output, smaller).context("writing the component")?;
    stamp.set()
}

/// Copies a component section by section: core modules through `shrink`, custom sections (names) not at all.
fn with_smaller_modules(component: &[u8], shrink: impl Fn(&[u8]) -> Result<Vec<u8>>) -> Result<Vec<u8>> {
    let mut rest = component.strip_prefix(&COMPONENT_HEADER).context("it is not a component")?;
    let mut out = COMPONENT_HEADER.to_vec();
    while let Some((id, after)) = rest.split_first() {
        let (length, after) = read_leb(after)?;
        ensure!(length <= after.len(), "a section is cut off");
        let (section, after) = after.split_at(length);
        rest = after;
        if *id == CUSTOM_SECTION {
            continue;
        }
        let worthwhile = *id == CORE_MODULE_SECTION && section.len() > WORTHWHILE_BYTES;
        let section = if worthwhile { shrink(section)? } else { section.to_vec() };
        out.push(*id);
        write_leb(&mut out, section.len());
        out.extend_from_slice(&section);
    }
    Ok(out)
}

fn smaller(workspace: &Workspace, module: &[u8], near: &Path) -> Result<Vec<u8>> {
    let (before, after) = (near.with_extension("core.wasm"), near.with_extension("small.wasm"));
    fs::write(&before, module).context("writing the core module")?;
    let mut node = workspace.command("node");
    node.arg(tools::wasm_opt(workspace)?).args(FLAGS).arg(&before).arg("-o").arg(&after);
    run_quietly(&mut node)?;
    let bytes = fs::read(&after).context("reading the smaller module")?;
    for file in [before, after] {
        fs::remove_file(file).context("clearing up")?;
    }
    Ok(bytes)
}

fn read_leb(bytes: &[u8]) -> Result<(usize, &[u8])> {
    let mut value = 0;
    for (at, byte) in bytes.iter().enumerate().take(5) {
        value |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Ok((value, bytes.get(at + 1..).unwrap_or_default()));
        }
    }
    bail!("a length is malformed")
}

fn write_leb(out: &mut Vec<u8>, mut value: usize) {
    loop {
        let low = u8::try_from(value & 0x7f).unwrap_or_default();
        value >>= 7;
        if value == 0 {
            return out.push(low);
        }
        out.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(id: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![id];
        write_leb(&mut bytes, content.len());
        bytes.extend_from_slice(content);
        bytes
    }

    #[test]
    fn only_large_core_modules_change_and_names_go() {
        let (large, small) = (vec![7; WORTHWHILE_BYTES + 1], vec![8; 300]);
        let parts = |module: &[u8]| [section(7, b"types"), section(1, module), section(1, &small)].concat();
        let input = [COMPONENT_HEADER.to_vec(), parts(&large), section(0, b"names")].concat();
        let output = with_smaller_modules(&input, |module| Ok(module.iter().take(5).copied().collect())).unwrap();
        assert_eq!(output, [COMPONENT_HEADER.to_vec(), parts(&[7; 5])].concat());
    }

    #[test]
    fn what_is_cut_off_is_refused() {
        let cut = [COMPONENT_HEADER.to_vec(), vec![1, 200, 1, 0]].concat();
        assert!(with_smaller_modules(&cut, |module| Ok(module.to_vec())).is_err());
        assert!(with_smaller_modules(b"\0asm\x01\0\0\0", |module| Ok(module.to_vec())).is_err());
    }
}
