//! Takes the parameters of a request out of its body, so that none is silently ignored.

use bson::{Bson, Document};
use engine::Update;

use crate::{
    ejson,
    failure::{FAILED_TO_PARSE, Failure, INVALID_NAMESPACE},
};

/// What is left of a request's body.
pub(crate) struct Parameters(pub Document);

impl Parameters {
    pub(crate) fn read(body: &[u8]) -> Result<Self, Failure> {
        ejson::read(body).map(Self).map_err(|malformed| {
            let failure = Failure::invalid(format!("the body is not Extended JSON: {}", malformed.message));
            malformed.code.into_iter().fold(failure, Failure::with_code)
        })
    }

    /// Refuses a body with parameters that nobody took.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        match self.0.keys().next() {
            Some(name) => Err(Failure::unknown(name)),
            None => Ok(()),
        }
    }

    pub(crate) fn document(&mut self, name: &str) -> Result<Option<Document>, Failure> {
        match self.take(name) {
            None => Ok(None),
            Some(Bson::Document(document)) => Ok(Some(document)),
            Some(_) => Err(Failure::mistyped(name, "an object")),
        }
    }

    pub(crate) fn required_document(&mut self, name: &str) -> Result<Document, Failure> {
        self.required(name, "an object")?;
        self.document(name)?.ok_or_else(|| Failure::missing(name))
    }

    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, Failure> {
        match self.take(name) {
            None => Ok(None),
            Some(Bson::String(text)) => Ok(Some(text)),
            Some(_) => Err(Failure::mistyped(name, "a string")),
        }
    }

    /// A string that is not empty, if there is one.
    pub(crate) fn given_name(&mut self, name: &str) -> Result<Option<String>, Failure> {
        match self.text(name)? {
            Some(text) if text.is_empty() => Err(Failure::invalid(format!("{name} is empty"))),
            given => Ok(given),
        }
    }

    pub(crate) fn required_text(&mut self, name: &str) -> Result<String, Failure> {
        self.required(name, "a string")?;
        self.given_name(name)?.ok_or_else(|| Failure::missing(name))
    }

    /// The name of the collection; the engine knows which names are valid.
    pub(crate) fn collection(&mut self) -> Result<String, Failure> {
        match self.take("collection") {
            None => Err(Failure::missing("collection")),
            Some(Bson::String(name)) if !name.is_empty() => Ok(name),
            Some(_) => Err(Failure::invalid("collection must be a name").with_code(INVALID_NAMESPACE)),
        }
    }

    pub(crate) fn flag(&mut self, name: &str) -> Result<Option<bool>, Failure> {
        match self.take(name) {
            None => Ok(None),
            Some(Bson::Boolean(flag)) => Ok(Some(flag)),
            Some(_) => Err(Failure::mistyped(name, "true or false")),
        }
    }

    pub(crate) fn integer(&mut self, name: &str) -> Result<Option<i64>, Failure> {
        match self.take(name) {
            None => Ok(None),
            Some(value) => as_integer(&value).map(Some).ok_or_else(|| Failure::mistyped(name, "an integer")),
        }
    }

    pub(crate) fn documents(&mut self, name: &str) -> Result<Option<Vec<Document>>, Failure> {
        match self.take(name) {
            None => Ok(None),
            Some(Bson::Array(items)) => items.into_iter().map(|item| document(name, item)).collect::<Result<_, _>>().map(Some),
            Some(_) => Err(Failure::mistyped(name, "an array of objects")),
        }
    }

    pub(crate) fn required_documents(&mut self, name: &str) -> Result<Vec<Document>, Failure> {
        self.required(name, "an array of objects")?;
        self.documents(name)?.ok_or_else(|| Failure::missing(name))
    }

    pub(crate) fn update(&mut self) -> Result<Update, Failure> {
        match self.take("update") {
            None => Err(Failure::missing("update")),
            Some(Bson::Document(document)) => Ok(Update::Document(document)),
            Some(Bson::Array(stages)) => {
                let stages = stages.into_iter().map(|stage| document("update", stage));
                stages.collect::<Result<_, _>>().map(Update::Pipeline)
            }
            // As the server says it: neither an update document nor a pipeline.
            Some(_) => Err(Failure::invalid("update must be an object or an array").with_code(FAILED_TO_PARSE)),
        }
    }

    /// A name, or several, as an array of strings.
    pub(crate) fn names(&mut self, name: &str) -> Result<Vec<String>, Failure> {
        let items = match self.take(name) {
            None => return Err(Failure::missing(name)),
            Some(Bson::Array(items)) => items,
            Some(item) => vec![item],
        };
        let text = |item| match item {
            Bson::String(text) => Ok(text),
            _ => Err(Failure::mistyped(name, "a string or an array of strings")),
        };
        items.into_iter().map(text).collect()
    }

    /// A parameter that has to be there must not be null either.
    fn required(&self, name: &str, wanted: &str) -> Result<(), Failure> {
        match self.0.get(name) {
            None => Err(Failure::missing(name)),
            Some(Bson::Null) => Err(Failure::mistyped(name, wanted)),
            Some(_) => Ok(()),
        }
    }

    /// An optional parameter that is null is one that is not there.
    pub(crate) fn take(&mut self, name: &str) -> Option<Bson> {
        self.0.remove(name).filter(|value| *value != Bson::Null)
    }
}

fn document(name: &str, item: Bson) -> Result<Document, Failure> {
    match item {
        Bson::Document(document) => Ok(document),
        _ => Err(Failure::mistyped(name, "an array of objects")),
    }
}

/// A whole number of any numeric type.
pub(crate) fn as_integer(value: &Bson) -> Option<i64> {
    match value {
        Bson::Int32(number) => Some(i64::from(*number)),
        Bson::Int64(number) => Some(*number),
        #[expect(clippy::cast_possible_truncation, reason = "the guard keeps to whole numbers that fit")]
        Bson::Double(number) if number.fract() == 0.0 && number.abs() < 9e18 => Some(*number as i64),
        _ => None,
    }
}
