//! All that was seen of a rollout.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;
use workers::model::group::LifecycleState;

use super::{Batches, FailedExecution, InstancePhase, Pace, Step, Surroundings};
use crate::aws::{Activity, Member, Pause, Service, StackEvent, with_access_in};
use crate::question::{asked_now, is_of_launch};

/// So many entries of the log are kept.
const ENTRIES_KEPT: usize = 500;

/// What was seen.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The stack's name.
    pub stack: String,
    /// The Region.
    pub region: String,
    /// The stack's status.
    pub status: String,
    /// When its operation began.
    pub began: Option<Timestamp>,
    /// The version that new instances come from.
    pub version: String,
    /// How many instances the group has while nothing happens to it.
    pub size: usize,
    /// The instances.
    pub members: Vec<Member>,
    /// The AMI of each launch template version of which an instance was looked at.
    pub amis: BTreeMap<String, String>,
    /// The AMI that the stack's parameter named at its last update.
    pub parameter_ami: Option<String>,
    /// The batches of a rolling update, once it has begun in its present direction.
    pub batches: Option<Batches>,
    /// Whether Auto Scaling replaces the instances, by an instance refresh: of that nobody counts
    /// batches.
    pub is_refresh: bool,
    /// Whether the group is paused.
    pub pause: Option<Pause>,
    /// How fast it goes, once that can be told.
    pub pace: Pace,
    /// The executions that were read, by instance.
    pub asked: BTreeMap<String, Asked>,
    /// How many executions run.
    pub running: usize,
    /// Executions that ended badly, newest first.
    pub ended: Vec<Ended>,
    /// The services that were looked at, by ARN.
    pub services: BTreeMap<String, Service>,
    /// How many services there are, once that is known.
    pub services_listed: Option<usize>,
    /// What happened, newest first.
    pub log: Vec<Entry>,
    /// Whether everything was looked at once.
    pub is_whole: bool,
    /// Since when each instance was seen at the hook at which it is.
    pub at_hook_since: BTreeMap<String, (LifecycleState, Timestamp)>,
    /// When the group was looked at last.
    pub looked_at: Timestamp,
    /// Whether the group was seen to change its version in a rollback: then that leads back.
    pub is_reverted: bool,
}

/// The event of a hook came so late at most: recorded of EventBridge are 1 to 129 s.
const EVENT_LATE_AT_MOST: SignedDuration = SignedDuration::from_secs(129);

/// An execution that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its ARN.
    pub execution: String,
    /// When its hook opened.
    pub began: Option<Timestamp>,
    /// When the question has to be answered, if it has a deadline.
    pub deadline: Option<Timestamp>,
    /// What was said last.
    pub said: LastAnswer,
}

/// What a worker said last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastAnswer {
    /// Which.
    pub worker: &'static str,
    /// Its verdict; empty if it has not answered yet.
    pub verdict: String,
    /// Its reason.
    pub reason: String,
    /// The pause that it waits for the end of, if it waits for one.
    #[serde(rename = "pausedFor", skip_serializing_if = "Option::is_none")]
    pub paused: Option<String>,
    /// Since when it is asked, if it has answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Whether it is about an instance at its launch hook.
    #[serde(skip)]
    pub is_of_launch: bool,
}

/// An execution that ended badly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Its ARN.
    pub execution: String,
    /// The instance that it was about.
    pub instance: String,
    /// Such as `FAILED`.
    pub status: String,
    /// When.
    pub at: Timestamp,
    /// Its error; empty if it has none.
    pub error: String,
    /// The cause of that.
    pub cause: String,
}

impl Ended {
    /// Error and cause.
    pub fn reason(&self) -> String {
        match (self.error.as_str(), self.cause.as_str()) {
            ("", cause) => cause.to_owned(),
            (error, "") => error.to_owned(),
            (error, cause) => format!("{error}: {cause}"),
        }
    }
}

impl From<&Ended> for FailedExecution {
    fn from(ended: &Ended) -> Self {
        Self {
            instance: ended.instance.clone(),
            at: ended.at,
            status: ended.status.clone(),
            error: ended.error.clone(),
            cause: ended.cause.clone(),
        }
    }
}

/// What happened to the stack or the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// The resource, or `scaling`.
    pub subject: String,
    /// Its status.
    pub status: String,
    /// What, and why.
    pub text: String,
}

/// Where an operation leads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Course {
    /// To another AMI.
    #[default]
    Forward,
    /// Back to the AMI before it.
    Back,
    /// The stack is created.
    Creation,
    /// The stack is deleted.
    Deletion,
}

impl Snapshot {
    /// Where the operation leads that goes on, or went on last.
    pub fn course(&self) -> Course {
        match self.status.as_str() {
            "CREATE_IN_PROGRESS" | "CREATE_COMPLETE" => Course::Creation,
            status if status.starts_with("DELETE_") => Course::Deletion,
            status if status.contains("ROLLBACK") => Course::Back,
            _ => Course::Forward,
        }
    }

    /// How many of the group's instances are replaced, and of how many: an old one is replaced once
    /// it is gone, and in a rollback those count that are in service on the old AMI. Nothing is
    /// known before the first look at the group, before an update has reached it, and of a rollback
    /// before that has: until then the new AMI is what instances come from.
    pub fn replaced(&self) -> Option<(usize, usize)> {
        let left = self.pace.left;
        match self.course() {
            Course::Creation => {
                let here = self.members.iter().filter(|one| one.is_in_service());
                Some((here.count().min(self.size), self.size))
            }
            Course::Deletion => None,
            Course::Back if left > 0 && !self.has_turned() => None,
            Course::Back => {
                let members = self.members.iter();
                let back = members.filter(|one| one.is_in_service() && one.version == self.version);
                Some((back.count().min(self.size), self.size))
            }
            Course::Forward => {
                let old = left + self.retained();
                match old {
                    0 if !self.has_begun() => None,
                    // Its size may have been raised already.
                    _ if !self.has_begun() => Some((0, old)),
                    _ => Some((self.size.saturating_sub(old), self.size)),
                }
            }
        }
        .filter(|_| self.size > 0)
    }

    /// Whether a rollback has reached the group.
    fn has_turned(&self) -> bool {
        self.batches.is_some() || self.is_refresh || self.is_reverted
    }

    /// Whether instances may be gone already: CloudFormation has said of how many, or the update is
    /// over. Of an instance refresh CloudFormation says nothing, and it does not raise the group's
    /// size either.
    fn has_begun(&self) -> bool {
        let old = self.pace.left + self.retained();
        let is_refreshed = self.is_refresh && (old > 0 || self.pace.latest.is_some());
        self.batches.is_some() || is_refreshed || !self.status.ends_with("_IN_PROGRESS")
    }

    /// The phase of an instance.
    pub fn phase(&self, member: &Member) -> InstancePhase {
        let around = Surroundings {
            is_paused: self.pause.is_some() && self.keeps_a_pause(),
            drain_is_open: self.drain_is_open(),
        };
        InstancePhase::of(&member.state, self.step(member), around)
    }

    /// Whether the pause keeps this instance where it is.
    pub fn is_paused(&self, member: &Member) -> bool {
        self.phase(member) == InstancePhase::Paused
    }

    /// Whether a pause keeps anything in this operation: nothing is paused in a stack that is
    /// created or deleted.
    fn keeps_a_pause(&self) -> bool {
        matches!(self.course(), Course::Forward | Course::Back)
    }

    fn drain_is_open(&self) -> bool {
        let none = Surroundings {
            is_paused: false,
            drain_is_open: false,
        };
        self.members.iter().any(|one| {
            InstancePhase::of(&one.state, self.step(one), none) == InstancePhase::Draining
        })
    }

    /// What the execution of an instance says.
    fn step(&self, member: &Member) -> Step {
        match self.asked.get(&member.id) {
            Some(asked) => asked.said.step(),
            // Some histories are not read yet, or nothing was asked yet.
            None if self.running > self.asked.len() || !self.is_whole => Step::Unread,
            None => Step::NoExecution,
        }
    }

    /// Instances that are retained and not of the version that the operation leads to: they are not
    /// replaced yet.
    fn retained(&self) -> usize {
        let members = self.members.iter();
        let old = members.filter(|one| one.state.is_retained() && one.version != self.version);
        old.count()
    }

    /// Whether the operation leads to this launch template version.
    pub fn is_target(&self, version: &str) -> bool {
        let is_back = self.course() == Course::Back;
        // Until a rollback has reached the group, that still names the version that failed.
        (version == self.version) != (is_back && self.replaced().is_none())
    }

    /// Notes since when each instance has been at its hook, as seen `now`.
    pub fn note_hooks(&mut self, now: Timestamp) {
        let mut since = std::mem::take(&mut self.at_hook_since);
        self.at_hook_since = self
            .members
            .iter()
            .filter(|one| one.state.is_at_hook())
            .map(|one| {
                let known = since
                    .remove(&one.id)
                    .filter(|(state, _)| *state == one.state);
                let seen = known.unwrap_or_else(|| (one.state.clone(), now));
                (one.id.clone(), seen)
            })
            .collect();
        self.looked_at = now;
    }

    /// Whether the event of an instance's hook, for which no execution runs, may still be on its
    /// way.
    pub fn event_is_on_its_way(&self, member: &Member) -> bool {
        self.at_hook_since
            .get(&member.id)
            .is_some_and(|(_, since)| self.looked_at.duration_since(*since) <= EVENT_LATE_AT_MOST)
    }

    /// The AMI that the operation leads to, once that is known.
    pub fn new_ami(&self) -> Option<&str> {
        let of_version = self.amis.get(&self.version).map(String::as_str);
        let is_under_way = self.status.ends_with("_IN_PROGRESS");
        match self.course() {
            // The stack's parameter may name the AMI that failed until the rollback has ended.
            Course::Back if self.replaced().is_none() => self.old_ami(),
            Course::Back => of_version,
            Course::Deletion => None,
            // Until the update has reached the group, that launches the old AMI.
            Course::Forward if is_under_way && !self.has_reached_group() => None,
            _ => of_version.or(self.parameter_ami.as_deref()),
        }
    }

    /// Whether the update has reached the group: some instance is of another version than new ones,
    /// or CloudFormation replaces instances.
    fn has_reached_group(&self) -> bool {
        self.batches.is_some() || self.pace.left + self.retained() > 0
    }

    /// The AMI that it leads away from.
    pub fn old_ami(&self) -> Option<&str> {
        let others = self.members.iter().map(|one| one.version.as_str());
        let others = others.filter(|version| *version != self.version);
        let newest = others.max_by_key(|version| version.parse::<u64>().ok())?;
        self.amis.get(newest).map(String::as_str)
    }

    /// Adds what happened: the newest is first.
    pub fn happened(&mut self, entries: impl IntoIterator<Item = Entry>) {
        self.log.extend(entries);
        self.log.sort_by_key(|entry| std::cmp::Reverse(entry.at));
        self.log.truncate(ENTRIES_KEPT);
    }
}

impl From<&StackEvent> for Entry {
    fn from(event: &StackEvent) -> Self {
        Self {
            at: event.at,
            subject: event.resource.clone(),
            status: event.status.clone(),
            text: event.reason.clone(),
        }
    }
}

impl From<&Activity> for Entry {
    fn from(activity: &Activity) -> Self {
        Self {
            at: activity.ended.unwrap_or(activity.began),
            subject: "scaling".to_owned(),
            status: activity.status.clone(),
            text: match activity.is_foreign() {
                true => format!("{}: {}", activity.description, activity.cause),
                false => activity.description.clone(),
            },
        }
    }
}

impl LastAnswer {
    /// What the answers in an execution's input say last.
    pub fn last(input: &Value) -> Self {
        let worker = asked_now(input).name();
        let text = |member: &str| {
            input[worker][member]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        let since = input[worker]["since"].as_str();
        let paused = input[worker]["paused"]["why"].as_str();
        Self {
            paused: paused.map(str::to_owned),
            is_of_launch: is_of_launch(input),
            since: since.and_then(|since| since.parse().ok()),
            worker,
            verdict: text("verdict"),
            reason: with_access_in(&text("reason")),
        }
    }
}
