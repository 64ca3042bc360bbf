//! Leads: requests for work, from the first enquiry to the bid pool.
