//! The one generic path of creating, reading, changing and deleting records.

mod archive;
mod change;
mod draft;
mod read;
mod references;
mod trash;

pub use archive::{archive, archive_with, require_unarchived, unarchive, unarchive_with};
pub(crate) use change::begin as begin_change;
pub use change::{Changing, apply, change, change_one, check_version, raced};
pub(crate) use draft::begin;
pub use draft::{Draft, Made, draft, draft_in};
pub use read::{get, list};
pub(crate) use references::require_there;
pub use trash::{Restoring, delete, remove, restore, restoring, restoring_with, trashed};
