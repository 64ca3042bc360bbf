//! The engine from outside: commands, plans, transactions.

#[cfg(test)]
mod builds;
#[cfg(test)]
mod changes;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod interrupts;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod mutations;
#[cfg(test)]
mod open;
#[cfg(test)]
mod planner;
#[cfg(test)]
mod transactions;
#[cfg(test)]
mod wiping;
