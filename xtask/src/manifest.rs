//! `spin.toml`, the one list of functions, their routes and their variables.

use crate::workspace::Workspace;
use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;

/// What `spin.toml` says.
#[derive(Debug, Deserialize)]
pub struct Manifest {
    /// The application's variables.
    pub variables: BTreeMap<String, Variable>,
    trigger: Trigger,
    /// The functions.
    pub component: BTreeMap<String, Component>,
}

/// A variable of the application.
#[derive(Debug, Deserialize)]
pub struct Variable {
    /// Its value where none is given.
    pub default: Option<String>,
    /// Whether it is a secret.
    #[serde(default)]
    pub secret: bool,
}

/// A function.
#[derive(Debug, Deserialize)]
pub struct Component {
    /// Its variables: templates over the application's.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Trigger {
    http: Vec<Route>,
}

/// A path prefix and who answers it.
#[derive(Clone, Debug, Deserialize)]
pub struct Route {
    /// The prefix, ending in `/...`.
    pub route: String,
    /// The function.
    pub component: String,
}

impl Manifest {
    /// Reads `spin.toml`.
    ///
    /// # Errors
    /// When it is missing or malformed.
    pub fn read(workspace: &Workspace) -> Result<Self> {
        let path = workspace.root.join("spin.toml");
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("reading {}", path.display()))
    }

    /// The functions' names.
    pub fn functions(&self) -> Vec<String> {
        self.component.keys().cloned().collect()
    }

    /// The functions that work off jobs: they know the secret of whoever lets them.
    pub fn runners(&self) -> Vec<String> {
        let runs = |component: &Component| component.variables.contains_key("jobs_secret");
        self.component.iter().filter(|(_, component)| runs(component)).map(|(name, _)| name.clone()).collect()
    }

    /// Path prefixes without `/...`, the longest first, and the function of each.
    pub fn routes(&self) -> Vec<(String, String)> {
        let routes = self.trigger.http.iter();
        let mut routes: Vec<(String, String)> =
            routes.map(|route| (route.route.trim_end_matches("/...").to_owned(), route.component.clone())).collect();
        routes.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.0.cmp(&b.0)));
        routes
    }
}
