//! Deleting a lead, as long as nobody has been chosen for it.

use domain::{Error, Filter};
use edge::{Call, Outcome, crud};

/// Soft-deletes a lead.
pub async fn remove(call: &Call) -> Outcome {
    let open = Filter::one_of("status", &["new", "published", "lost"]);
    crud::delete_when(call, open, Error::conflict("lead-in-use", "A lead that was awarded cannot be deleted.")).await
}
