//! The heartbeats that keep a lifecycle action open.

use jiff::{SignedDuration, Timestamp};

use crate::autoscaling::ActionIs;
use crate::model::{Assessment, Subject, Verdict};
use crate::{Clients, Error};

/// A heartbeat also tells whether the action is over, because somebody else has completed it: that
/// is noticed after so long, or at the next look after it.
const HEARTBEAT_EVERY: SignedDuration = SignedDuration::from_mins(3);

/// At least so many heartbeats in a heartbeat timeout, if the looks are as many: a wait is a sixth
/// of it at most, so that some may fail.
const HEARTBEATS_PER_TIMEOUT: i32 = 6;

/// Before a `NotYet` the lifecycle action gets a heartbeat, unless its `last` one is young; if the
/// action is over, nobody waits for the answer any more. Before a `Never` it always gets one: that
/// verdict ends in ABANDON, a FAILURE signal and a notice, and none of these is due for an action
/// that is over, such as that of an event which was replayed.
pub async fn keep_alive(
    mut finding: Assessment,
    subject: &Subject,
    clients: &Clients,
    last: Option<Timestamp>,
    now: &impl Fn() -> Timestamp,
) -> Result<Assessment, Error> {
    let waits = match finding.verdict {
        Verdict::NotYet => true,
        Verdict::Never => false,
        Verdict::Reached | Verdict::Over => return Ok(finding),
    };
    let timeout = subject.settings.heartbeat_timeout;
    let every = HEARTBEAT_EVERY.min(timeout / HEARTBEATS_PER_TIMEOUT);
    if waits && last.is_some_and(|last| now().duration_since(last) < every) {
        finding.extra.heartbeat_at = last;
        return Ok(finding);
    }
    match clients.autoscaling.heartbeat(&subject.action).await? {
        ActionIs::Open => {
            finding.extra.heartbeat_at = waits.then(now);
            Ok(finding)
        }
        ActionIs::Over => {
            let hook = &subject.action.hook;
            let verdict = Verdict::Over;
            let reason = format!(
                "The lifecycle action at hook {hook} is over: another caller completed it, or it timed out. Last observed: {}",
                finding.reason
            );
            Ok(Assessment {
                verdict,
                reason,
                ..finding
            })
        }
    }
}
