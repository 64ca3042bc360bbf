//! Bids: what experts offer on a lead, sealed until the deadline, and the award.
