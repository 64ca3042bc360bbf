//! Copies the file of an embedded database while a gateway is at work on it.

use std::{
    fs::{File, OpenOptions},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use engine::Engine;

use crate::Error;

/// Writes one state of the file at `from` into a new file, which its owner alone may read.
///
/// Databases that are kept apart have files and so backups of their own.
pub fn back_up(from: &Path, to: &Path) -> Result<(), Error> {
    // Opening would make one.
    if !from.is_file() {
        return Err(Error::Database("there is no such file".into()));
    }
    let told = |error: std::io::Error| Error::Database(format!("the backup cannot be written: {error}"));
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).map_err(told)?;
    let copied = Engine::open_beside(from).and_then(|engine| engine.back_up(to));
    copied.map_err(|error| Error::Database(error.message))?;
    File::open(to).and_then(|file| file.sync_all()).map_err(told)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use bson::doc;
    use engine::{Command, Mode, Outcome};

    use super::*;

    fn insert(engine: &Engine, id: i32) {
        let mut session = engine.begin(Mode::Write).unwrap();
        session.run("d", &Command::InsertOne { collection: "c".into(), document: doc! {"_id": id} }).unwrap();
        session.commit().unwrap();
    }

    #[test]
    fn a_backup_is_sound_and_holds_what_was_there_when_it_was_made() {
        let folder = tempfile::tempdir().unwrap();
        let (path, copy) = (folder.path().join("data.sqlite"), folder.path().join("copy.sqlite"));
        assert!(back_up(&path, &copy).is_err() && !path.exists() && !copy.exists(), "nothing is made");
        let engine = Engine::open(&path).unwrap();
        insert(&engine, 1);
        let mut writing = engine.begin(Mode::Write).unwrap();
        writing.run("d", &Command::InsertOne { collection: "c".into(), document: doc! {"_id": 2} }).unwrap();
        back_up(&path, &copy).unwrap();
        writing.commit().unwrap();
        assert!(back_up(&path, &copy).is_err(), "a backup is not written over");
        assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(crate::verify(&copy).unwrap(), Vec::<String>::new());
        let copied = Engine::open(&copy).unwrap();
        insert(&copied, 3);
        let all = Command::Distinct { collection: "c".into(), field: "_id".into(), filter: doc! {} };
        let held = copied.begin(Mode::Read).unwrap().run("d", &all).unwrap();
        assert_eq!(held, Outcome::Values(vec![1.into(), 3.into()]));
    }
}
