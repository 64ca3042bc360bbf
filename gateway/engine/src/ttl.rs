//! Removing what has expired.

use bson::{Bson, DateTime, doc};

use crate::{
    command::{Command, Mode, Outcome},
    engine::Engine,
    error::Result,
};

/// A document expires when the earliest date in the index's field is `expireAfterSeconds` ago.
pub(crate) fn sweep(engine: &Engine, now_ms: i64) -> Result<u64> {
    let due = {
        let session = engine.begin(Mode::Read)?;
        due(&session, now_ms)?
    };
    let mut removed = 0;
    for (database, command) in due {
        let mut session = engine.begin(Mode::Write)?;
        if let Outcome::Deleted(count) = session.run(&database, &command)? {
            removed += count;
        }
        session.commit()?;
    }
    Ok(removed)
}

fn due(session: &crate::session::Session, now_ms: i64) -> Result<Vec<(String, Command)>> {
    let mut commands = Vec::new();
    for collection in session.store()?.all_collections()? {
        for index in collection.indexes.iter().filter(|index| !index.building) {
            let (Some(seconds), Some(field)) = (index.expire_after_seconds, index.fields.first()) else {
                continue;
            };
            let latest = DateTime::from_millis(now_ms.saturating_sub(seconds.saturating_mul(1000)));
            let mut filter = doc! { field.path.as_str(): {"$lte": latest, "$gt": Bson::DateTime(DateTime::MIN)} };
            if let Some((partial, _)) = &index.partial {
                filter = doc! {"$and": [filter, partial.clone()]};
            }
            let command = Command::DeleteMany { collection: collection.name.clone(), filter };
            commands.push((collection.database.clone(), command));
        }
    }
    Ok(commands)
}
