//! What a rollout came to.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;

use super::{LIMIT, Runner};
use crate::api_quota::rounded;
use crate::checker::InstanceObservation;
use crate::ecs::ECS;
use crate::invariants::{self, Invariant, Violation};
use crate::report::{Amis, Lateness, Report, cost_usd};
use crate::trace::{LifecycleState, StackStatus};
use workers::text::count;

impl Runner {
    pub(super) fn report(
        &self,
        began: Timestamp,
        size: usize,
        new_ami: &str,
        transitions: u64,
    ) -> Report {
        let outcome = self.checker.stack_status();
        let ended = outcome.map_or("", StackStatus::name);
        let amis = Amis {
            old: self.ami.clone(),
            new: new_ami.to_owned(),
        };
        let mut seen = self.checker.end_roll();
        let now = self.host.now();
        if let Some(detail) = self.unfinished(outcome, size, &amis) {
            seen.violations.push(Violation {
                invariant: Invariant::RollEnds,
                at: now,
                detail,
            });
        }
        let seconds = now.duration_since(began).as_secs_f64();
        let lower_bound = seconds - seen.avoidable_delay.as_secs_f64();
        let calls: u64 = seen.api_calls.values().sum();
        Report {
            instances: size,
            replaced: self.replaced(&amis.new, size),
            terminated: seen.terminated.len(),
            retained: self.retained(false),
            retained_for_standalone_tasks: self.retained(true),
            roll_seconds: rounded(seconds, 3),
            lower_bound_seconds: rounded(lower_bound, 3),
            overhead: rounded(seconds / lower_bound.max(1.0), 4),
            lateness: seen
                .lateness
                .iter()
                .map(|(phase, it)| (*phase, Lateness::from(*it)))
                .collect(),
            tasks_moved: seen.tasks_moved,
            tasks_killed_early: seen.tasks_killed_early,
            tasks_lost_to_spot: seen.tasks_lost_to_spot,
            max_open_drains: seen.max_open_drains,
            api_calls_per_instance: rounded(calls as f64 / seen.terminated.len().max(1) as f64, 2),
            api_buckets: self.quota.buckets(seconds),
            failed_invocations: self.quota.failed_invocations(),
            state_transitions: transitions,
            max_history_events: seen.max_history_events,
            cost_usd: rounded(cost_usd(transitions, &seen), 6),
            invariants: invariants::check_all(
                &seen.violations,
                self.checker.terms().managed_draining,
            ),
            api_calls: seen.api_calls,
            ami: amis,
            starts: None,
            seed: self.settings.seed,
            outcome: ended.to_owned(),
        }
    }

    /// How many instances of the group are replaced: one on the new AMI is in service, and the old
    /// one is gone or retained. While Auto Scaling terminates nothing, new ones replace nobody.
    fn replaced(&self, new_ami: &str, size: usize) -> usize {
        let gone = size.saturating_sub(self.checker.in_group_without(new_ami));
        self.checker.in_service_on(new_ami).min(gone)
    }

    /// Why the rollout has not ended as it must, if so.
    fn unfinished(&self, outcome: Option<StackStatus>, size: usize, amis: &Amis) -> Option<String> {
        if let Some(pending) = self.checker.pending() {
            return Some(format!(
                "{} hours after it began, {pending}",
                LIMIT.as_secs() / 3600
            ));
        }
        let wanted = match outcome {
            // Somebody has deleted the stack meanwhile: there is nothing left to roll.
            Some(deleted) if deleted.is_of_a_deletion() => return None,
            Some(StackStatus::UpdateComplete) => &amis.new,
            Some(StackStatus::UpdateRollbackComplete) => &amis.old,
            other => {
                let ended = other.map_or("", StackStatus::name);
                return Some(format!("the stack ended {ended}"));
            }
        };
        let instances = self.checker.instances();
        let serving: Vec<_> = instances
            .iter()
            .filter(|(_, seen)| seen.state == LifecycleState::InService)
            .collect();
        if let Some((id, _)) = serving.iter().find(|(_, seen)| !seen.member) {
            return Some(format!("{id} is in service, but no member of the cluster"));
        }
        if let Some((id, seen)) = on_another_ami(&instances, wanted) {
            return Some(format!(
                "{id} is {} on {}, not on {wanted}",
                seen.state, seen.ami
            ));
        }
        let scaled = if self.is_scaled_by_ecs() {
            usize::try_from(self.desired()).ok()
        } else {
            self.scaled
        };
        let serving = serving.len();
        let set = self.size_in_update(size);
        // An update that fails early rolls back before it sets any size.
        let is_right =
            serving == set || (outcome != Some(StackStatus::UpdateComplete) && serving == size);
        (!is_right && Some(serving) != scaled).then(|| {
            format!(
                "in service: {}; before: {size}; by the template's sizes: {set}",
                count(serving, "instance")
            )
        })
    }

    /// How many instances a group of `size` has once the update has given it the template's sizes:
    /// what was scaled since the last update is taken back, unless the template leaves
    /// DesiredCapacity to others.
    fn size_in_update(&self, size: usize) -> usize {
        // As the stack is now: an update in the middle of the scenario may have changed its
        // parameters.
        let input = json!({"StackName": self.stack});
        let answer = self.call("cloudformation", "DescribeStacks", &input);
        let stack = answer.unwrap_or_default();
        let parameter = |key: &str| {
            let mut all = stack["Stacks"][0]["Parameters"].as_array()?.iter();
            all.find(|one| one["ParameterKey"] == key)?["ParameterValue"].as_str()
        };
        let number = |key: &str| parameter(key)?.parse::<usize>().ok();
        let is_scaled_by_ecs = parameter("CapacityProvider") == Some("ENABLED")
            && parameter("ManagedScaling") == Some("ENABLED");
        let Some(least) = number("ClusterSize").filter(|_| !is_scaled_by_ecs) else {
            return size;
        };
        let most = number("ClusterMaxSize").unwrap_or(least).max(least);
        match parameter("CapacityOwner") {
            Some("autoscaling") => size.clamp(least, most),
            _ => least,
        }
    }

    /// The instances that are retained: those that are kept for their standalone tasks, or those
    /// whose drain failed.
    pub(super) fn retained(&self, kept: bool) -> Vec<String> {
        let marked = self.host.with(|account| account[ECS].kept());
        let instances = self.checker.instances().into_iter();
        instances
            .filter(|(_, seen)| seen.state.is_retained())
            .map(|(id, _)| id)
            .filter(|id| marked.contains(id) == kept)
            .collect()
    }
}

/// An instance in service, or waiting in the warm pool, that is on another AMI.
pub(super) fn on_another_ami<'a>(
    instances: &'a BTreeMap<String, InstanceObservation>,
    wanted: &str,
) -> Option<(&'a String, &'a InstanceObservation)> {
    let stays = [
        LifecycleState::InService,
        LifecycleState::WarmedStopped,
        LifecycleState::WarmedRunning,
    ];
    let mut all = instances.iter();
    all.find(|(_, seen)| stays.contains(&seen.state) && seen.ami != wanted)
}
