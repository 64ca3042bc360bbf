//! The engine from outside: commands, plans, transactions.

mod commands;
mod open;
mod planner;
mod transactions;
