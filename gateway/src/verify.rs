//! Rechecks the file of an embedded database.

use std::{path::Path, thread};

use engine::Engine;

use crate::Error;

/// Documents nested to the limit are read recursively.
const STACK_BYTES: usize = 16 * 1024 * 1024;

/// What is wrong with the file, in words; nothing where every document can be read, every index holds exactly its keys, and the log of
/// changes has no gap and tells of each document what it is.
///
/// A gateway may be at work on the file meanwhile: what is checked is one state of it.
pub fn verify(path: &Path) -> Result<Vec<String>, Error> {
    // Opening would make one.
    if !path.is_file() {
        return Err(Error::Database("there is no such file".into()));
    }
    let path = path.to_owned();
    let checking = thread::Builder::new().stack_size(STACK_BYTES).spawn(move || Engine::open_beside(&path)?.verify());
    let checked = checking.map_err(|error| Error::Database(error.to_string()))?.join();
    let checked = checked.map_err(|_| Error::Database("checking it ended in a fault".into()))?;
    checked.map_err(|error| Error::Database(error.message))
}

#[cfg(test)]
mod tests {
    use bson::doc;
    use engine::{Command, Mode};

    use super::*;

    #[test]
    fn a_file_is_sound_and_what_is_none_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.sqlite");
        assert!(verify(&path).is_err() && !path.exists(), "nothing is made");
        let mut session = Engine::open(&path).unwrap().begin(Mode::Write).unwrap();
        let insert = Command::InsertOne { collection: "c".into(), document: doc! {"a": [1, 2]} };
        session.run("d", &insert).unwrap();
        session.commit().unwrap();
        assert_eq!(verify(&path).unwrap(), Vec::<String>::new());
        let other = folder.path().join("notes.txt");
        std::fs::write(&other, "no database ".repeat(1000)).unwrap();
        assert!(verify(&other).is_err());
    }
}
