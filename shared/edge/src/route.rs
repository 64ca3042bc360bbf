//! Routes: a function's whole surface as one static table.

use domain::{Entity, Field};
use futures_util::future::LocalBoxFuture;

use crate::{Call, Outcome, crud, custom};

/// What answers a call.
pub type Handler = for<'a> fn(&'a Call) -> LocalBoxFuture<'a, Outcome>;

/// The methods that routes have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Reads.
    Get,
    /// Does something.
    Post,
    /// Puts something in the place of what was there.
    Put,
    /// Changes by a merge patch.
    Patch,
    /// Deletes.
    Delete,
}

impl Verb {
    /// The method's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone; the handler asks for whatever proof it needs.
    Public,
    /// Any member.
    Member,
    /// Members with this permission.
    May(&'static str),
}

/// What bodies a route takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// JSON, or nothing.
    Json,
    /// A JSON merge patch (RFC 7396).
    MergePatch,
    /// Nothing, or an empty object.
    Nothing,
    /// Whatever comes.
    Raw,
}

/// One endpoint.
pub struct Route {
    /// The method.
    pub verb: Verb,
    /// The path, with parameters in braces.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// What bodies it takes.
    pub content: Content,
    /// The fields of its body, where those of the entity do not tell.
    pub takes: Option<&'static [Field]>,
    /// Whether it takes parameters in its query.
    pub has_query: bool,
    /// The entity of a route that the engine serves.
    pub entity: Option<&'static Entity>,
    /// What answers.
    pub handler: Handler,
}

impl Route {
    const fn new(verb: Verb, path: &'static str, access: Access, handler: Handler) -> Self {
        let has_query = matches!(verb, Verb::Get);
        Self { verb, path, access, content: Content::Json, takes: None, has_query, entity: None, handler }
    }

    /// A route that reads.
    pub const fn get(path: &'static str, access: Access, handler: Handler) -> Self {
        Self::new(Verb::Get, path, access, handler)
    }

    /// A route that does something.
    pub const fn post(path: &'static str, access: Access, handler: Handler) -> Self {
        Self::new(Verb::Post, path, access, handler)
    }

    /// A route that puts something in the place of what was there.
    pub const fn put(path: &'static str, access: Access, handler: Handler) -> Self {
        Self::new(Verb::Put, path, access, handler)
    }

    /// A route that changes something by a merge patch.
    pub const fn patch(path: &'static str, access: Access, handler: Handler) -> Self {
        Self { content: Content::MergePatch, ..Self::new(Verb::Patch, path, access, handler) }
    }

    /// A route that deletes.
    pub const fn delete(path: &'static str, access: Access, handler: Handler) -> Self {
        Self::new(Verb::Delete, path, access, handler).bare()
    }

    /// The list of an entity, by the engine.
    pub const fn list(path: &'static str, may: &'static str, entity: &'static Entity) -> Self {
        Self { entity: Some(entity), ..Self::get(path, Access::May(may), |call| Box::pin(crud::list(call))) }
    }

    /// As [`Route::list`], of an entity that takes fields of the tenant's own.
    pub const fn list_custom(path: &'static str, may: &'static str, entity: &'static Entity) -> Self {
        Self { entity: Some(entity), ..Self::get(path, Access::May(may), |call| Box::pin(custom::list(call))) }
    }

    /// The change of a record of such an entity, by the engine.
    pub const fn update_custom(path: &'static str, may: &'static str, entity: &'static Entity) -> Self {
        Self { entity: Some(entity), ..Self::patch(path, Access::May(may), |call| Box::pin(custom::update(call))) }
    }

    /// One record of an entity, by the engine.
    pub const fn read(path: &'static str, may: &'static str, entity: &'static Entity) -> Self {
        Self { entity: Some(entity), ..Self::get(path, Access::May(may), |call| Box::pin(crud::get(call))) }
    }

    /// The archiving of a record, by the engine.
    pub const fn archive(path: &'static str, may: &'static str, entity: &'static Entity) -> Self {
        Self { entity: Some(entity), ..Self::post(path, Access::May(may), |call| Box::pin(crud::archive(call))).bare() }
    }

    /// Taking a record out of the archive, by the engine.
    pub const fn unarchive(path: &'static str, may: &'static str, entity: &'static Entity) -> Self {
        Self { entity: Some(entity), ..Self::post(path, Access::May(may), |call| Box::pin(crud::unarchive(call))).bare() }
    }

    /// The restoration of a record from the trash, by the engine.
    pub const fn restore(path: &'static str, may: &'static str, entity: &'static Entity) -> Self {
        Self { entity: Some(entity), ..Self::post(path, Access::May(may), |call| Box::pin(crud::restore(call))).bare() }
    }

    /// The soft deletion of a record, by the engine.
    pub const fn remove(path: &'static str, may: &'static str, entity: &'static Entity) -> Self {
        Self { entity: Some(entity), ..Self::delete(path, Access::May(may), |call| Box::pin(crud::delete(call))) }
    }

    /// The same for an entity.
    pub const fn of(self, entity: &'static Entity) -> Self {
        Self { entity: Some(entity), ..self }
    }

    /// The same with a body of these fields.
    pub const fn takes(self, fields: &'static [Field]) -> Self {
        Self { takes: Some(fields), ..self }
    }

    /// The same with neither body nor query.
    pub const fn bare(self) -> Self {
        Self { content: Content::Nothing, has_query: false, ..self }
    }

    /// The same with any body and query.
    pub const fn raw(self) -> Self {
        Self { content: Content::Raw, has_query: true, ..self }
    }

    /// The same with parameters in its query.
    pub const fn with_query(self) -> Self {
        Self { has_query: true, ..self }
    }
}

impl std::fmt::Debug for Route {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {}", self.verb.name(), self.path)
    }
}
