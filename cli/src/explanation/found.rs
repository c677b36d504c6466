//! What the worker whose question stands finds now.

use std::collections::BTreeSet;

use workers::model::group::LifecycleState;
use workers::model::{InstanceId, Subject, Transition};
use workers::{Assessment, Error, Verdict, Worker};

use crate::aws::Pause;
use crate::watch::{InstancePhase, Step, Surroundings};

/// What the worker whose question stands finds now.
#[derive(Debug)]
pub struct Found {
    /// Whose question stands.
    pub worker: Worker,
    /// What it is about.
    pub subject: Subject,
    /// The services that had tasks on it when its drain began.
    pub services: Vec<String>,
    /// What it finds; nothing for complete-action, which only acts; or the error that it meets.
    pub finding: Result<Option<Assessment>, Error>,
    /// The instances that are DRAINING in ECS, if that was asked.
    pub draining: Option<BTreeSet<String>>,
}

impl Found {
    /// Whether the pause is what it waits for, as `watch` and `report` decide it.
    pub fn waits_for_resume(&self, pause: Option<&Pause>) -> bool {
        let Ok(Some(finding)) = &self.finding else {
            return false;
        };
        let (state, step) = match (self.worker, self.subject.action.transition) {
            (Worker::Stable, Transition::Launching) => {
                (LifecycleState::PendingWait, Step::WaitsForDrains)
            }
            (Worker::Draining, _) => {
                let turn = finding.extra.turn.as_ref();
                let waits = turn.is_some_and(|turn| turn.came_at.is_none());
                let step = if waits {
                    Step::WaitsToDrain
                } else {
                    Step::Proceeds
                };
                (LifecycleState::TerminatingWait, step)
            }
            _ => return false,
        };
        let around = Surroundings {
            is_paused: pause.is_some(),
            drain_is_open: self.drain_is_open(),
        };
        let phase = InstancePhase::of(&state, step, around);
        phase == InstancePhase::Paused && finding.verdict == Verdict::NotYet
    }

    /// The instances before it, whose drains it waits for.
    fn earlier(&self) -> impl Iterator<Item = &InstanceId> {
        let finding = self.finding.as_ref().ok().and_then(Option::as_ref);
        finding
            .into_iter()
            .flat_map(|it| it.extra.held_by.iter().flatten())
    }

    /// Whether a drain is open that it waits for. A worker counts each instance before it at a
    /// terminate hook; where ECS was asked, those alone count that are DRAINING.
    fn drain_is_open(&self) -> bool {
        let drains = |id: &InstanceId| match &self.draining {
            Some(draining) => draining.contains(id.as_str()),
            None => true,
        };
        self.earlier().any(drains)
    }

    /// Whether that is what draining would do, since a look alone does not set it.
    pub fn is_set_draining(&self, finding: &Assessment) -> bool {
        let done = finding.verdict == Verdict::Reached && finding.extra.member == Some(false);
        let turn = finding.extra.turn.as_ref();
        let waits = turn.is_some_and(|turn| turn.came_at.is_none());
        self.worker == Worker::Draining && !done && !waits
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A new instance that waits for two earlier ones.
    fn queued() -> Found {
        let metadata = json!({
            "cluster": "c", "stack": "arn:aws:cloudformation:eu-west-1:123456789012:stack/s/1", "resource": "Group",
            "heartbeatTimeoutSeconds": 3600, "joinDeadlineSeconds": 600, "drainDeadlineSeconds": 3000,
            "drainDeadlinePolicy": "retain", "batchSize": 1, "updateMethod": "RollingUpdate",
        });
        let event = json!({
            "source": "aws.autoscaling", "time": "2026-11-23T10:00:00Z",
            "detail-type": "EC2 Instance-launch Lifecycle Action",
            "detail": {
                "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING", "AutoScalingGroupName": "g",
                "LifecycleHookName": "ecs-rollout-launch", "EC2InstanceId": "i-00000000000000001",
                "LifecycleActionToken": "87654321-4321-4321-4321-210987654321",
                "NotificationMetadata": metadata.to_string(), "Origin": "EC2", "Destination": "AutoScalingGroup",
            },
        });
        let subject = workers::config::read_event(&event).subject();
        let earlier = ["i-00000000000000002", "i-00000000000000003"].map(InstanceId::new);
        let reason = "Waiting for i-00000000000000002 to finish draining.";
        let mut finding = Assessment::not_yet(reason.to_owned());
        finding.extra.held_by = Some(earlier.to_vec());
        Found {
            worker: Worker::Stable,
            subject: subject.expect("an event of our hook"),
            services: Vec::new(),
            finding: Ok(Some(finding)),
            draining: None,
        }
    }

    #[test]
    fn in_a_pause_a_queued_instance_waits_only_for_drains_that_have_begun() {
        let pause = Pause {
            why: "sale".to_owned(),
            since: None,
        };
        let waits = |draining: Option<&[&str]>, pause: Option<&Pause>| {
            let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
            let draining = draining.map(ids);
            let found = Found {
                draining,
                ..queued()
            };
            found.waits_for_resume(pause)
        };
        assert!(waits(Some(&[]), Some(&pause)));
        assert!(waits(Some(&["i-00000000000000009"]), Some(&pause)));
        assert!(!waits(Some(&["i-00000000000000003"]), Some(&pause)));
        assert!(!waits(None, Some(&pause)), "ECS was not asked");
        assert!(!waits(Some(&[]), None), "nothing is paused");
    }
}
