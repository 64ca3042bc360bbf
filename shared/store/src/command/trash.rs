//! The trash: what goes into it together comes back together, and nothing else does.

use data_api::{Action, Operation};
use domain::custom::{FIELD, REFS_FIELD, TARGETS};
use domain::entities::{self, JOB};
use domain::entity::Gone;
use domain::json;
use domain::lifecycle::{self, Link};
use domain::retention::TRASH_DAYS_MIN;
use domain::{Doc, Entity, Error, Filter, doc};
use serde_json::Value;

use super::event::{CALLED_OFF_KEPT_DAYS, queued};
use super::{Command, On, Step};
use crate::{Actor, query};

/// What a record of the trash alone has, as it is stored.
const MARKS: [&str; 3] = ["deleted_at", "deleted_by", "trash_group"];

impl Command<'_> {
    /// Puts the record that the filter finds into the trash, with all that its table says goes along; fails so if there is none,
    /// and with `in-use` if something that stays refers to what would go. Returns the group that all of it is marked with, and
    /// the step whose `document` is the record.
    pub fn trash(&mut self, entity: &'static Entity, record: &Filter, id: &str, otherwise: Error) -> (String, Step) {
        let group = self.id(&JOB);
        let marks = self.marks(&group);
        let operation = Operation::new(Action::FindOneAndUpdate, entity.collection).with("filter", query::compile(record));
        let operation = operation.with("update", json!({ "$set": marks.clone() })).expecting("document", json!({}));
        let step = self.push(operation, On::expect(otherwise));
        self.forbid_restricted_at(entity, step);
        let mut gone: Vec<(&'static Entity, Ids)> = Vec::new();
        for part in lifecycle::together(entity).into_iter().filter(|part| lifecycle::is_held(part)) {
            let ids = if part.name == entity.name { Ids::One(id.to_owned()) } else { self.ids_of(part, &group) };
            for link in lifecycle::links(part, Gone::Cascade) {
                self.change_referring(link, &ids, json!({ "$set": marks.clone() }));
            }
            gone.push((part, ids));
        }
        for (part, ids) in &gone {
            self.let_go(part, ids, &group);
        }
        self.erase_later(entity, id, &group);
        (group, step)
    }

    /// Takes the record that the filter finds out of the trash, with all that went there together with it; fails so if it is not
    /// there any more, and with `reference-gone` or `key-taken` where it cannot be as it was. The step's `document` is the record.
    pub fn restore(&mut self, entity: &'static Entity, record: &Filter, group: &str, otherwise: Error) -> Step {
        let together = lifecycle::together(entity);
        for part in &together {
            self.require_targets(part, &together, group);
        }
        let unmarked = self.unmarked();
        let operation = Operation::new(Action::FindOneAndUpdate, entity.collection).with("filter", query::compile(record));
        let operation = operation.with("update", unmarked.clone()).with("returnDocument", "after");
        let on = On { expectation: Some(otherwise), duplicate: Some(taken(entity)), ..On::default() };
        let step = self.push(operation.expecting("document", json!({})), on);
        for part in together {
            if part.name != entity.name {
                let operation = Operation::new(Action::UpdateMany, part.collection).with("filter", self.of_group(group));
                self.push(operation.with("update", unmarked.clone()), On::duplicate(taken(part)));
            }
            for link in lifecycle::links(part, Gone::Clear) {
                self.give_back(link, group);
            }
        }
        self.erase_no_more(group);
        step
    }

    /// The job that erases the group, whose id is the group's. It looks up how long that is kept when it is due at the earliest.
    fn erase_later(&mut self, entity: &'static Entity, id: &str, group: &str) {
        let payload = json!({ "entity": entity.name, "id": id, "group": group });
        let job = queued("erase", payload, self.scope.now().plus_days(TRASH_DAYS_MIN));
        self.insert(&JOB, group, job, &[], Error::internal("a job's id was taken"));
    }

    fn erase_no_more(&mut self, group: &str) {
        let waiting = self.scope.live().and(Filter::is("_id", group)).and(Filter::is("status", "queued"));
        let now = self.scope.now();
        let done = json!({ "status": "done", "done_at": now, "expires_at": now.plus_days(CALLED_OFF_KEPT_DAYS) });
        self.update_many(&JOB, &waiting, &doc::fields(done));
    }

    /// Within the trash, what went there together.
    fn of_group(&self, group: &str) -> Value {
        json!({ "tenant_id": self.scope.tenant(), "trash_group": group })
    }

    fn marks(&self, group: &str) -> Doc {
        let mut marks = doc::fields(json!({ "deleted_at": self.scope.now().ejson(), "trash_group": group }));
        if let Actor::Member { viewer, .. } = self.scope.actor() {
            marks.insert("deleted_by".to_owned(), viewer.member.clone().into());
        }
        marks
    }

    fn unmarked(&self) -> Value {
        let mut stamps = Doc::new();
        self.stamp(&mut stamps);
        stamps.insert("updated_at".to_owned(), self.scope.now().ejson());
        let marks: Doc = MARKS.iter().map(|mark| ((*mark).to_owned(), "".into())).collect();
        json!({ "$set": stamps, "$unset": marks, "$inc": { "version": 1 } })
    }

    /// The ids of what went along: always one document, even if nothing did.
    fn ids_of(&mut self, part: &Entity, group: &str) -> Ids {
        let pipeline = json!([
            { "$match": self.of_group(group) },
            { "$facet": { "found": [{ "$project": { "_id": 1 } }] } },
            { "$project": { "ids": "$found._id" } },
        ]);
        let operation = Operation::new(Action::Aggregate, part.collection).with("pipeline", pipeline);
        Ids::Of(self.push(operation, On::default()).path("documents.0.ids"))
    }

    /// Changes the live records that refer to what goes.
    fn change_referring(&mut self, link: Link, ids: &Ids, update: Value) {
        let operation = ids.referring(Action::UpdateMany, self.scope.tenant(), link.from, link.field.name);
        self.push(operation.with("update", update), On::default());
    }

    /// What stays must not refer to what goes, or loses the reference.
    fn let_go(&mut self, part: &'static Entity, ids: &Ids, group: &str) {
        for link in lifecycle::links(part, Gone::Clear) {
            let field = link.field.name;
            let lost = json!({ "field": field, "id": (format!("${field}")), "group": group });
            let kept = json!({ "$concatArrays": [{ "$ifNull": ["$cleared", []] }, [lost]] });
            self.change_referring(link, ids, json!([{ "$set": { "cleared": kept } }, { "$unset": field }]));
        }
        let restricting = lifecycle::links(part, Gone::Restrict).map(|link| (link.from, link.field.name, link.field.name));
        let custom = lifecycle::customizable().filter(|_| TARGETS.contains(&part.name));
        for (from, field, told) in restricting.chain(custom.map(|from| (from, REFS_FIELD, FIELD))) {
            let operation = ids.referring(Action::FindOne, self.scope.tenant(), from, field);
            self.push(operation.expecting("document", Value::Null), On::expect(in_use(part, from, told)));
        }
    }

    /// What comes back must find what it refers to: among the living, or among what comes back with it.
    fn require_targets(&mut self, part: &'static Entity, together: &[&'static Entity], group: &str) {
        let fields = part.fields.iter().filter(|field| matches!(field.gone, Gone::Cascade | Gone::Restrict));
        let targets = fields.filter_map(|field| Some((field.name, field.name, lifecycle::target(field)?)));
        let custom = TARGETS.iter().filter(|_| part.is_customizable()).filter_map(|target| entities::by_name(target));
        for (field, told, target) in targets.chain(custom.map(|target| (REFS_FIELD, FIELD, target))) {
            if !lifecycle::is_trashable(target) {
                continue;
            }
            let mut referring = self.of_group(group);
            if let Value::Object(referring) = &mut referring {
                referring.insert(field.to_owned(), json!({ "$exists": true }));
            }
            let comes_back = together.iter().any(|part| part.name == target.name);
            let back = if comes_back { json!({ "trash_group": group }) } else { json!({ "deleted_at": null }) };
            let there = json!({ "tenant_id": self.scope.tenant(), "$or": [{ "deleted_at": null }, back] });
            let pipeline = json!([
                { "$match": referring },
                // Of custom fields all ids are in one list, whatever they lead to.
                { "$unwind": (["$", field].concat()) },
                { "$match": { (field): { "$regex": (["^", target.prefix, "_"].concat()) } } },
                { "$lookup": {
                    "from": target.collection, "localField": field, "foreignField": "_id",
                    "pipeline": [{ "$match": there }], "as": "there",
                } },
                { "$match": { "there": [] } },
                { "$limit": 1 },
                { "$project": { "_id": 1 } },
            ]);
            let operation = Operation::new(Action::Aggregate, part.collection).with("pipeline", pipeline);
            self.push(operation.expecting("count", 0), On::expect(reference_gone(part, told, target)));
        }
    }

    /// Gives the references back that were cleared, where nothing else has taken their place.
    fn give_back(&mut self, link: Link, group: &str) {
        let field = link.field.name;
        let ours = json!({ "$filter": { "input": "$cleared", "cond": { "$eq": ["$$this.group", group] } } });
        let rest = json!({ "$filter": { "input": "$cleared", "cond": { "$ne": ["$$this.group", group] } } });
        let lost = json!({ "$arrayElemAt": [{ "$map": { "input": ours, "in": "$$this.id" } }, 0] });
        let update = json!([
            { "$set": { (field): { "$ifNull": [(format!("${field}")), lost] }, "cleared": rest } },
            { "$set": { "cleared": { "$cond": [{ "$eq": ["$cleared", []] }, "$$REMOVE", "$cleared"] } } },
        ]);
        let filter = json!({ "tenant_id": self.scope.tenant(), "cleared": { "$elemMatch": { "group": group, "field": field } } });
        let operation = Operation::new(Action::UpdateMany, link.from.collection).with("filter", filter);
        self.push(operation.with("update", update), On::default());
    }
}

/// The ids of what goes: one, or those that an earlier step found.
enum Ids {
    One(String),
    Of(String),
}

impl Ids {
    /// An operation on the live records that refer to these by a field.
    fn referring(&self, action: Action, tenant: &str, from: &Entity, field: &str) -> Operation {
        let operation = Operation::new(action, from.collection);
        match self {
            Self::One(id) => operation.with("filter", json!({ "tenant_id": tenant, "deleted_at": null, (field): id.as_str() })),
            Self::Of(source) => {
                let filter = json!({ "tenant_id": tenant, "deleted_at": null, (field): { "$in": [] } });
                operation.with("filter", filter).referring(&format!("filter.{field}.$in"), source)
            }
        }
    }
}

fn in_use(part: &Entity, from: &Entity, field: &str) -> Error {
    let from = from.name;
    let error = Error::conflict("in-use", format!("It cannot be deleted: a {from} names a {} as its {field}.", part.name));
    Error { more: Some(Box::new(("used_by", format!("{from}.{field}")))), ..error }
}

fn reference_gone(part: &Entity, field: &str, target: &Entity) -> Error {
    let (from, target) = (part.name, target.name);
    let detail = format!("It cannot be restored: the {target} that a {from} names as its {field} is gone. Restore it first.");
    let error = Error::conflict("reference-gone", detail);
    Error { more: Some(Box::new(("missing", format!("{from}.{field}")))), ..error }
}

fn taken(part: &Entity) -> Error {
    let keys = part.indexes.iter().filter(|index| index.unique).map(|index| index.keys.join(" and "));
    let keys = keys.collect::<Vec<_>>().join(", or ");
    Error::conflict("key-taken", format!("It cannot be restored: there is another {} of the same {keys} by now.", part.name))
}
