//! `SignalResource`, and what CloudFormation makes of signals.
//!
//! assumption: the texts of the refusals: those of a stack at rest, of a repeated UniqueId and of
//! an unknown stack after reports of users, the others after other imitations. The same calls on
//! AWS prove them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::resource_types::group::{self, GroupError, rolling_policy};
use super::status_reason::StatusReason;
use super::{invalid, operation, stack};
use crate::account::Account;
use crate::cloudformation::CLOUDFORMATION;
use crate::wire::ApiError;

/// The signals for one group during one operation.
#[derive(Debug, Default)]
pub struct Signals {
    /// SUCCESS or FAILURE by UniqueId.
    received: BTreeMap<String, String>,
    /// Those that an earlier batch has waited for.
    counted: BTreeSet<String>,
    /// How many never came, each of which is a FAILURE.
    missed: u64,
}

/// How the signals stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignalStatus {
    /// All that the batch waits for have come.
    Complete,
    /// More are to come.
    Open,
    /// So many are FAILURE that the rest cannot make up for it.
    Failed,
}

impl Signals {
    /// How many are `status` in the whole operation.
    pub fn count(&self, status: &str) -> u64 {
        self.received
            .values()
            .filter(|received| *received == status)
            .count() as u64
    }

    /// How many have come since the batch began.
    fn fresh(&self) -> u64 {
        self.received
            .keys()
            .filter(|id| !self.counted.contains(*id))
            .count() as u64
    }

    /// How it stands with a batch that waits for `expected` signals, when `percent` of the
    /// operation's `total` must be SUCCESS. The share is taken of the whole update, not of the
    /// batch
    /// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatepolicy.html>).
    pub fn standing(&self, expected: u64, total: u64, percent: u64) -> SignalStatus {
        let spare = total.saturating_sub(rolling_policy::needed(total, percent));
        if self.count("FAILURE") + self.missed > spare {
            SignalStatus::Failed
        } else if self.fresh() >= expected {
            SignalStatus::Complete
        } else {
            SignalStatus::Open
        }
    }

    /// The batch's time is up: what has not come of `expected` is missed. Answers how many that
    /// are.
    pub fn miss(&mut self, expected: u64) -> u64 {
        let missing = expected.saturating_sub(self.fresh());
        self.missed += missing;
        missing
    }

    /// Why it failed.
    pub fn why(&self, total: u64, percent: u64) -> GroupError {
        match self.missed {
            0 => GroupError::TooManyFailures {
                failures: self.count("FAILURE"),
                expected: total,
                percent,
            },
            _ => GroupError::TooFewSuccesses {
                successes: self.count("SUCCESS"),
                expected: total,
                percent,
            },
        }
    }

    /// The batch is over: the next waits for signals of its own.
    pub fn next_batch(&mut self) {
        self.counted = self.received.keys().cloned().collect();
    }

    fn has(&self, unique_id: &str) -> bool {
        self.received.contains_key(unique_id)
    }
}

/// The request of `SignalResource`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SignalResource<'a> {
    stack_name: &'a str,
    logical_resource_id: &'a str,
    unique_id: &'a str,
    status: &'a str,
}

/// `SignalResource`.
///
/// # Errors
/// `ValidationError`, in CloudFormation's words.
pub fn signal(account: &mut Account, request: SignalResource<'_>) -> Result<Value, ApiError> {
    let SignalResource {
        stack_name,
        logical_resource_id: resource,
        unique_id,
        status,
    } = request;
    let has_id_length = (1..=64).contains(&unique_id.len());
    if !matches!(status, "SUCCESS" | "FAILURE") || !has_id_length {
        return Err(invalid(format!(
            "SignalResource knows no Status {status} with UniqueId {unique_id}"
        )));
    }
    let id = can_be_signaled(account, stack_name, resource)?;
    let counts_early = account[CLOUDFORMATION]
        .timing
        .signal_before_in_service_counts;
    let progress = account[CLOUDFORMATION].at(&id).resources[resource]
        .status
        .clone();
    let reason = StatusReason::Progress(rolling_policy::received(status, unique_id));
    let Some(work) = operation::group_work(account, &id, resource) else {
        // Nobody waits for it, but it is heard.
        stack::resource_enters(account, &id, resource, &progress, reason);
        return Ok(json!({}));
    };
    if work.signals.has(unique_id)
        && (status == "SUCCESS" || work.signals.received[unique_id] == "FAILURE")
    {
        return Err(invalid(format!(
            "Signal with ID {unique_id} for resource {resource} already exists. Signals may only be updated with a FAILURE status."
        )));
    }
    if status == "SUCCESS" && !counts_early && !work.in_service.contains(unique_id) {
        return Ok(json!({}));
    }
    work.signals
        .received
        .insert(unique_id.to_owned(), status.to_owned());
    stack::resource_enters(account, &id, resource, &progress, reason);
    group::look_again(account, &id, resource, std::time::Duration::ZERO);
    Ok(json!({}))
}

/// The id of the stack, if its resource can be signaled now.
fn can_be_signaled(account: &Account, wanted: &str, resource: &str) -> Result<String, ApiError> {
    let Some(stack) = account[CLOUDFORMATION].stack(wanted) else {
        return Err(invalid(format!("Stack [{wanted}] does not exist")));
    };
    let open = [
        "CREATE_IN_PROGRESS",
        "UPDATE_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
    ];
    if !open.contains(&stack.status.as_str()) {
        return Err(invalid(format!(
            "Stack {} is in {} state and cannot be signaled",
            stack.id, stack.status
        )));
    }
    let Some(declared) = stack.version.template.resources.get(resource) else {
        return Err(invalid(format!(
            "Resource {resource} does not exist for stack {wanted}"
        )));
    };
    if !declared.kind.handler.takes_signals() {
        return Err(invalid(format!(
            "Resource {resource} is of type {} and cannot be signaled",
            declared.kind.name
        )));
    }
    match stack.resources.get(resource) {
        Some(found) if found.status.ends_with("_IN_PROGRESS") => Ok(stack.id.clone()),
        Some(found) => Err(invalid(format!(
            "Resource {resource} is in {} state and can not be signaled",
            found.status
        ))),
        None => Err(invalid(format!(
            "Resource {resource} does not exist for stack {wanted}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::cloudformation::scene::Scene;

    fn received(statuses: &[&str]) -> Signals {
        let received = statuses
            .iter()
            .enumerate()
            .map(|(n, status)| (format!("i-{n}"), (*status).to_owned()));
        Signals {
            received: received.collect(),
            ..Signals::default()
        }
    }

    #[test]
    fn a_failure_decides_at_once_when_the_percentage_cannot_be_met_any_more() {
        assert_eq!(
            received(&["FAILURE"]).standing(1, 3, 100),
            SignalStatus::Failed
        );
        assert_eq!(
            received(&["FAILURE"]).standing(1, 4, 50),
            SignalStatus::Complete
        );
        assert_eq!(
            received(&["FAILURE"]).standing(2, 4, 50),
            SignalStatus::Open
        );
    }

    #[test]
    fn an_earlier_batch_s_signals_are_not_waited_for_again() {
        let mut signals = received(&["SUCCESS"]);
        assert_eq!(signals.standing(1, 2, 100), SignalStatus::Complete);
        signals.next_batch();
        assert_eq!(signals.standing(1, 2, 100), SignalStatus::Open);
    }

    #[test]
    fn a_signal_that_never_came_is_a_failure() {
        let mut signals = received(&["SUCCESS"]);
        assert_eq!(signals.miss(3), 2);
        assert_eq!(signals.standing(3, 6, 100), SignalStatus::Failed);
        assert_eq!(
            signals.why(6, 100).to_string(),
            "Received 1 SUCCESS signal(s) out of 6.  Unable to satisfy 100% MinSuccessfulInstancesPercent requirement"
        );
    }

    #[test]
    fn signals_are_refused_in_cloudformation_s_words() {
        let mut scene = Scene::created(json!([]));
        let id = scene.account[CLOUDFORMATION]
            .stack("s")
            .expect("a stack")
            .id
            .clone();
        assert_eq!(
            scene.signal("i-1", "SUCCESS").expect_err("at rest").message,
            format!("Stack {id} is in CREATE_COMPLETE state and cannot be signaled")
        );
        scene.ami("ami-00000002");
        scene.update().expect("begun");
        assert_eq!(
            scene
                .signal("i-1", "SUCCESS")
                .expect_err("too early")
                .message,
            "Resource Group is in CREATE_COMPLETE state and can not be signaled"
        );
        scene.pass(Duration::from_secs(10));
        scene.signal("i-1", "SUCCESS").expect("taken");
        assert_eq!(
            scene.signal("i-1", "SUCCESS").expect_err("twice").message,
            "Signal with ID i-1 for resource Group already exists. Signals may only be updated with a FAILURE status."
        );
        let other = json!({"StackName": "s", "LogicalResourceId": "Template", "UniqueId": "i-1", "Status": "SUCCESS"});
        assert_eq!(
            scene
                .call("SignalResource", other)
                .expect_err("no group")
                .message,
            "Resource Template is of type AWS::EC2::LaunchTemplate and cannot be signaled"
        );
    }

    #[test]
    fn early_signals_can_be_lost() {
        let mut scene = Scene::created(json!([]));
        scene.account[CLOUDFORMATION]
            .timing
            .signal_before_in_service_counts = false;
        scene.ami("ami-00000002");
        scene.update().expect("begun");
        assert_eq!(
            scene.settled(),
            "UPDATE_ROLLBACK_FAILED",
            "whoever signals before InService is not heard"
        );
    }
}
