//! Archiving a conversation: it stays readable and takes no more messages, as its status says.

use edge::{Call, Outcome, crud};

/// Archives a conversation.
pub async fn archive(call: &Call) -> Outcome {
    crud::archive_with(call, &[("status", "archived")]).await
}

/// Opens it again.
pub async fn unarchive(call: &Call) -> Outcome {
    crud::unarchive_with(call, &[("status", "active")]).await
}
