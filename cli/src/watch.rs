//! A rollout as it is seen from outside: how things stand, and what has changed since the last
//! look. Nothing here asks AWS.
//!
//! - `sight`: all that was seen; [`Standing`]: as much of it as is told when it changes.
//! - `change`: what has changed; `told`: changes as lines. `news`: which events and activities are
//!   new.
//! - `cause`: why it did not end well. `phase`: whether an instance is queued, paused or draining.
//! - `pace`: when the rollout is expected to end; `batches`: which batch is under way. `ending`:
//!   what came of it. `words`: what is shown of an answer, and of a pause.
//! - `row`: the instances, and what each waits for. `status`: all that one look finds.

mod asked;
mod batches;
mod cause;
mod change;
mod deltas;
mod ended;
mod ending;
mod entry;
mod format;
mod last_answer;
mod pace;
mod pauses;
mod phase;
mod row;
mod snapshot;
mod status;

use std::collections::BTreeMap;

use jiff::Timestamp;
use workers::model::group::LifecycleState;

use crate::aws::{Pause, Service};

pub use asked::{Asked, LastAnswer};
pub use batches::Batches;
pub use cause::{Cause, FailedExecution, Operation, cancels, of_last_operation};
pub use change::Change;
pub use deltas::{Activities, BEGINS, BELONGS, Events, batch_times_out, size_at_beginning};
pub use ended::Ended;
pub use ending::{Ending, and_the_same, end_retained};
pub use entry::Entry;
pub use format::{how_far, paused, resume_command, why_retained};
pub use pace::{Expected, Pace};
pub use pauses::{PauseSpan, Pauses};
pub use phase::{InstancePhase, PhaseCounts, Step, Surroundings};
pub use row::{Rank, Row};
pub use snapshot::{Course, Snapshot};
pub use status::{Outcome, Status, StatusLine, Tone};

/// How things stand.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Standing {
    /// The stack's status.
    pub status: String,
    /// The version that new instances come from.
    pub version: String,
    /// Each instance of the group: where it stands, and the launch template's version that it came
    /// from.
    pub members: BTreeMap<String, (String, String)>,
    /// What was said last about each instance at a hook.
    pub said: BTreeMap<String, LastAnswer>,
    /// The services, by name, as far as they were looked at.
    pub services: BTreeMap<String, Service>,
    /// The AMI of the version.
    pub ami: Option<String>,
    /// Where the operation leads.
    pub course: Course,
    /// How many instances are replaced, and of how many, see [`Snapshot::replaced`].
    pub replaced: Option<(usize, usize)>,
    /// Whether the group is paused.
    pub pause: Option<Pause>,
    /// The phase of each instance of the group.
    pub phases: BTreeMap<String, InstancePhase>,
    /// When CloudFormation gives the batch up.
    pub times_out: Option<Timestamp>,
    /// The stack's name.
    pub stack: String,
}

impl Standing {
    /// As much of a sight as is told when it changes.
    pub fn of(sight: &Snapshot) -> Self {
        let members = sight.members.iter().map(|one| {
            let standing = (one.state.to_string(), one.version.clone());
            (one.id.clone(), standing)
        });
        let members: BTreeMap<String, (String, String)> = members.collect();
        let here = sight.asked.iter();
        let here = here.filter(|(id, _)| members.contains_key(id.as_str()));
        let services = sight.services.iter();
        Self {
            status: sight.status.clone(),
            version: sight.version.clone(),
            said: here
                .map(|(id, asked)| (id.clone(), asked.said.clone()))
                .collect(),
            services: services
                .map(|(_, one)| (one.name.clone(), one.clone()))
                .collect(),
            members,
            ami: sight.new_ami().map(str::to_owned),
            course: sight.course(),
            replaced: sight.replaced(),
            pause: sight.pause.clone(),
            phases: phases(sight),
            times_out: sight.batches.as_ref().and_then(Batches::times_out),
            stack: sight.stack.clone(),
        }
    }

    /// What has changed since `before`, or, at the first look, what is under way.
    pub fn since(&self, before: Option<&Self>, now: Timestamp) -> Vec<Change> {
        let mut changes = Vec::new();
        if before.is_none_or(|before| before.status != self.status) {
            let status = self.status.clone();
            changes.push(Change::Stack { status });
        }
        let known = |id: &str| before.and_then(|before| before.members.get(id));
        for (id, (state, version)) in &self.members {
            let is_new = match before {
                Some(_) => known(id).is_none_or(|(then, _)| then != state),
                None => state != "InService",
            };
            if is_new {
                changes.push(instance(id, state, version));
            }
        }
        for (id, (_, version)) in before.iter().flat_map(|before| &before.members) {
            if !self.members.contains_key(id) {
                changes.push(instance(id, "gone", version));
            }
        }
        for (id, said) in &self.said {
            let then = before.and_then(|before| before.said.get(id));
            let same = then
                .is_some_and(|then| (then.worker, &then.verdict) == (said.worker, &said.verdict));
            if !same && !said.verdict.is_empty() {
                changes.push(Change::Answer {
                    instance: id.clone(),
                    said: said.clone(),
                });
            }
        }
        changes.extend(self.services_since(before));
        if before.and_then(|before| before.pause.as_ref()) != self.pause.as_ref() {
            changes.push(self.pause_change(now));
        }
        let same = |before: &Self| before.members == self.members && before.phases == self.phases;
        if before.is_none_or(|before| !same(before)) {
            changes.push(self.progress());
        }
        changes
    }

    /// The services that have fallen below their desired counts, or further below, and those that
    /// have come back.
    fn services_since(&self, before: Option<&Self>) -> Vec<Change> {
        let missing = |one: &Service| (one.desired - one.running).max(0);
        let changed = self.services.values().filter(|one| {
            let then = before.and_then(|before| before.services.get(&one.name));
            let (then, now) = (then.map_or(0, missing), missing(one));
            now > then || (now == 0 && then > 0)
        });
        let change = |one: &Service| Change::Service {
            service: one.name.clone(),
            running: one.running,
            desired: one.desired,
            pending: one.pending,
            message: match missing(one) {
                0 => String::new(),
                _ => one.message.clone(),
            },
        };
        changed.map(change).collect()
    }

    /// That it is paused, or resumed.
    fn pause_change(&self, now: Timestamp) -> Change {
        let pause = self.pause.as_ref();
        let words = pause.map(|pause| paused(pause, self.times_out, now, &self.stack));
        Change::Pause {
            paused: pause.is_some(),
            reason: pause.map_or_else(String::new, |pause| pause.why.clone()),
            since: pause.and_then(|pause| pause.since),
            times_out: self.times_out.filter(|_| pause.is_some()),
            words: words.unwrap_or_else(|| "The rollout proceeds.".to_owned()),
        }
    }

    /// How far it is.
    pub fn progress(&self) -> Change {
        let is_paused = |id: &String| self.phases.get(id) == Some(&InstancePhase::Paused);
        let count = |test: &dyn Fn(&LifecycleState) -> bool| {
            let moving = self.members.iter().filter(|(id, _)| !is_paused(id));
            moving
                .filter(|(_, (state, _))| test(&LifecycleState::from_name(state)))
                .count()
        };
        let phases = PhaseCounts::of(self.phases.values().copied());
        let leaving = count(&LifecycleState::awaits_end);
        let in_service = |state: &LifecycleState| *state == LifecycleState::InService;
        Change::Progress {
            version: self.version.clone(),
            course: self.course.clone(),
            ami: self.ami.clone(),
            replaced: self.replaced.map(|(replaced, _)| replaced),
            of: self.replaced.map_or(self.members.len(), |(_, of)| of),
            in_service: count(&in_service),
            drains: phases.draining,
            waiting_to_drain: leaving - phases.draining,
            retained: count(&LifecycleState::is_retained),
            at_launch: count(&LifecycleState::awaits_launch),
            paused: phases.paused,
        }
    }
}

fn phases(sight: &Snapshot) -> BTreeMap<String, InstancePhase> {
    let members = sight.members.iter();
    members
        .map(|one| (one.id.clone(), sight.phase(one)))
        .collect()
}

/// A reason without the instance that it is about, where that is shown beside it: whatever it
/// begins with, and whatever is `on` it.
pub fn without_instance(reason: &str, instance: &str) -> String {
    let rest = reason.strip_prefix(instance).map(str::trim_start);
    let rest = rest.unwrap_or(reason);
    rest.replace(&format!(" on {instance}"), "")
}

fn instance(id: &str, state: &str, version: &str) -> Change {
    Change::Instance {
        instance: id.to_owned(),
        state: state.to_owned(),
        version: version.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn standing(status: &str, members: &[(&str, &str, &str)]) -> Standing {
        let none = Surroundings {
            is_paused: false,
            drain_is_open: false,
        };
        let (mut versions, mut phases) = (BTreeMap::new(), BTreeMap::new());
        for (id, state, version) in members {
            let phase = InstancePhase::of(&LifecycleState::from_name(state), Step::Proceeds, none);
            versions.insert(
                (*id).to_owned(),
                ((*state).to_owned(), (*version).to_owned()),
            );
            phases.insert((*id).to_owned(), phase);
        }
        Standing {
            status: status.to_owned(),
            version: "10".to_owned(),
            replaced: Some((1, 2)),
            members: versions,
            phases,
            ..Standing::default()
        }
    }

    fn now() -> Timestamp {
        "2026-11-23T10:15:00Z".parse().expect("a time")
    }

    #[test]
    fn a_pause_is_reported_with_its_reason_and_again_when_it_ends() {
        let before = standing("UPDATE_IN_PROGRESS", &[]);
        let mut held = before.clone();
        held.stack = "ecs-cluster".to_owned();
        held.pause = Some(Pause {
            why: "sale".to_owned(),
            since: "2026-11-23T10:00:00Z".parse().ok(),
        });
        held.times_out = "2026-11-23T10:30:00Z".parse().ok();
        let told = held.since(Some(&before), now());
        assert_eq!(
            serde_json::to_value(&told).expect("JSON"),
            json!([{"kind": "pause", "paused": true, "reason": "sale", "since": "2026-11-23T10:00:00Z",
                "batchTimesOut": "2026-11-23T10:30:00Z"}])
        );
        assert_eq!(
            told[0].to_string(),
            "paused              PAUSED since 10:00:00Z (15m00s): sale. CloudFormation gives the batch up in 15m00s, at \
             10:30:00Z. Resume: ecs-rollout resume ecs-cluster"
        );
        assert_eq!(held.since(Some(&held), now()), []);
        let told = before.since(Some(&held), now());
        assert_eq!(
            told[0].to_string(),
            "resumed             The rollout proceeds."
        );
    }

    #[test]
    fn a_reason_does_not_repeat_the_instance_beside_it() {
        let of = |reason| without_instance(reason, "i-1");
        assert_eq!(of("i-1 is held by i-12"), "is held by i-12");
        assert_eq!(
            of("3 tasks on i-1 not STOPPED: a on i-2"),
            "3 tasks not STOPPED: a on i-2"
        );
        assert_eq!(of("Waiting for i-2"), "Waiting for i-2");
    }

    #[test]
    fn the_first_look_reports_what_is_under_way_and_the_next_what_has_changed() {
        let first = standing(
            "UPDATE_IN_PROGRESS",
            &[
                ("i-1", "InService", "9"),
                ("i-2", "Terminating:Wait", "9"),
                ("i-3", "Pending:Wait", "10"),
            ],
        );
        let told = first.since(None, now());
        let expected = [
            json!({"kind": "stack", "status": "UPDATE_IN_PROGRESS"}),
            json!({"kind": "instance", "instance": "i-2", "state": "Terminating:Wait", "version": "9"}),
            json!({"kind": "instance", "instance": "i-3", "state": "Pending:Wait", "version": "10"}),
            json!({"kind": "progress", "version": "10", "replaced": 1, "of": 2, "inService": 1, "drains": 1, "waitingToDrain": 0, "retained": 0,
                "atLaunch": 1, "paused": 0}),
        ];
        assert_eq!(serde_json::to_value(told).expect("JSON"), json!(expected));
        assert_eq!(first.since(Some(&first), now()), []);

        let mut second = standing(
            "UPDATE_IN_PROGRESS",
            &[("i-1", "InService", "9"), ("i-3", "InService", "10")],
        );
        let input = json!({
            "detail": {"LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING"},
            "joined": {"verdict": "Reached"}, "stable": {"verdict": "NotYet", "reason": "held"},
        });
        second
            .said
            .insert("i-3".to_owned(), LastAnswer::last(&input));
        let told = second.since(Some(&first), now());
        let expected = [
            json!({"kind": "instance", "instance": "i-3", "state": "InService", "version": "10"}),
            json!({"kind": "instance", "instance": "i-2", "state": "gone", "version": "9"}),
            json!({"kind": "answer", "instance": "i-3", "worker": "stable", "verdict": "NotYet", "reason": "held"}),
            json!({"kind": "progress", "version": "10", "replaced": 1, "of": 2, "inService": 2, "drains": 0, "waitingToDrain": 0, "retained": 0,
                "atLaunch": 0, "paused": 0}),
        ];
        assert_eq!(serde_json::to_value(told).expect("JSON"), json!(expected));
        // Another reason for the same verdict is no news.
        let mut third = second.clone();
        if let Some(said) = third.said.get_mut("i-3") {
            said.reason = "held still".to_owned();
        }
        assert_eq!(third.since(Some(&second), now()), []);
    }

    #[test]
    fn a_service_is_reported_when_it_falls_further_and_when_it_is_back() {
        let with = |running: i32| {
            let web = Service {
                name: "web".to_owned(),
                desired: 4,
                running,
                pending: 4 - running,
                message: "unable to place a task".to_owned(),
            };
            Standing {
                services: BTreeMap::from([("web".to_owned(), web)]),
                ..standing("UPDATE_IN_PROGRESS", &[])
            }
        };
        let told = |before: Option<&Standing>, now: &Standing| -> Vec<String> {
            let changes = now.since(before, Timestamp::UNIX_EPOCH).into_iter();
            changes
                .filter(|change| matches!(change, Change::Service { .. }))
                .map(|change| change.to_string())
                .collect()
        };
        assert_eq!(told(None, &with(4)), [""; 0]);
        let short =
            "web                 3 of 4 running             1 pending: unable to place a task";
        assert_eq!(told(None, &with(3)), [short]);
        assert_eq!(told(Some(&with(4)), &with(3)), [short]);
        // A little better is no news: it comes and goes with every task that starts.
        assert_eq!(told(Some(&with(2)), &with(3)), [""; 0]);
        assert_eq!(told(Some(&with(3)), &with(2)).len(), 1);
        assert_eq!(
            told(Some(&with(3)), &with(4)),
            ["web                 4 of 4 running"]
        );
    }
}
