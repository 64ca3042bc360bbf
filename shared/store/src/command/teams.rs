//! The teams that a record belongs to: those of its people, and the masters above them, written with it, so that who reaches
//! a team's records, or those of the vendors below, finds them by one filter and nobody reads anything first.

use data_api::{Action, Operation};
use domain::entities::{MEMBERSHIP, TENANT};
use domain::entity::TEAMS_FIELD;
use domain::validate::Change;
use domain::{Doc, Entity, json};
use serde_json::Value;

use super::Command;
use super::batch::On;

impl Command<'_> {
    /// Where the teams of these members are found within this command.
    pub fn teams_of(&mut self, members: Vec<&str>) -> String {
        let members: Vec<String> = members.into_iter().map(str::to_owned).collect();
        let tenant = self.scope.tenant().to_owned();
        let known = self.teams.iter().find(|(of, _)| *of == (tenant.clone(), members.clone())).map(|(_, step)| *step);
        let step = known.unwrap_or_else(|| {
            let step = self.push(team_operation(&tenant, &members), On::default());
            self.teams.push(((tenant, members), step));
            step
        });
        step.path("documents.0.teams")
    }

    /// The teams of a record's people, if its entity has any.
    pub(super) fn teams_of_record(&mut self, entity: &Entity, doc: &Doc) -> Option<String> {
        (entity.access.teams == Some(TEAMS_FIELD)).then(|| self.teams_of(people(entity, doc)))
    }

    /// As [`Command::teams_of_record`], if a change is about its people.
    pub(super) fn teams_of_change(&mut self, entity: &Entity, change: &Change) -> Option<String> {
        let changes = |field: &&str| change.set.contains_key(*field) || change.unset.iter().any(|unset| unset == field);
        if entity.access.own.iter().any(changes) { self.teams_of_record(entity, &change.after) } else { None }
    }
}

/// Who stands in a record's own fields, each once.
pub fn people<'a>(entity: &Entity, doc: &'a Doc) -> Vec<&'a str> {
    let values = entity.access.own.iter().filter_map(|field| doc.get(*field));
    let listed = values.flat_map(|value| match value {
        Value::Array(several) => several.iter().collect(),
        one => vec![one],
    });
    let mut people: Vec<&str> = listed.filter_map(Value::as_str).collect();
    people.sort_unstable();
    people.dedup();
    people
}

/// Exactly one document with the teams of some members: the tenant is always there.
fn team_operation(tenant: &str, members: &[String]) -> Operation {
    let pipeline = json!([
        { "$match": { "_id": tenant, "tenant_id": tenant } },
        { "$lookup": {
            "from": MEMBERSHIP.collection,
            "pipeline": [
                { "$match": { "tenant_id": tenant, "_id": { "$in": members }, "deleted_at": null } },
                { "$project": { "teams": { "$concatArrays": [or_none("$team_ids"), or_none("$ancestors")] } } },
            ],
            "as": "members",
        } },
        { "$project": { "teams": { "$reduce": {
            "input": "$members.teams", "initialValue": [], "in": { "$setUnion": ["$$value", "$$this"] },
        } } } },
    ]);
    Operation::new(Action::Aggregate, TENANT.collection).with("pipeline", pipeline)
}

fn or_none(field: &str) -> Value {
    json!({ "$ifNull": [field, []] })
}
