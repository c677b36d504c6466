//! The rolling update of a group, batch by batch.
//!
//! As observed: first more instances are added if they are wanted; then per batch the old ones are told to go, and
//! the next batch waits until as many new ones have come and signalled. Nobody waits for terminate hooks: an instance
//! counts as terminated as soon as it stands at its hook.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::json;

use super::group::{Seen, Stage};
use super::handler::raw;
use super::rolling::{self, Policy, Sizes};
use super::signal::{Signals, Standing};
use super::{operation, stack};
use crate::account::Account;

/// How far a rolling update is.
#[derive(Debug)]
pub struct Roll {
    policy: Policy,
    /// The launch template version that all instances shall have.
    version: String,
    started: Timestamp,
    /// What is known once it has looked at the group: nothing before.
    course: Option<Course>,
}

/// What a rolling update has set out to do.
#[derive(Debug, Clone)]
struct Course {
    /// The sizes before, to which the group goes back.
    sizes: Sizes,
    /// Instances at a time.
    batch: u64,
    /// All instances to replace.
    obsolete: Vec<String>,
    /// How many of them have been told to go.
    told: usize,
    /// How many new instances are still wanted after those of the present batch.
    wanted: u64,
    /// Whether MinSize has been let down, which takes instances away without replacement.
    lowered: bool,
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

type Outcome = Option<Result<(), String>>;

impl Roll {
    /// A roll to `version` of the launch template, begun `now`.
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
pub fn look(account: &mut Account, id: &str, name: &str, group: &str, seen: &Seen) -> Outcome {
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

/// Where the roll takes place.
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

    fn keep(&mut self, course: Course) {
        if let Some(roll) = self.roll() {
            roll.course = Some(course);
        }
    }

    fn say(&mut self, text: &str) {
        stack::resource_enters(self.account, self.id, self.name, "UPDATE_IN_PROGRESS", text);
    }

    fn ask(&mut self, action: &str, mut input: serde_json::Value) -> Result<(), String> {
        input["AutoScalingGroupName"] = self.group.into();
        super::handler::ask(self.account, "autoscaling", action, &input).map(drop)
    }

    /// Looks what there is to replace, and begins.
    fn set_out(
        &mut self,
        policy: &Policy,
        version: &str,
        started: Timestamp,
        seen: &Seen,
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
        let settles = started + self.account.cloudformation.dynamics.settled_within;
        if present.len() as u64 > seen.sizes.desired && self.account.now < settles {
            return None;
        }
        let plan = rolling::plan(policy, seen.sizes, obsolete.len() as u64);
        if plan.batch == 0 {
            return Some(Err(format!(
                "MinInstancesInService {} leaves no room under MaxSize {} to replace instances",
                policy.min_instances_in_service, seen.sizes.max
            )));
        }
        let survivors = (present.len() - obsolete.len()) as u64;
        let expected = plan.temporary.saturating_sub(present.len() as u64);
        let course = Course {
            sizes: seen.sizes,
            batch: plan.batch,
            wanted: seen.sizes.desired.saturating_sub(survivors + expected),
            told: 0,
            lowered: plan.temporary <= seen.sizes.desired,
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
        plan: rolling::Plan,
        course: &Course,
    ) -> Result<(), String> {
        if !policy.suspend.is_empty() {
            self.ask(
                "SuspendProcesses",
                json!({"ScalingProcesses": policy.suspend}),
            )?;
        }
        self.say(&rolling::initiated(
            policy,
            plan,
            course.obsolete.len() as u64,
        ));
        if plan.temporary > course.sizes.desired {
            self.say(&rolling::temporarily(plan.temporary));
            let sizes = json!({"MinSize": plan.temporary, "DesiredCapacity": plan.temporary});
            self.ask("UpdateAutoScalingGroup", sizes)?;
        }
        Ok(())
    }

    fn batch(&self, leaving: Vec<String>, expected: u64, seen: &Seen) -> Batch {
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

    /// Goes on with the present batch, and from it to the next or to the end.
    fn go_on(&mut self, policy: &Policy, mut course: Course, seen: &Seen) -> Outcome {
        self.tell_to_go(&mut course);
        self.see_off(&mut course, seen);
        let arrived = match self.await_new(policy, &mut course, seen) {
            Ok(arrived) => arrived,
            Err(reason) => return Some(Err(reason)),
        };
        let within = self.account.cloudformation.dynamics.instances_within;
        if !course.present.left && self.account.now >= course.present.began + within {
            let leaving = course.present.leaving.join(",");
            return Some(Err(format!(
                "Instance(s) [{leaving}] did not leave within {} minutes",
                within.as_secs() / 60
            )));
        }
        let next = arrived && course.present.left;
        if next && course.told == course.obsolete.len() {
            return Some(self.restore(policy, &course));
        }
        if next && let Err(reason) = self.next_batch(&mut course, seen) {
            return Some(Err(reason));
        }
        self.keep(course);
        None
    }

    fn next_batch(&mut self, course: &mut Course, seen: &Seen) -> Result<(), String> {
        if let Some(work) = operation::group_work(self.account, self.id, self.name) {
            work.signals.next_batch();
        }
        let end = course
            .obsolete
            .len()
            .min(course.told + course.batch as usize);
        let leaving = course.obsolete[course.told..end].to_vec();
        let expected = course.wanted.min(leaving.len() as u64);
        if expected < leaving.len() as u64 && !course.lowered {
            // An instance can only go without replacement when MinSize allows one less.
            self.ask(
                "UpdateAutoScalingGroup",
                json!({"MinSize": course.sizes.min}),
            )?;
            course.lowered = true;
        }
        self.say(&rolling::terminating(&leaving, expected));
        course.told = end;
        course.wanted -= expected;
        course.present = self.batch(leaving, expected, seen);
        self.tell_to_go(course);
        Ok(())
    }

    /// Tells the batch's old instances to go; one that cannot be told now is told at the next look.
    fn tell_to_go(&mut self, course: &mut Course) {
        let batch = &mut course.present;
        let replaced = batch
            .leaving
            .iter()
            .take(batch.expected as usize)
            .cloned()
            .collect::<BTreeSet<_>>();
        batch.to_tell.retain(|instance| {
            let input = json!({"InstanceId": instance, "ShouldDecrementDesiredCapacity": !replaced.contains(instance)});
            match raw(self.account, "autoscaling", "TerminateInstanceInAutoScalingGroup", &input) {
                Ok(_) => false,
                // It is gone already.
                Err(error) if error.code == "ValidationError" => false,
                Err(_) => true,
            }
        });
    }

    fn see_off(&mut self, course: &mut Course, seen: &Seen) {
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
        let text = rolling::terminated(
            &batch.leaving,
            course.told as u64,
            course.obsolete.len() as u64,
        );
        self.say(&text);
    }

    /// Whether the batch's new instances are there and have said so.
    fn await_new(
        &mut self,
        policy: &Policy,
        course: &mut Course,
        seen: &Seen,
    ) -> Result<bool, String> {
        let total = course.obsolete.len() as u64;
        let batch = &mut course.present;
        let (expected, now) = (batch.expected, self.account.now);
        if expected == 0 {
            return Ok(true);
        }
        let in_service_only = self.account.cloudformation.dynamics.added_means_in_service;
        let Some(until) = batch.until else {
            let new = seen
                .instances
                .iter()
                .filter(|instance| !batch.seen.contains(&instance.id) && !instance.leaves());
            let there = new
                .filter(|instance| !in_service_only || instance.state == "InService")
                .count() as u64;
            if there >= expected {
                batch.until = Some(now + policy.pause.duration);
                self.say(&rolling::added(policy, expected));
            }
            // A failure may be signalled before the instance was ever seen here.
            self.standing(policy, expected, total)?;
            let within = self.account.cloudformation.dynamics.instances_within;
            if there < expected && now >= course.present.began + within {
                return Err(format!(
                    "Only {there} of {expected} new instance(s) came within {} minutes",
                    within.as_secs() / 60
                ));
            }
            return Ok(false);
        };
        match self.standing(policy, expected, total)? {
            _ if !policy.wait_on_signals => Ok(now >= until),
            Standing::Complete => Ok(true),
            _ if now < until => Ok(false),
            _ => {
                let missing = self
                    .signals(|signals| signals.miss(expected))
                    .unwrap_or_default();
                self.say(&rolling::missing_signals(missing));
                self.standing(policy, expected, total).map(|_| true)
            }
        }
    }

    fn signals<T>(&mut self, see: impl FnOnce(&mut Signals) -> T) -> Option<T> {
        operation::group_work(self.account, self.id, self.name).map(|work| see(&mut work.signals))
    }

    /// How the signals stand.
    fn standing(&mut self, policy: &Policy, expected: u64, total: u64) -> Result<Standing, String> {
        let percent = policy.min_successful_percent;
        let seen = self.signals(|signals| {
            (
                signals.standing(expected, total, percent),
                signals.why(total, percent),
            )
        });
        match seen {
            Some((Standing::Failed, why)) if policy.wait_on_signals => Err(why),
            Some((standing, _)) => Ok(standing),
            None => Ok(Standing::Open),
        }
    }

    /// The sizes and processes are again what they were.
    fn restore(&mut self, policy: &Policy, course: &Course) -> Result<(), String> {
        let sizes = json!({"MinSize": course.sizes.min, "DesiredCapacity": course.sizes.desired});
        self.ask("UpdateAutoScalingGroup", sizes)?;
        self.resume(policy)
    }

    fn resume(&mut self, policy: &Policy) -> Result<(), String> {
        match policy.suspend.is_empty() {
            true => Ok(()),
            false => self.ask(
                "ResumeProcesses",
                json!({"ScalingProcesses": policy.suspend}),
            ),
        }
    }
}
