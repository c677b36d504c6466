//! Did you ask to end the leaving instance with `ecs-rollout terminate`?
//!
//! Auto Scaling opens the terminate hook again when a retained instance is terminated, with a new
//! token and a new event (recorded: radkawar/stackd
//! testdata/aws/autoscaling/retention_intervention.json, 2026-09). Without this, that event would
//! start a second drain, which would fail as the first did. The verb leaves the time of the request
//! as an attribute of the container instance, and the workers then let the instance go.
//!
//! The attribute counts only at a terminate hook, and only while the request is in force. The verb
//! puts it on retained instances alone, and such an instance never returns to service by itself.

use jiff::Timestamp;

use crate::Clients;
use crate::error::Error;
use crate::model::cluster::termination_requested;
use crate::model::{Finding, Subject, Verdict};

/// Reached: the instance ends because you asked for it `at` this time.
pub fn on_request(subject: &Subject, at: Timestamp) -> Finding {
    let instance = &subject.action.instance;
    let mut finding = Finding::reached(format!(
        "You ended {instance} with 'ecs-rollout terminate' at {at:.0}: nothing on it is drained or waited for."
    ));
    finding.extra.termination_requested_at = Some(at);
    finding
}

/// The same finding, unless it is `Never` and you asked to end the instance: its drain has not failed then.
///
/// The first look of `draining` sees the request as a rule, because the verb makes it before the
/// hook opens. An answer of ECS may be older than that, so whoever is about to say `Never` looks again.
///
/// # Errors
/// What ECS meets.
pub async fn look_before_failing(
    finding: Finding,
    subject: &Subject,
    clients: &Clients,
    now: Timestamp,
) -> Result<Finding, Error> {
    if finding.verdict != Verdict::Never {
        return Ok(finding);
    }
    let (ecs, cluster) = (&clients.ecs, &subject.settings.cluster);
    let registrations = ecs.registrations(cluster, &subject.action.instance).await?;
    match termination_requested(&registrations, now) {
        Some(at) => Ok(on_request(subject, at).under(subject.settings.policy)),
        None => Ok(finding),
    }
}
