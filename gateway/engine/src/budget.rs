//! A bound on the memory that commands take: what is built or held is charged to the command, and those of all commands to the process.
//!
//! A command runs on one thread from its beginning to its end, so its account stands beside that thread.

use std::{
    cell::Cell,
    mem::size_of,
    sync::atomic::{AtomicUsize, Ordering},
};

use bson::{Bson, Document};

use crate::error::{Error, Result};

/// The most that one command holds.
const COMMAND_BYTES: usize = 512 << 20;
/// The most that all commands hold together.
const PROCESS_BYTES: usize = 2 << 30;
/// What a command holds without asking the process, and what it asks for at once.
const SHARE_BYTES: usize = 16 << 20;
/// The most that one value takes, which is about 64 MiB of BSON where it has many small parts.
const VALUE_BYTES: usize = 256 << 20;
/// The longest string that an expression makes.
const STRING_BYTES: usize = 64 << 20;

const TOO_LARGE: i32 = 10334;
const EXCEEDED: i32 = 146;
const EXCEEDED_WITHOUT_DISK: i32 = 292;

thread_local! {
    static USED: Cell<usize> = const { Cell::new(0) };
    static SHARE: Cell<usize> = const { Cell::new(0) };
}

static PROCESS: AtomicUsize = AtomicUsize::new(0);

/// What one holder has charged; it is given back when the holder goes.
#[derive(Debug)]
pub(crate) struct Budget {
    held: usize,
    what: &'static str,
    code: i32,
}

impl Budget {
    /// `what` names who holds documents, for the error.
    pub fn of(what: &'static str) -> Budget {
        Budget { held: 0, what, code: EXCEEDED_WITHOUT_DISK }
    }

    /// For values that an operator makes.
    pub fn operator(name: &'static str) -> Budget {
        Budget { held: 0, what: name, code: EXCEEDED }
    }

    pub fn take(&mut self, document: &Document) -> Result<()> {
        self.charge(weigh(document))
    }

    /// A value that stands by itself: what it has on the heap.
    pub fn take_value(&mut self, value: &Bson) -> Result<()> {
        match heap(value) {
            0 => Ok(()),
            bytes => self.charge(bytes),
        }
    }

    /// A value in an array.
    pub fn take_item(&mut self, value: &Bson) -> Result<()> {
        self.charge(weigh_value(value))
    }

    /// A value in the place of what was held.
    pub fn hold_value(&mut self, value: &Bson) -> Result<()> {
        self.clear();
        self.take_value(value)?;
        self.check_value()
    }

    /// A document on its way, in the place of the one before.
    pub fn hold(&mut self, document: &Document) -> Result<()> {
        self.clear();
        let bytes = weigh(document);
        if bytes > VALUE_BYTES {
            return Err(Error::new(TOO_LARGE, "an intermediate document is too large"));
        }
        self.charge(bytes)
    }

    /// Whether all that is held could be one value.
    pub fn check_value(&self) -> Result<()> {
        if self.held > VALUE_BYTES { Err(self.exceeded()) } else { Ok(()) }
    }

    pub fn charge(&mut self, bytes: usize) -> Result<()> {
        if !reserve(bytes) {
            return Err(self.exceeded());
        }
        self.held += bytes;
        Ok(())
    }

    pub fn held(&self) -> usize {
        self.held
    }

    /// What is let go.
    pub fn give(&mut self, document: &Document) {
        self.give_bytes(weigh(document));
    }

    pub fn give_item(&mut self, value: &Bson) {
        self.give_bytes(weigh_value(value));
    }

    pub fn clear(&mut self) {
        self.give_bytes(self.held);
    }

    fn give_bytes(&mut self, bytes: usize) {
        let bytes = bytes.min(self.held);
        if bytes > 0 {
            self.held -= bytes;
            release(bytes);
        }
    }

    fn exceeded(&self) -> Error {
        let message = match self.code {
            EXCEEDED => format!("{} would use too much memory", self.what),
            _ => format!("{} holds too many documents in memory: narrow it down or use a limit", self.what),
        };
        Error::new(self.code, message)
    }
}

impl Drop for Budget {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Refuses a string that would be too long.
pub(crate) fn check_string(name: &'static str, bytes: usize) -> Result<()> {
    if bytes > STRING_BYTES { Err(Budget::operator(name).exceeded()) } else { Ok(()) }
}

/// The documents one by one; each is given back to the budget when it goes.
pub(crate) fn released<'a>(documents: Vec<Document>, mut budget: Budget) -> impl Iterator<Item = Result<Document>> + 'a {
    documents.into_iter().map(move |document| {
        budget.give(&document);
        Ok(document)
    })
}

fn reserve(bytes: usize) -> bool {
    let used = USED.get().saturating_add(bytes);
    if used > COMMAND_BYTES {
        return false;
    }
    let share = SHARE.get();
    if used > share + SHARE_BYTES {
        let more = (used - share).next_multiple_of(SHARE_BYTES);
        if PROCESS.fetch_add(more, Ordering::Relaxed) + more > PROCESS_BYTES {
            PROCESS.fetch_sub(more, Ordering::Relaxed);
            return false;
        }
        SHARE.set(share + more);
    }
    USED.set(used);
    true
}

fn release(bytes: usize) {
    let used = USED.get().saturating_sub(bytes);
    USED.set(used);
    if used == 0 && SHARE.get() > 0 {
        PROCESS.fetch_sub(SHARE.take(), Ordering::Relaxed);
    }
}

/// About the memory of a document.
fn weigh(document: &Document) -> usize {
    let field = |(name, value): (&String, &Bson)| size_of::<(u64, String)>() + name.len() + weigh_value(value);
    document.iter().map(field).sum::<usize>() + size_of::<Document>()
}

fn weigh_value(value: &Bson) -> usize {
    size_of::<Bson>() + heap(value)
}

fn heap(value: &Bson) -> usize {
    match value {
        Bson::Document(document) => weigh(document),
        Bson::Array(items) => items.iter().map(weigh_value).sum(),
        Bson::String(text) => text.len(),
        Bson::Binary(binary) => binary.bytes.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use bson::doc;

    use super::*;

    /// Each test wants the process's budget for itself.
    static ALONE: Mutex<()> = Mutex::new(());

    #[test]
    fn what_is_beyond_the_budget_is_refused_until_something_is_given_back() {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let document = doc! {"text": "x".repeat(1 << 20)};
        let mut budget = Budget::of("a sort");
        let mut other = Budget::operator("$push");
        for _ in 0..300 {
            budget.take(&document).unwrap();
        }
        let refused = (0..300).find_map(|_| other.take(&document).err()).unwrap();
        assert_eq!((refused.code, refused.message.as_str()), (146, "$push would use too much memory"));
        assert_eq!(budget.take(&document).unwrap_err().code, 292);
        drop(other);
        budget.take(&document).unwrap();
        budget.give(&document);
        assert_eq!(USED.get(), budget.held());
        drop(budget);
        assert_eq!((USED.get(), SHARE.get()), (0, 0));
    }

    #[test]
    fn commands_share_what_the_process_may_hold() {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let hold = |barrier: &std::sync::Barrier| {
            let mut budget = Budget::operator("$push");
            let taken = (0..31).all(|_| budget.charge(SHARE_BYTES).is_ok());
            barrier.wait();
            taken
        };
        let barrier = std::sync::Barrier::new(8);
        let taken = std::thread::scope(|scope| {
            let all: Vec<_> = (0..8).map(|_| scope.spawn(|| hold(&barrier))).collect();
            all.into_iter().map(|one| one.join().unwrap()).filter(|taken| *taken).count()
        });
        assert!((1..=4).contains(&taken), "{taken}");
    }
}
