//! The tenant's keys: new ones while everybody works on, and their end.

use domain::entities::{JOB, TENANT};
use domain::entity::{Field, reference};
use domain::json;
use domain::{Error, Filter, Role, Violation, doc, validate};
use edge::{Call, Outcome, Reply, proof};
use store::keys::{KeysTurn, TOKENS_OUT_MS};
use store::{EventOf, laid_aside};

const BUSY: &str = "rotation-in-progress";
/// What `destroy` takes.
pub const CONFIRMED: &[Field] = &[reference("tenant", "tenant").required()];

/// Begins to replace the key that values are sealed with; jobs do the rest. If their chain has broken off, it goes on.
pub async fn rotate(call: &Call) -> Outcome {
    let scope = require_owner(call)?;
    let mut reading = call.store.reading(scope);
    reading.keys(scope.tenant());
    let step = Filter::is("kind", "keys").and(Filter::is_not("payload.step", "destroy"));
    let under_way = scope.live().and(step.clone()).and(Filter::one_of("status", &["queued", "leased"]));
    let under_way = reading.maybe(&JOB, &under_way);
    let stopped = reading.maybe(&JOB, &laid_aside(scope).and(step.clone()));
    let mut found = reading.run().await?;
    let (under_way, stopped) = (found.maybe(under_way), found.maybe(stopped));
    let mut command = call.store.command(scope);
    let busy = Error::conflict(BUSY, "The keys are being replaced already.");
    match command.turn_keys(&call.store, scope.tenant(), KeysTurn::Publish, busy) {
        Ok(()) => {
            tell(&mut command, scope.tenant(), "tenant.keys_rotating");
            command.job("keys", "", json!({ "step": "activate" }), Some(call.now().plus_ms(TOKENS_OUT_MS)));
        }
        Err(error) if error.code != BUSY || under_way.is_some() => return Err(error.into()),
        Err(_) if stopped.is_some() => command.retry_jobs(step),
        // As long as the keys are what they are, it is one job however often it is asked for.
        Err(_) => {
            let keys = call.store.wrapped_keys(scope.tenant()).unwrap_or_default();
            command.job_once("keys", &[&keys], json!({ "step": "activate" }));
        }
    }
    command.answer_body(202, json!({ "status": "rotating" }));
    Ok(Reply::answer(command.commit().await?))
}

/// Destroys the keys: what they sealed is noise from then on, here and in every copy. All logins end.
pub async fn destroy(call: &Call) -> Outcome {
    let scope = require_owner(call)?;
    let mut input = call.input()?;
    let proof = proof::taken_from(&mut input)?;
    let input = validate::input(CONFIRMED, input)?;
    if doc::text(&input, "tenant") != Some(scope.tenant()) {
        return Err(Violation::on("tenant", "not-yours", "Expected the id of this tenant, to be sure that it is meant.").into());
    }
    // A stolen access token does not end everything.
    proof.require_oneself(call)?;
    let mut command = call.store.command(scope);
    tell(&mut command, scope.tenant(), "tenant.keys_destroyed");
    command.destroy_keys(scope);
    command.commit().await?;
    Ok(Reply::empty(204))
}

/// Other staff may run the tenant; its end is its owner's word.
fn require_owner(call: &Call) -> Result<&store::Scope, edge::Halt> {
    match call.viewer()?.policy.role() {
        Role::Owner => call.scope(),
        _ => Err(Error::forbidden("owners-only", "Only an owner may do this.").into()),
    }
}

fn tell(command: &mut store::Command<'_>, tenant: &str, kind: &str) {
    command.event(EventOf { kind, entity: &TENANT, id: tenant, lead: None, changes: json!({}), comment: None, holes: &[] });
}
