//! Watching through MongoDB's change streams.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use bson::{Document, RawDocumentBuf};
use mongodb::{
    Client, Collection,
    change_stream::{ChangeStream, event::ResumeToken},
    options::FullDocumentType,
};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{Driver, error};
use crate::{
    failure::Failure,
    watch::{Asked, Batch, Opened, Source, Wanted},
};

/// One change stream.
pub(crate) struct DriverWatch {
    stream: ChangeStream<RawDocumentBuf>,
    wanted: Arc<Wanted>,
    token: String,
}

/// How long the server waits for a change before it answers without one.
const AWAIT_TIME: Duration = Duration::from_secs(1);

/// A server's token in a document, which has a form in bytes.
#[derive(Serialize, Deserialize)]
struct Held {
    token: ResumeToken,
}

/// Where to go on, and how: after the end of a collection a stream is started anew.
#[derive(Debug, Clone, PartialEq)]
enum Place {
    Resume(ResumeToken),
    Start(ResumeToken),
}

impl Place {
    /// The server's token as text: a letter and hexadecimal digits.
    fn text(&self) -> Result<String, Failure> {
        let (letter, token) = match self {
            Self::Resume(token) => ('r', token),
            Self::Start(token) => ('s', token),
        };
        let bytes = bson::serialize_to_vec(&Held { token: token.clone() });
        let bytes = bytes.map_err(|_| Failure::internal("the database gave a resume token that cannot be passed on"))?;
        let mut text = String::from(letter);
        for byte in bytes {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Ok(text)
    }

    fn read(text: &str) -> Option<Self> {
        let (letter, digits) = text.split_at_checked(1)?;
        let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok();
        let bytes: Option<Vec<u8>> = digits.as_bytes().chunks(2).map(byte).collect();
        let held: Held = bson::deserialize_from_slice(&bytes?).ok()?;
        match letter {
            "r" => Some(Self::Resume(held.token)),
            "s" => Some(Self::Start(held.token)),
            _ => None,
        }
    }
}

impl Driver {
    pub(crate) async fn watch(&self, asked: Asked) -> Result<Opened, Failure> {
        let wanted = Arc::new(asked.read()?);
        let place = match &wanted.resume_after {
            Some(resume) => Some(Place::read(&resume.token).ok_or_else(|| resume.malformed())?),
            None => None,
        };
        let connecting = || async { Client::with_options(self.watching.options.clone()) };
        let client = self.watching.client.get_or_try_init(connecting).await.map_err(error::failure)?;
        let collection: Collection<RawDocumentBuf> = client.database(&wanted.database).collection(&wanted.collection);
        let watching = collection.watch().full_document(FullDocumentType::UpdateLookup).max_await_time(AWAIT_TIME);
        let watching = match place {
            None => watching,
            Some(Place::Resume(token)) => watching.resume_after(token),
            Some(Place::Start(token)) => watching.start_after(token),
        };
        let stream = watching.await.map_err(error::of_watching)?.with_type();
        let mut watch = DriverWatch { stream, wanted: Arc::clone(&wanted), token: String::new() };
        watch.token = match &wanted.resume_after {
            Some(resume) => resume.token.clone(),
            None => watch.place()?,
        };
        Ok(Opened { token: watch.token.clone(), source: Source::Driver(Box::new(watch)), wanted })
    }
}

impl DriverWatch {
    pub(crate) async fn next(&mut self, patience: Duration) -> Result<Batch, Failure> {
        let deadline = Instant::now() + patience;
        loop {
            let mut events = Vec::new();
            if let Some(event) = self.stream.next_if_any().await.map_err(error::of_watching)? {
                let event = Document::try_from(&event).map_err(|_| Failure::internal("the database sent no valid BSON"))?;
                self.token = match event.get_str("operationType") {
                    Ok("invalidate") => self.place()?.replacen('r', "s", 1),
                    _ => self.place()?,
                };
                self.wanted.write_event(&mut events, &self.token, event)?;
            } else {
                self.token = self.place()?;
            }
            let is_last = !self.stream.is_alive();
            if !events.is_empty() || is_last || Instant::now() >= deadline {
                return Ok(Batch { events, token: self.token.clone(), is_last });
            }
        }
    }

    /// The token of what was given last. Old servers tell none before the first change: the stream then resumes from its beginning.
    fn place(&self) -> Result<String, Failure> {
        self.stream.resume_token().map_or_else(|| Ok(self.token.clone()), |token| Place::Resume(token).text())
    }
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::*;

    #[test]
    fn a_token_of_the_server_comes_back_as_it_was() {
        for token in
            [doc! {"_data": "8265A1"}, doc! {"_data": "82", "_typeBits": bson::Binary { subtype: 0.into(), bytes: vec![130] }}]
        {
            let token: ResumeToken = bson::deserialize_from_document(token).unwrap();
            for place in [Place::Resume(token.clone()), Place::Start(token.clone())] {
                let text = place.text().unwrap();
                assert!(text.chars().all(|letter| letter.is_ascii_alphanumeric()), "{text}");
                assert_eq!(Place::read(&text), Some(place));
            }
        }
        let token: ResumeToken = bson::deserialize_from_document(doc! {"_data": "82"}).unwrap();
        let text = Place::Resume(token).text().unwrap();
        for text in ["", "r", "rzz", "1-2", "\u{e9}00", text.trim_end_matches("00"), &text.replacen('r', "x", 1)] {
            assert_eq!(Place::read(text), None, "{text}");
        }
    }
}
