//! One request's way to the data: reads by scope, and the beginning of commands.

use std::cell::{Cell, OnceCell};

use data_api::{Action, Operation};
use domain::cidr::network;
use domain::{Doc, Entity, Error, Filter, Time, doc};
use platform::Host;

use crate::api::{Api, Client};
use crate::command::{About, Reading};
use crate::query::{self, Page, Query};
use crate::sealing::Rings;
use crate::{Command, Halt, IdempotencyKey, Ids, PlatformScope, Scope, Vault};

/// Where a request comes from, as events tell it.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The id of the request.
    pub request_id: String,
    /// The address of the caller.
    pub ip: Option<String>,
    /// What the caller calls itself.
    pub user_agent: Option<String>,
    /// The key under which a repeat of this request gets the same answer.
    pub idempotency: Option<IdempotencyKey>,
}

/// One request's way to the data.
pub struct Store {
    pub(crate) client: Client,
    pub(crate) vault: Vault,
    pub(crate) origin: Origin,
    now: Time,
    ids: Ids,
}

impl Store {
    /// A way to the data for one request, whose calls are counted under a class.
    pub fn new(host: Host, api: Api, vault: Vault, origin: Origin, class: &str, now: Time) -> Self {
        let mut random = [0; 10];
        host.random(&mut random);
        let (request_id, class) = (origin.request_id.clone(), class.to_owned());
        let count_id = domain::id::from_parts("req", now.ms(), random);
        let rings = Rings::new(vault.clone());
        let (share, trips) = (OnceCell::new(), Cell::new(0));
        let client = Client { host, api, request_id, count_id, class, share, trips, rings };
        Self { client, vault, origin, now, ids: Ids::new(now, random) }
    }

    /// Counts what belongs to no tenant as part of somebody's share: a tenant's, or that of an address from where anybody calls, so
    /// that nobody uses up what all others have.
    pub fn count_for(&self, tenant: Option<&str>, address: Option<&str>) {
        let of_address = |address| [PlatformScope::TENANT, "/", &self.vault.sign("share", &[&network(address)])].concat();
        if let Some(share) = tenant.map(str::to_owned).or_else(|| address.map(of_address)) {
            let _ = self.client.share.set(share);
        }
    }

    /// How many trips were made so far.
    pub fn trips(&self) -> u32 {
        self.client.trips.get()
    }

    /// Now, as this request sees it.
    pub fn now(&self) -> Time {
        self.now
    }

    /// A new id for an entity.
    pub fn id(&self, entity: &Entity) -> String {
        self.ids.next(entity)
    }

    /// Where the request comes from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What seals and signs.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Bytes nobody can foresee.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.client.host.random(&mut bytes);
        bytes
    }

    /// A record that the scope may read, by its id.
    pub async fn get(&self, scope: &Scope, entity: &'static Entity, id: &str) -> Result<Doc, Halt> {
        self.find(scope, entity, scope.reach(entity, "read").and(Filter::is("_id", id)))
            .await?
            .ok_or_else(|| Error::not_found().into())
    }

    /// The first record that a filter finds; the filter comes from [`Scope::reach`] or [`Scope::live`].
    pub async fn find(&self, scope: &Scope, entity: &'static Entity, filter: Filter) -> Result<Option<Doc>, Halt> {
        let operation = Operation::new(Action::FindOne, entity.collection).with("filter", query::compile(&filter));
        let answer = self.client.single(scope.tenant(), operation).await.map_err(Error::from)?;
        Ok(answer.document.and_then(doc::object))
    }

    /// A record with other records in the place of references to them, as the query's `expand` and `fields` say.
    pub async fn get_expanded(&self, scope: &Scope, query: &Query, id: &str) -> Result<Doc, Halt> {
        let found = self.run_query(scope, query, Some(Filter::is("_id", id))).await?;
        found.data.into_iter().next().ok_or_else(|| Error::not_found().into())
    }

    /// A page of the records that the scope may read.
    pub async fn list(&self, scope: &Scope, query: &Query) -> Result<Page, Halt> {
        self.run_query(scope, query, None).await
    }

    async fn run_query(&self, scope: &Scope, query: &Query, also: Option<Filter>) -> Result<Page, Halt> {
        let operations = query.operations(scope, also);
        let answers = match <[Operation; 1]>::try_from(operations) {
            Ok([operation]) => self.client.single(scope.tenant(), operation).await.map(|answer| vec![answer]),
            Err(operations) => self.client.transaction(scope.tenant(), operations).await,
        };
        Ok(query.page(answers.map_err(Error::from)?))
    }

    /// Several reads in one trip; answers a repeated request at once.
    pub fn reading(&self, scope: &Scope) -> Reading<'_> {
        Reading::new(self, scope)
    }

    /// Writes that belong together, in one trip; answers a repeated request with its first answer.
    pub fn command(&self, scope: &Scope) -> Command<'_> {
        Command::new(self, scope, About::Tenant)
    }

    /// As [`Store::command`], of what members do about themselves alone: it goes on while their tenant is suspended.
    pub fn command_about_oneself(&self, scope: &Scope) -> Command<'_> {
        self.command_even_suspended(scope)
    }

    /// As [`Store::command`], of what goes on while the tenant is suspended, so that everybody gets what is theirs.
    pub fn command_even_suspended(&self, scope: &Scope) -> Command<'_> {
        Command::new(self, scope, About::Oneself)
    }
}
