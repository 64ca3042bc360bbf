//! The one port to the outside: fetch, time, randomness, variables, log.
