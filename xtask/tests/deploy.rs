//! What `wrangler` and `spin` would deploy: every function, with the same settings on both.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use xtask::manifest::Manifest;
use xtask::tools;
use xtask::workspace::{Workspace, run_quietly};

#[test]
fn wrangler_takes_every_function() {
    let workspace = Workspace::find().unwrap();
    tools::npm(&workspace).unwrap();
    let functions = Manifest::read(&workspace).unwrap().functions();
    let logs = &workspace.target.join("edgewise/logs");
    let workspace = &workspace;
    thread::scope(|scope| {
        for half in functions.chunks(functions.len().div_ceil(2)) {
            scope.spawn(move || {
                for function in half {
                    let module = workspace.workers().join(function).join("index.js");
                    let mut wrangler = workspace.command("node");
                    wrangler.arg(workspace.root.join("node_modules/wrangler/bin/wrangler.js"));
                    wrangler.arg("deploy").arg(module).args(["--config", "wrangler.toml", "--dry-run", "--env", function]);
                    wrangler.env("WRANGLER_LOG_PATH", logs).env("NO_COLOR", "1").env_remove("CLOUDFLARE_API_TOKEN");
                    let said = run_quietly(&mut wrangler).unwrap();
                    assert!(said.contains("index_bg.wasm"), "{function}: {said}");
                }
            });
        }
    });
}

#[test]
fn both_runtimes_know_the_same_settings() {
    let workspace = Workspace::find().unwrap();
    let manifest = Manifest::read(&workspace).unwrap();
    let wrangler: toml::Table = std::fs::read_to_string(workspace.root.join("wrangler.toml")).unwrap().parse().unwrap();
    let environments = wrangler["env"].as_table().unwrap();
    assert_eq!(environments.keys().cloned().collect::<BTreeSet<_>>(), manifest.functions().into_iter().collect());
    for (function, environment) in environments {
        let mut settings: BTreeMap<String, bool> = BTreeMap::new();
        settings.extend(environment["vars"].as_table().unwrap().keys().map(|name| (name.to_lowercase(), false)));
        let secrets = environment["secrets"]["required"].as_array().unwrap();
        settings.extend(secrets.iter().map(|name| (name.as_str().unwrap().to_lowercase(), true)));
        let secret = |name: &str| manifest.variables.get(name).is_some_and(|variable| variable.secret);
        let names = manifest.component[function].variables.keys();
        assert_eq!(settings, names.map(|name| (name.clone(), secret(name))).collect(), "{function}");
    }
}

#[test]
fn both_runtimes_have_the_same_routes() {
    let workspace = Workspace::find().unwrap();
    let wrangler: toml::Table = std::fs::read_to_string(workspace.root.join("wrangler.toml")).unwrap().parse().unwrap();
    let mut routes = BTreeSet::new();
    for (function, environment) in wrangler["env"].as_table().unwrap() {
        for route in environment["routes"].as_array().unwrap() {
            let pattern = route["pattern"].as_str().unwrap();
            let path = pattern.strip_prefix("api.example.com").unwrap().strip_suffix('*').unwrap();
            routes.insert((path.to_owned(), function.clone()));
        }
    }
    assert_eq!(routes, Manifest::read(&workspace).unwrap().routes().into_iter().collect());
}

#[test]
fn every_lane_of_jobs_has_a_function_and_a_cron_trigger() {
    let workspace = Workspace::find().unwrap();
    let wrangler: toml::Table = std::fs::read_to_string(workspace.root.join("wrangler.toml")).unwrap().parse().unwrap();
    let runners: BTreeSet<String> = Manifest::read(&workspace).unwrap().runners().into_iter().collect();
    let lanes = domain::lane::LANES.iter().map(|(_, lane)| (*lane).to_owned());
    assert_eq!(runners, lanes.collect());
    for runner in runners {
        assert!(wrangler["env"][&runner]["triggers"]["crons"].is_array(), "{runner}");
    }
}
