//! The parts of `spin.toml` that the host acts on, with its templates filled in from the environment.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use wasmtime::error::Context;
use wasmtime::{Result, ensure};

/// Where Spin too looks for the value of a variable.
const VARIABLE_PREFIX: &str = "SPIN_VARIABLE_";

/// An application.
#[derive(Deserialize)]
pub struct Manifest {
    #[serde(default)]
    variables: BTreeMap<String, Variable>,
    trigger: Trigger,
    component: BTreeMap<String, Component>,
}

#[derive(Deserialize)]
struct Variable {
    default: Option<String>,
}

#[derive(Deserialize)]
struct Trigger {
    http: Vec<Route>,
}

#[derive(Deserialize)]
struct Route {
    route: String,
    component: String,
}

#[derive(Deserialize)]
struct Component {
    source: PathBuf,
    #[serde(default)]
    allowed_outbound_hosts: Vec<String>,
    #[serde(default)]
    variables: BTreeMap<String, String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
}

/// A component with nothing left to fill in.
pub struct Resolved {
    /// Its name.
    pub name: String,
    /// Its file, relative to the manifest.
    pub source: PathBuf,
    /// `scheme://host[:port]` of whom it may call.
    pub allowed_outbound_hosts: Vec<String>,
    /// Its variables.
    pub variables: BTreeMap<String, String>,
    /// Its environment.
    pub environment: BTreeMap<String, String>,
}

impl Manifest {
    /// Reads a manifest.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("reading {}", path.display()))
    }

    /// Path prefixes without `/...`, the longest first, and the component of each.
    pub fn routes(&self) -> Vec<(String, String)> {
        let routes = self.trigger.http.iter();
        let mut routes: Vec<(String, String)> =
            routes.map(|route| (route.route.trim_end_matches("/...").to_owned(), route.component.clone())).collect();
        routes.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        routes
    }

    /// The components, their templates filled in.
    pub fn components(&self) -> Result<Vec<Resolved>> {
        let values = self.values();
        let resolve = |(name, component): (&String, &Component)| -> Result<Resolved> {
            let mut variables = BTreeMap::new();
            for (variable, template) in &component.variables {
                variables.insert(variable.clone(), fill(template, &values)?);
            }
            let hosts = component.allowed_outbound_hosts.iter().map(|host| fill(host, &values));
            Ok(Resolved {
                name: name.clone(),
                source: component.source.clone(),
                allowed_outbound_hosts: hosts.collect::<Result<_>>()?,
                variables,
                environment: component.environment.clone(),
            })
        };
        self.component.iter().map(resolve).collect()
    }

    fn values(&self) -> BTreeMap<&str, String> {
        let value = |name: &str, variable: &Variable| {
            let set = std::env::var(format!("{VARIABLE_PREFIX}{}", name.to_ascii_uppercase()));
            set.ok().or_else(|| variable.default.clone())
        };
        let values = self.variables.iter();
        values.filter_map(|(name, variable)| Some((name.as_str(), value(name, variable)?))).collect()
    }
}

/// Puts values in the place of `{{ name }}`.
fn fill(template: &str, values: &BTreeMap<&str, String>) -> Result<String> {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").with_context(|| format!("{template}: a }}}} is missing"))?;
        let name = name.trim();
        let value = values.get(name);
        ensure!(value.is_some(), "the variable {name} has no value; set {VARIABLE_PREFIX}{}", name.to_ascii_uppercase());
        filled.push_str(before);
        filled.push_str(value.map_or("", String::as_str));
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_take_the_values_of_variables() {
        let values = BTreeMap::from([("origin", "http://a:1".to_owned()), ("path", "/b".to_owned())]);
        assert_eq!(fill("{{ origin }}{{path}}/c", &values).unwrap(), "http://a:1/b/c");
        assert_eq!(fill("plain", &values).unwrap(), "plain");
        let missing = fill("{{ jwt_keys }}", &values).unwrap_err().to_string();
        assert!(missing.contains("SPIN_VARIABLE_JWT_KEYS"), "{missing}");
        assert!(fill("{{ origin", &values).is_err());
    }
}
