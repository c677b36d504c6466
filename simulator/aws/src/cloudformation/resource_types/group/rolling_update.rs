//! The rolling update of a group, batch by batch.
//!
//! First more instances are added if they are wanted; then per batch the old ones are terminated,
//! and the next batch waits until as many new ones have come and signalled (recorded:
//! guardian/testing-asg-rolling-update, 2024). CloudFormation does not wait for terminate hooks: an
//! instance counts as terminated as soon as it is at its hook (reported in
//! <https://github.com/awslabs/amazon-eks-ami/issues/66>).

mod batch;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::json;

use super::rolling_policy::{self, Policy, Sizes};
use super::{GroupError, GroupSnapshot, Stage};
use crate::account::Account;
use crate::cloudformation::CLOUDFORMATION;
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::status_reason::StatusReason;
use crate::cloudformation::{operation, stack};

/// How far a rolling update is.
#[derive(Debug)]
pub struct Roll {
    policy: Policy,
    /// The launch template version that all instances shall have.
    version: String,
    started: Timestamp,
    /// What is known once it has looked at the group: nothing before.
    course: Option<Progress>,
}

/// What a rolling update has set out to do.
#[derive(Debug, Clone)]
struct Progress {
    /// The sizes before, to which the group goes back.
    sizes: Sizes,
    /// Instances at a time.
    batch: u64,
    /// All instances to replace.
    obsolete: Vec<String>,
    /// How many of them have been told to go.
    record: usize,
    /// How many new instances are still wanted after those of the present batch.
    wanted: u64,
    /// Whether the sizes were raised for the time of the rollout.
    raised: bool,
    /// Whether the group has its own sizes again, but for what is still to go without replacement.
    reset: bool,
    present: Batch,
}

/// The present batch.
#[derive(Debug, Clone)]
struct Batch {
    /// The old instances of this batch.
    leaving: Vec<String>,
    /// Those that could not be told to go yet.
    to_tell: Vec<String>,
    /// Whether they are gone as far as CloudFormation cares.
    left: bool,
    /// How many new ones it waits for.
    expected: u64,
    /// The instances that are not new.
    seen: BTreeSet<String>,
    began: Timestamp,
    /// When the new ones are given up, once they are there.
    until: Option<Timestamp>,
}

type Outcome = Option<Result<(), ResourceError>>;

impl Roll {
    /// A rollout to `version` of the launch template, begun `now`.
    pub fn new(policy: Policy, version: String, now: Timestamp) -> Self {
        Self {
            policy,
            version,
            started: now,
            course: None,
        }
    }
}

/// One look at a group that is rolled: the next thing to do, and how it ended if it did.
pub fn look(
    account: &mut Account,
    id: &str,
    name: &str,
    group: &str,
    seen: &GroupSnapshot,
) -> Outcome {
    let mut at = At {
        account,
        id,
        name,
        group,
    };
    let (policy, version, started, course) = {
        let roll = at.roll()?;
        (
            roll.policy.clone(),
            roll.version.clone(),
            roll.started,
            roll.course.clone(),
        )
    };
    match course {
        None => at.set_out(&policy, &version, started, seen),
        Some(course) => at.go_on(&policy, course, seen),
    }
}

/// Where the rollout takes place.
struct At<'a> {
    account: &'a mut Account,
    id: &'a str,
    name: &'a str,
    group: &'a str,
}

impl At<'_> {
    fn roll(&mut self) -> Option<&mut Roll> {
        match &mut operation::group_work(self.account, self.id, self.name)?.stage {
            Stage::Rolling(roll) => Some(roll),
            _ => None,
        }
    }

    fn keep(&mut self, course: Progress) {
        if let Some(roll) = self.roll() {
            roll.course = Some(course);
        }
    }

    fn add_event(&mut self, text: String) {
        stack::resource_enters(
            self.account,
            self.id,
            self.name,
            "UPDATE_IN_PROGRESS",
            StatusReason::Progress(text),
        );
    }

    fn ask(&mut self, action: &str, mut input: serde_json::Value) -> Result<(), ResourceError> {
        input["AutoScalingGroupName"] = self.group.into();
        crate::cloudformation::handler::ask(self.account, self.id, "autoscaling", action, &input)
            .map(drop)
    }

    /// Looks what there is to replace, and begins.
    fn set_out(
        &mut self,
        policy: &Policy,
        version: &str,
        started: Timestamp,
        seen: &GroupSnapshot,
    ) -> Outcome {
        let present: Vec<_> = seen
            .instances
            .iter()
            .filter(|instance| !instance.leaves())
            .collect();
        let obsolete = present
            .iter()
            .filter(|instance| instance.version != version);
        let obsolete: Vec<String> = obsolete.map(|instance| instance.id.clone()).collect();
        if obsolete.is_empty() {
            // An earlier roll that failed may have left them suspended.
            return Some(self.resume(policy));
        }
        if let Some(aside) = present.iter().find(|one| one.state.ends_with("Standby")) {
            let instance = (*aside).clone();
            return Some(Err(GroupError::InStandby { instance }.into()));
        }
        let settles = started + self.account[CLOUDFORMATION].timing.settled_within;
        if present.len() as u64 > seen.sizes.desired && self.account.now < settles {
            return None;
        }
        let plan = rolling_policy::plan(policy, seen.sizes, obsolete.len() as u64);
        if plan.batch == 0 {
            let error = GroupError::NoRoom {
                min_in_service: policy.min_instances_in_service,
                max: seen.sizes.max,
            };
            return Some(Err(error.into()));
        }
        let survivors = (present.len() - obsolete.len()) as u64;
        let expected = plan.temporary.saturating_sub(present.len() as u64);
        let course = Progress {
            sizes: seen.sizes,
            batch: plan.batch,
            wanted: seen.sizes.desired.saturating_sub(survivors + expected),
            record: 0,
            raised: plan.temporary > seen.sizes.desired,
            reset: false,
            present: self.batch(Vec::new(), expected, seen),
            obsolete,
        };
        match self.announce(policy, plan, &course) {
            Ok(()) => {
                self.keep(course);
                None
            }
            Err(reason) => Some(Err(reason)),
        }
    }

    fn announce(
        &mut self,
        policy: &Policy,
        plan: rolling_policy::Plan,
        course: &Progress,
    ) -> Result<(), ResourceError> {
        if !policy.suspend.is_empty() {
            self.ask(
                "SuspendProcesses",
                json!({"ScalingProcesses": policy.suspend}),
            )?;
        }
        self.add_event(rolling_policy::initiated(
            policy,
            plan,
            course.obsolete.len() as u64,
        ));
        if course.raised {
            self.add_event(rolling_policy::temporarily(plan.temporary));
            let sizes = json!({"MinSize": plan.temporary, "DesiredCapacity": plan.temporary});
            self.ask("UpdateAutoScalingGroup", sizes)?;
        }
        Ok(())
    }

    fn batch(&self, leaving: Vec<String>, expected: u64, seen: &GroupSnapshot) -> Batch {
        Batch {
            left: leaving.is_empty(),
            to_tell: leaving.clone(),
            leaving,
            expected,
            seen: seen
                .instances
                .iter()
                .map(|instance| instance.id.clone())
                .collect(),
            began: self.account.now,
            until: None,
        }
    }

    /// The group has its own sizes again, and besides room for the `surplus` instances that are
    /// still to go without replacement: each takes its place with it. Recorded
    /// (guardian/testing-asg-rolling-update, 2024): before the old instances of the last batch go,
    /// not when the update is complete; what was scaled meanwhile goes then.
    ///
    /// assumption: where the sizes were never raised, after the last batch. CloudTrail's records of
    /// UpdateAutoScalingGroup prove it.
    fn reset_sizes(&mut self, sizes: Sizes, surplus: u64) -> Result<(), ResourceError> {
        let sizes = json!({"MinSize": sizes.min, "DesiredCapacity": sizes.desired + surplus});
        self.ask("UpdateAutoScalingGroup", sizes)
    }

    /// The processes that were suspended run again.
    fn resume(&mut self, policy: &Policy) -> Result<(), ResourceError> {
        if policy.suspend.is_empty() {
            Ok(())
        } else {
            self.ask(
                "ResumeProcesses",
                json!({"ScalingProcesses": policy.suspend}),
            )
        }
    }
}
