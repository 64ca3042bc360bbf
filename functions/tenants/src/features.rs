//! Which features there are, which of them the tenant may have, and which are on.

use domain::entities::TENANT;
use domain::plan::{FEATURES, features_of, may_have};
use domain::{Error, Filter, json};
use edge::{Call, Outcome, Reply};
use serde_json::Value;

/// All features, and which are on as far as the caller may know.
pub async fn list(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let own = scope.live().and(Filter::is("_id", scope.tenant()));
    let tenant = call.store.find(scope, &TENANT, own).await?.ok_or_else(Error::not_found)?;
    let reads = call.viewer()?.policy.reads(TENANT.name, "features_enabled");
    let on = features_of(&tenant);
    let feature = |name: &&str| {
        let mut state = json!({ "is_available": may_have(&tenant, name) });
        if let (true, Value::Object(state)) = (reads, &mut state) {
            state.insert("is_enabled".to_owned(), on.contains(name).into());
        }
        ((*name).to_owned(), state)
    };
    Ok(Reply::json(200, &Value::Object(FEATURES.iter().map(feature).collect())))
}
