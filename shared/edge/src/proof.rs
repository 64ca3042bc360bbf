//! The proof in a body that whoever calls has just shown again who they are.

use domain::entity::{Field, text};
use domain::{Doc, Error, Violation, doc, validate};
use store::StepUp;

use crate::{Call, Halt};

const PROOF: &[Field] = &[text("proof", 1_000)];

/// A proof as it came, if one did.
pub struct Proof(Option<String>);

/// Takes the proof out of a body.
pub fn taken_from(input: &mut Doc) -> Result<Proof, Error> {
    let proof = input.remove_entry("proof").into_iter().collect();
    Ok(Proof(doc::text(&validate::input(PROOF, proof)?, "proof").map(str::to_owned)))
}

impl Proof {
    /// Expects that it proves who calls.
    pub fn require_oneself(&self, call: &Call) -> Result<(), Halt> {
        let proof = self.open(call)?.ok_or_else(|| refused("proof-required", "Prove again who you are, and send the proof."))?;
        match proof.is_full {
            true => Ok(()),
            false => Err(invalid().into()),
        }
    }

    /// What it says, if there is one; it must be ours, of this session, and in time.
    pub fn open(&self, call: &Call) -> Result<Option<StepUp>, Halt> {
        let Some(sealed) = &self.0 else { return Ok(None) };
        let session = call.session().map_err(|_| invalid())?;
        Ok(Some(StepUp::open(&call.config.vault, session.login(), sealed, call.now()).ok_or_else(invalid)?))
    }
}

/// The proof does not do.
pub fn invalid() -> Error {
    refused("invalid-proof", "The proof is not enough, not of this session, or too old. Prove again who you are.")
}

fn refused(code: &'static str, detail: &'static str) -> Error {
    Error { violations: vec![Violation::on("proof", code, detail)], ..Error::unauthenticated(code, detail) }
}
