//! How long what goes by itself is kept: the one table.

/// How long what is in the trash can be restored, where nobody chose.
pub const TRASH_DAYS: i64 = 30;
/// The least that can be chosen.
pub const TRASH_DAYS_MIN: i64 = 1;
/// The most that any plan allows.
pub const TRASH_DAYS_MAX: i64 = 365;
/// The setting by which a tenant chooses.
pub const TRASH_DAYS_KEY: &str = "retention.trash_days";

/// A login that nobody refreshes.
pub const LOGIN_DAYS: i64 = 30;
/// A device that has logged in.
pub const DEVICE_DAYS: i64 = 365;
/// An invitation that nobody accepts.
pub const INVITE_DAYS: i64 = 7;
/// A notice.
pub const NOTICE_DAYS: i64 = 30;
/// What an outside service sent, from when it came and anew from when it was worked.
pub const RECEIPT_DAYS: i64 = 30;
/// The answer to a request with an `Idempotency-Key`.
pub const ANSWER_DAYS: i64 = 2;
/// A job that was done.
pub const JOB_DAYS: i64 = 7;
/// The keys of a tenant that was cancelled, and with them all that tells of people.
pub const ENDED_TENANT_DAYS: i64 = 30;
