//! The Data API as a client: one call is one trip.

use std::cell::{Cell, OnceCell};
use std::pin::Pin;
use std::time::Duration;

use data_api::{API_KEY_HEADER, Answer, CLASS_HEADER, COUNT_ID_HEADER, Operation, PARTITION_HEADER, REQUEST_ID_HEADER, Refusal};
use domain::{Error, ErrorKind};
use platform::Host;
use serde_json::{Map, Value};

use crate::PlatformScope;
use crate::keys::KEYS;
use crate::sealing::{Nonces, Rings};

const TIMEOUT: Duration = Duration::from_secs(10);

/// Where the Data API is, and how to speak to it.
#[derive(Clone)]
pub struct Api {
    /// Its base URL, without a slash at the end.
    pub url: String,
    /// The key.
    pub key: String,
    /// The database.
    pub database: String,
    /// The database of the tenants' keys.
    pub keys_database: String,
}

/// Why a call gave no result.
#[derive(Debug)]
pub enum Failure {
    /// The gateway refused: nothing was done.
    Refused(Box<Refusal>),
    /// There is no telling: it did not answer, or not in its own words.
    Error(Error),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Error(error) => error,
            Failure::Refused(refusal) => Error::internal(told(&refusal)),
        }
    }
}

/// What the log may tell of a refusal: MongoDB's messages quote values of the request, in brackets or quotation marks.
pub(crate) fn told(refusal: &Refusal) -> String {
    let unquoted = refusal.error.split(['{', '[', '(', '"', '\'', '`']).next().unwrap_or_default().trim_end();
    [refusal.error_code.as_str(), unquoted].join(": ")
}

/// One request's connection to the Data API, which counts its trips.
pub(crate) struct Client {
    pub host: Host,
    pub api: Api,
    pub request_id: String,
    /// Ours alone: a caller who repeats a request id is counted all the same.
    pub count_id: String,
    pub class: String,
    /// Whose share calls are of that belong to no tenant.
    pub share: OnceCell<String>,
    pub trips: Cell<u32>,
    pub rings: Rings,
}

/// What is on its way. It is boxed where it sets out: what drives it is then compiled once, and not in every crate that awaits it.
type Trip<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + 'a>>;

impl Client {
    /// Several operations in one trip, all or none; one answer each.
    pub fn transaction<'a>(&'a self, tenant: &'a str, operations: Vec<Operation>) -> Trip<'a, Vec<Answer>> {
        Box::pin(async move {
            let mut nonces = self.nonces();
            let (mut sealed, mut of_keys) = (Vec::with_capacity(operations.len()), Vec::with_capacity(operations.len()));
            for operation in operations {
                of_keys.push(is_of_keys(&operation));
                sealed.push(self.sealed(operation, &mut nonces)?.into_json());
            }
            let mut body = Map::new();
            body.insert("operations".to_owned(), sealed.into());
            let mut answer = self.call(tenant, "transaction", body).await?;
            let Some(Value::Array(results)) = answer.get_mut("results").map(Value::take) else {
                return Err(internal("the gateway answers no results".to_owned()));
            };
            let answers = results.into_iter().map(Answer::from_json).collect();
            self.opened(tenant, answers, &of_keys)
        })
    }

    /// One operation in one trip, without the cost of a transaction.
    pub fn single<'a>(&'a self, tenant: &'a str, operation: Operation) -> Trip<'a, Answer> {
        Box::pin(async move {
            let operation = self.sealed(operation, &mut self.nonces())?;
            let of_keys = is_of_keys(&operation);
            let answer = self.call(tenant, operation.action.name(), operation.body).await.map(Answer::from_json)?;
            let answers = self.opened(tenant, vec![answer], &[of_keys])?;
            Ok(answers.into_iter().next().unwrap_or_default())
        })
    }

    /// The documents that an operation finds, as they are stored, and opened.
    pub fn as_stored_and_opened<'a>(&'a self, tenant: &'a str, operation: Operation) -> Trip<'a, (Vec<Value>, Vec<Value>)> {
        Box::pin(async move {
            let answer = self.call(tenant, operation.action.name(), operation.body).await.map(Answer::from_json)?;
            let stored = answer.documents.unwrap_or_default();
            let mut opened = stored.clone();
            opened.iter_mut().try_for_each(|value| self.rings.open(value, tenant, true)).map_err(Failure::Error)?;
            Ok((stored, opened))
        })
    }

    /// Nonces for what one call seals.
    pub fn nonces(&self) -> Nonces {
        let mut random = [0; 12];
        self.host.random(&mut random);
        Nonces::new(random)
    }

    fn sealed(&self, mut operation: Operation, nonces: &mut Nonces) -> Result<Operation, Failure> {
        if is_of_keys(&operation) {
            return Ok(operation.in_database(&self.api.keys_database));
        }
        self.rings.seal(&mut operation.body, nonces).map_err(Failure::Error)?;
        Ok(operation)
    }

    /// What answers tell of keys comes first: others are opened by it.
    fn opened(&self, tenant: &str, mut answers: Vec<Answer>, of_keys: &[bool]) -> Result<Vec<Answer>, Failure> {
        for (answer, _) in answers.iter().zip(of_keys).filter(|(_, of_keys)| **of_keys) {
            self.rings.learn_from(answer);
        }
        for value in answers.iter_mut().flat_map(|answer| answer.document.iter_mut().chain(answer.documents.iter_mut().flatten()))
        {
            self.rings.open(value, tenant, true).map_err(Failure::Error)?;
        }
        Ok(answers)
    }

    async fn call(&self, tenant: &str, action: &str, mut body: Map<String, Value>) -> Result<Value, Failure> {
        self.trips.set(self.trips.get() + 1);
        body.insert("dataSource".to_owned(), "edgewise".into());
        body.entry("database").or_insert_with(|| self.api.database.as_str().into());
        let body = serde_json::to_string(&body).map_err(|error| internal(error.to_string()))?;
        let request = self.host.fetch().post(format!("{}/action/{action}", self.api.url));
        let request = request.header("content-type", "application/json").header("accept", "application/json");
        let request = request.header(API_KEY_HEADER, self.api.key.as_str()).header(REQUEST_ID_HEADER, self.request_id.as_str());
        let share = self.share.get().filter(|_| tenant == PlatformScope::TENANT);
        let request =
            request.header(PARTITION_HEADER, share.map_or(tenant, String::as_str)).header(CLASS_HEADER, self.class.as_str());
        let request = request.header(COUNT_ID_HEADER, self.count_id.as_str());
        let unreachable = |error: platform::fetch::Error| Failure::Error(Error::unavailable(format!("data api: {error}")));
        let response = request.timeout(TIMEOUT).body(body).send().await.map_err(unreachable)?;
        let status = response.status().as_u16();
        let retry_after = match status {
            429 => response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok()),
            _ => None,
        };
        let text = response.text().await.map_err(unreachable)?;
        if matches!(status, 200 | 201) {
            return serde_json::from_str(&text).map_err(|error| internal(format!("data api answer: {error}")));
        }
        Err(refused(status, &text, retry_after))
    }
}

fn is_of_keys(operation: &Operation) -> bool {
    operation.collection() == Some(KEYS)
}

fn refused(status: u16, text: &str, retry_after_s: Option<u32>) -> Failure {
    let refusal = serde_json::from_str(text).ok().and_then(Refusal::from_json);
    match (status, refusal) {
        (400 | 409, Some(refusal)) if refusal.error_code != data_api::code::WRITE_CONFLICT => Failure::Refused(Box::new(refusal)),
        (401, _) => internal("the gateway refuses our key".to_owned()),
        (429, _) => {
            let error = Error::new(ErrorKind::Limited, "too-many-requests", "Too many requests at once. Try again later.");
            Failure::Error(Error { retry_after_s: retry_after_s.or(Some(1)), ..error })
        }
        (413, _) => internal("the gateway finds the request too large".to_owned()),
        (_, refusal) => {
            let said = refusal.map_or_else(String::new, |refusal| refusal.error_code);
            Failure::Error(Error::unavailable(format!("data api answered {status} {said}")))
        }
    }
}

fn internal(cause: String) -> Failure {
    Failure::Error(Error::internal(cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_refusal_quotes_is_not_told() {
        for (error, expected) in [
            (
                "Cannot apply $inc to a value of non-numeric type. {_id: \"per_1\"} has the field 'email': ada@example.com",
                "InvalidParameter: Cannot apply $inc to a value of non-numeric type.",
            ),
            ("Failed to parse number 'ada@example.com' in $convert", "InvalidParameter: Failed to parse number"),
            ("unknown operator $frob", "InvalidParameter: unknown operator $frob"),
        ] {
            let refusal = serde_json::json!({ "error": error, "error_code": "InvalidParameter", "link": "" });
            let told = Error::from(Failure::Refused(Box::new(Refusal::from_json(refusal).unwrap()))).cause.unwrap();
            assert_eq!(told, expected);
        }
    }
}
