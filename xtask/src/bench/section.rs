//! One section of docs/PERFORMANCE.md, between markers of its own, so that each benchmark rewrites nothing but its own.

use anyhow::{Context, Result};
use std::fs;
use std::time::SystemTime;
use xtask::workspace::Workspace;

const FILE: &str = "docs/PERFORMANCE.md";
const OPENING: &str = "# Performance

What was measured, on which machine and when. Each section is written by the command it names; figures of different machines or days do not compare,
ratios within one section do.
";

/// Replaces the section of a benchmark, or adds it.
pub fn write(workspace: &Workspace, name: &str, text: &str) -> Result<()> {
    let path = workspace.root.join(FILE);
    let old = fs::read_to_string(&path).unwrap_or_else(|_| OPENING.to_owned());
    fs::write(&path, replaced(&old, name, text)).with_context(|| format!("writing {FILE}"))
}

/// The processor, its number of cores, the system, and the day.
pub fn machine() -> String {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or(std::env::consts::ARCH, |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let day = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let day = day.split('T').next().unwrap_or_default();
    format!("{model}, {cores} cores, {}, {day}", std::env::consts::OS)
}

fn replaced(old: &str, name: &str, text: &str) -> String {
    let (begin, end) = (format!("<!-- bench {name} -->\n"), format!("<!-- /bench {name} -->\n"));
    let section = format!("{begin}{}\n{end}", text.trim_end());
    let parts = old.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    match parts {
        Some((before, after)) => format!("{before}{section}{after}"),
        None => format!("{}\n\n{section}", old.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn a_section_takes_its_own_place_and_no_other() {
        let first = replaced("# Title\n", "a", "one");
        assert_eq!(first, "# Title\n\n<!-- bench a -->\none\n<!-- /bench a -->\n");
        let both = replaced(&first, "b", "two\n\n");
        assert_eq!(both, format!("{first}\n<!-- bench b -->\ntwo\n<!-- /bench b -->\n"));
        assert_eq!(replaced(&both, "a", "new"), both.replace("one", "new"));
        assert_eq!(replaced(&both, "b", "two"), both);
    }
}
