//! The tenant's settings: each has a type and bounds, and is what it is by default until somebody chooses.

use domain::entities::{SETTING, TENANT};
use domain::plan::{self, LIMITS, PLAN_LIMITS};
use domain::retention::{TRASH_DAYS, TRASH_DAYS_KEY};
use domain::settings::{SETTINGS, default_of, type_of};
use domain::validate::{self, change};
use domain::{Doc, Error, Filter, Violation, doc, json};
use edge::{Call, Halt, Outcome, Reply};
use serde_json::Value;
use store::{Command, Scope};

/// All settings.
pub async fn list(call: &Call) -> Outcome {
    let stored = read(call, "read").await?;
    Ok(Reply::json(200, &shown(call, &stored)?))
}

/// Chooses; `null` goes back to what is chosen for those who do not.
pub async fn update(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let given = call.input()?;
    let nulls: Vec<String> = given.iter().filter(|(_, value)| value.is_null()).map(|(key, _)| key.clone()).collect();
    let mut input = validate::input(SETTINGS, given)?;
    input.extend(nulls.into_iter().map(|key| (key.clone(), default_of(&key))));
    require_unmasked(call, &input)?;
    let mut stored = read(call, "update").await?;
    let mut command = call.store.command(scope);
    let raced = || Error::conflict("concurrent-update", "The settings were changed at the same moment. Try again.");
    for (key, value) in input {
        let limit = LIMITS.iter().find(|limit| limit.field() == key && !PLAN_LIMITS.contains(limit));
        if let (Some(limit), Some(max)) = (limit, value.as_i64()) {
            command.set_limit(*limit, max);
        }
        if let (TRASH_DAYS_KEY, Some(days)) = (key.as_str(), value.as_i64().filter(|days| *days > TRASH_DAYS)) {
            require_plan(&mut command, scope, days);
        }
        match stored.iter_mut().find(|setting| doc::text(setting, "key") == Some(&key)) {
            Some(before) if before.get("value") == Some(&value) => {}
            Some(before) => {
                let change = change(before, doc::with(before, json!({ "value": value })));
                *before = command.apply(&SETTING, before, &change, "setting.updated", raced());
            }
            None => {
                let id = command.id(&SETTING);
                let setting = doc::fields(json!({ "key": key, "value": value }));
                let setting = command.insert(&SETTING, &id, setting, &[], raced());
                command.event_of_new(&SETTING, &setting, &[]);
                stored.push(setting);
            }
        }
    }
    command.answer_body(200, shown(call, &stored)?);
    Ok(Reply::answer(command.commit().await?))
}

/// Who wants the trash to be kept for longer than others needs a plan that allows it.
fn require_plan(command: &mut Command<'_>, scope: &Scope, days: i64) {
    let allowed = Filter::one_of("plan", &plan::keeping_trash_for(days));
    let own = scope.live().and(Filter::is("_id", scope.tenant())).and(allowed);
    let refused = Error::forbidden("plan-limit", "The plan does not allow the trash to be kept for so long.");
    let refused = Error { more: Some(Box::new(("limit", TRASH_DAYS_KEY.to_owned()))), ..refused };
    command.require_unread(&TENANT, &own, refused);
}

/// What was chosen so far.
async fn read(call: &Call, action: &str) -> Result<Vec<Doc>, Halt> {
    let scope = call.scope()?;
    let mut reading = call.store.reading(scope);
    let step = reading.many(&SETTING, &scope.reach(&SETTING, action), json!({ "_id": 1 }), SETTINGS.len() as u32);
    Ok(reading.run().await?.docs(step))
}

/// A mask on the values of settings is on each of them.
fn require_unmasked(call: &Call, input: &Doc) -> Result<(), Halt> {
    let masked = !call.viewer()?.policy.writes(SETTING.name, "value");
    let refused =
        input.keys().filter(|_| masked).map(|key| Violation::on(key, "read-only", "This field cannot be written here."));
    let refused: Vec<Violation> = refused.collect();
    if refused.is_empty() { Ok(()) } else { Err(Error::invalid(refused).into()) }
}

fn shown(call: &Call, stored: &[Doc]) -> Result<Value, Halt> {
    let reads = call.viewer()?.policy.reads(SETTING.name, "value");
    let setting = |field: &domain::Field| {
        let chosen = stored.iter().find(|setting| doc::text(setting, "key") == Some(field.name));
        let value = chosen.and_then(|setting| setting.get("value")).cloned().unwrap_or_else(|| default_of(field.name));
        let mut shown = json!({ "key": field.name, "type": type_of(&field.kind), "default": default_of(field.name) });
        if let (true, Value::Object(shown)) = (reads, &mut shown) {
            shown.insert("value".to_owned(), value);
        }
        shown
    };
    Ok(json!({ "data": SETTINGS.iter().map(setting).collect::<Vec<_>>() }))
}
