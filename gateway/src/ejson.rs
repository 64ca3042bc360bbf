//! Extended JSON in both directions, without a tree of JSON values in between.

mod date;
mod read;
#[cfg(test)]
mod round_trip;
mod wrapper;
mod write;

pub(crate) use read::read;
pub(crate) use write::{Form, iso_date, least_length, least_length_of, text_of, write_document};
