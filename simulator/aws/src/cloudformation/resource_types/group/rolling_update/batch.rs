//! One batch after another: the old ones are told to go, the new ones are waited for.

use serde_json::json;

use super::{At, Outcome, Progress};
use crate::autoscaling::AUTOSCALING;
use crate::cloudformation::CLOUDFORMATION;
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::handler::{raw, record};
use crate::cloudformation::operation;
use crate::cloudformation::resource_types::group::rolling_policy::{self, Policy};
use crate::cloudformation::resource_types::group::{GroupError, GroupSnapshot};
use crate::cloudformation::signal::{SignalStatus, Signals};

impl At<'_> {
    /// Goes on with the present batch, and from it to the next or to the end.
    pub(super) fn go_on(
        &mut self,
        policy: &Policy,
        mut course: Progress,
        seen: &GroupSnapshot,
    ) -> Outcome {
        if let Err(reason) = self.terminate_batch(&mut course) {
            return Some(Err(reason));
        }
        self.confirm_terminated(&mut course, seen);
        let arrived = match self.wait_for_signals(policy, &mut course, seen) {
            Ok(arrived) => arrived,
            Err(reason) => return Some(Err(reason)),
        };
        let within = self.account[CLOUDFORMATION].timing.instances_within;
        if !course.present.left && self.account.now >= course.present.began + within {
            let instances = course.present.leaving;
            return Some(Err(GroupError::DidNotLeave { instances, within }.into()));
        }
        let next = arrived && course.present.left;
        if next && course.record == course.obsolete.len() {
            return Some(self.finish(policy, &course));
        }
        if next && let Err(reason) = self.next_batch(&mut course, seen) {
            return Some(Err(reason));
        }
        self.keep(course);
        None
    }

    fn next_batch(
        &mut self,
        course: &mut Progress,
        seen: &GroupSnapshot,
    ) -> Result<(), ResourceError> {
        if let Some(work) = operation::group_work(self.account, self.id, self.name) {
            work.signals.next_batch();
        }
        let end = course
            .obsolete
            .len()
            .min(course.record + course.batch as usize);
        let leaving = course.obsolete[course.record..end].to_vec();
        let expected = course.wanted.min(leaving.len() as u64);
        // Those that go without replacement, of this batch and of all after it.
        let surplus = (course.obsolete.len() - course.record) as u64 - course.wanted;
        let is_last = end == course.obsolete.len();
        let makes_way = is_last && course.raised;
        if !course.reset && (makes_way || expected < leaving.len() as u64) {
            self.reset_sizes(course.sizes, surplus)?;
            course.reset = true;
        }
        self.add_event(rolling_policy::terminating(&leaving, expected));
        course.record = end;
        course.wanted -= expected;
        course.present = self.batch(leaving, expected, seen);
        self.terminate_batch(course)
    }

    /// After the last batch: the sizes are the group's own, and its processes run.
    fn finish(&mut self, policy: &Policy, course: &Progress) -> Result<(), ResourceError> {
        if !course.reset {
            self.reset_sizes(course.sizes, 0)?;
        }
        self.resume(policy)
    }

    /// Tells the batch's old instances to go; one that cannot be told now is told at the next look.
    fn terminate_batch(&mut self, course: &mut Progress) -> Result<(), ResourceError> {
        let batch = &mut course.present;
        let replaced = batch.expected as usize;
        let mut later = Vec::new();
        for instance in std::mem::take(&mut batch.to_tell) {
            let place = batch
                .leaving
                .iter()
                .position(|leaving| *leaving == instance);
            let decrement = place.is_none_or(|place| place >= replaced);
            let input =
                json!({"InstanceId": instance, "ShouldDecrementDesiredCapacity": decrement});
            let action = "TerminateInstanceInAutoScalingGroup";
            match raw(self.account, self.id, "autoscaling", action, &input) {
                Ok(_) => {}
                // It is gone already; or it is there and may not go, as while Terminate is
                // suspended.
                Err(error) if error.code == "ValidationError" => {
                    if self.account[AUTOSCALING].group_of(&instance).is_some() {
                        return Err(record(self.account, "autoscaling", error).into());
                    }
                }
                Err(error) if error.code == "AccessDenied" => {
                    return Err(record(self.account, "autoscaling", error).into());
                }
                Err(_) => later.push(instance),
            }
        }
        batch.to_tell = later;
        Ok(())
    }

    fn confirm_terminated(&mut self, course: &mut Progress, seen: &GroupSnapshot) {
        let batch = &mut course.present;
        let still_here = |id: &String| {
            seen.instances
                .iter()
                .any(|there| there.id == *id && (!there.leaves() || there.state == "Terminating"))
        };
        if batch.left || !batch.to_tell.is_empty() || batch.leaving.iter().any(still_here) {
            return;
        }
        batch.left = true;
        let text = rolling_policy::terminated(
            &batch.leaving,
            course.record as u64,
            course.obsolete.len() as u64,
        );
        self.add_event(text);
    }

    /// Whether the batch's new instances are there and have said so.
    fn wait_for_signals(
        &mut self,
        policy: &Policy,
        course: &mut Progress,
        seen: &GroupSnapshot,
    ) -> Result<bool, ResourceError> {
        let total = course.obsolete.len() as u64;
        let batch = &mut course.present;
        let (expected, now) = (batch.expected, self.account.now);
        if expected == 0 {
            return Ok(true);
        }
        let in_service_only = self.account[CLOUDFORMATION].timing.added_means_in_service;
        let Some(until) = batch.until else {
            let new = seen
                .instances
                .iter()
                .filter(|instance| !batch.seen.contains(&instance.id) && !instance.leaves());
            let present = new
                .filter(|instance| !in_service_only || instance.state == "InService")
                .count() as u64;
            if present >= expected {
                batch.until = Some(now + policy.pause.duration);
                self.add_event(rolling_policy::added(policy, expected));
            }
            // A failure may be signalled before the instance was ever seen here.
            self.standing(policy, expected, total)?;
            let within = self.account[CLOUDFORMATION].timing.instances_within;
            if present < expected && now >= course.present.began + within {
                let error = GroupError::DidNotCome {
                    present,
                    expected,
                    within,
                };
                return Err(error.into());
            }
            return Ok(false);
        };
        match self.standing(policy, expected, total)? {
            _ if !policy.wait_on_signals => Ok(now >= until),
            SignalStatus::Complete => Ok(true),
            _ if now < until => Ok(false),
            _ => {
                let missing = self
                    .signals(|signals| signals.miss(expected))
                    .unwrap_or_default();
                self.add_event(rolling_policy::missing_signals(missing));
                self.standing(policy, expected, total).map(|_| true)
            }
        }
    }

    fn signals<T>(&mut self, see: impl FnOnce(&mut Signals) -> T) -> Option<T> {
        operation::group_work(self.account, self.id, self.name).map(|work| see(&mut work.signals))
    }

    /// How the signals stand.
    fn standing(
        &mut self,
        policy: &Policy,
        expected: u64,
        total: u64,
    ) -> Result<SignalStatus, ResourceError> {
        let percent = policy.min_successful_percent;
        let seen = self.signals(|signals| {
            (
                signals.standing(expected, total, percent),
                signals.why(total, percent),
            )
        });
        match seen {
            Some((SignalStatus::Failed, why)) if policy.wait_on_signals => Err(why.into()),
            Some((standing, _)) => Ok(standing),
            None => Ok(SignalStatus::Open),
        }
    }
}
