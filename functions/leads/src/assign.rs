//! Assigning a lead: who looks after it, who asked for it, who brought it.

use data_api::{Action, Operation};
use domain::entities::{CONVERSATION, LEAD, MEMBERSHIP};
use domain::entity::{Field, reference};
use domain::json;
use domain::validate::{self, change};
use domain::{Doc, Error, Filter, Violation};
use edge::{Call, Outcome, Reply, crud};
use serde_json::Value;
use store::{Audience, Command, Scope};

/// The fields that name a member, and the roles such a member may have.
pub const ASSIGNEES: &[(&str, &[&str])] =
    &[("customer", &["customer"]), ("vendor", &["vendor"]), ("manager", &["owner", "admin", "manager"]), ("expert", &["expert"])];

/// What `assign` takes.
pub const INPUT: &[Field] = &[
    reference("customer", "membership"),
    reference("vendor", "membership"),
    reference("manager", "membership"),
    reference("expert", "membership"),
];

/// Names members in their roles.
pub async fn assign(call: &Call) -> Outcome {
    let scope = call.scope()?;
    let id = call.id(&LEAD)?;
    let input = validate::input_for(&LEAD, INPUT, call.input()?, call.moment())?;
    if input.is_empty() {
        return Err(
            Violation::at(String::new(), "required", "Expected at least one of customer, vendor, manager, expert.").into()
        );
    }
    let mut reading = call.store.reading(scope);
    let step = reading.one(&LEAD, &scope.reach(&LEAD, "assign").and(Filter::is("_id", id)), Error::not_found());
    let lead = reading.run().await?.doc(step);
    crud::check_version(call, &lead)?;
    let mut after = lead.clone();
    after.extend(input.clone());
    let change = change(&lead, after);
    require_undecided(&lead, &change.after)?;
    if change.is_empty() {
        return Ok(Reply::record(200, &LEAD, lead));
    }
    let mut command = call.store.command(scope);
    require_roles(&mut command, scope, &input);
    let after = crud::apply(call, &mut command, &LEAD, &lead, &change, "lead.assigned")?;
    change_participants(&mut command, scope, &lead, &after);
    let members: Vec<Option<&str>> = change.set.values().map(Value::as_str).collect();
    let facts = json!({ "key": "lead.assigned", "record": { "type": LEAD.name, "id": id }, "lead": id, "reference": lead.get("reference") });
    command.notify(&Audience { members: &members, ..Audience::default() }, facts);
    command.answer_record(200, &LEAD, after, &[]);
    Ok(Reply::answer(command.commit().await?))
}

/// Whom a lead was awarded for, by and to stays: quotes and invoices name them. A customer who is missing can still be named.
pub fn require_undecided(before: &Doc, after: &Doc) -> Result<(), Error> {
    let is_decided = matches!(before.get("status").and_then(Value::as_str), Some("awarded" | "active" | "completed"));
    let is_fixed = |field: &str| before.contains_key(field) || field != "customer";
    let changes = |field: &&str| is_fixed(field) && before.get(*field) != after.get(*field);
    match ["customer", "vendor", "expert"].iter().find(|field| changes(field)) {
        Some(field) if is_decided => {
            Err(Error::conflict("lead-decided", format!("The lead was awarded: its {field} cannot be changed any more.")))
        }
        _ => Ok(()),
    }
}

/// Expects every named member to be there in the right role.
pub fn require_roles(command: &mut Command<'_>, scope: &Scope, named: &Doc) {
    for (field, roles) in ASSIGNEES {
        let Some(id) = named.get(*field).and_then(Value::as_str) else { continue };
        let member = scope.live().and(Filter::is("_id", id)).and(Filter::one_of("role", roles));
        let detail = format!("Expected a member whose role is {}.", roles.join(" or "));
        command.require(&MEMBERSHIP, member, Violation::on(field, "not-found", detail).into());
    }
}

/// Members who are named in the lead's new state take part in its conversation; those whom it named before do no longer.
pub fn change_participants(command: &mut Command<'_>, scope: &Scope, before: &Doc, after: &Doc) {
    let Some(conversation) = before.get("conversation") else { return };
    let named = |lead: &Doc| -> Vec<Value> { ASSIGNEES.iter().filter_map(|(field, _)| lead.get(*field)).cloned().collect() };
    let (were, are) = (named(before), named(after));
    let left: Vec<&Value> = were.iter().filter(|member| !are.contains(member)).collect();
    let joined: Vec<&Value> = are.iter().filter(|member| !were.contains(member)).collect();
    if left.is_empty() && joined.is_empty() {
        return;
    }
    let teams = command.teams_of(are.iter().filter_map(Value::as_str).collect());
    let mut write = |update: Value| {
        let operation = Operation::new(Action::UpdateOne, CONVERSATION.collection)
            .with("filter", json!({ "_id": conversation, "tenant_id": scope.tenant() }));
        command.operation(operation.with("update", update).referring("update.$set.teams", &teams), None);
    };
    if !left.is_empty() {
        write(json!({ "$pullAll": { "participants": left }, "$inc": { "version": 1 } }));
    }
    if !joined.is_empty() {
        write(json!({ "$addToSet": { "participants": { "$each": joined } }, "$inc": { "version": 1 } }));
    }
}
