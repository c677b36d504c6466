//! All that was seen of a rollout.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use workers::model::group::LifecycleState;

use super::{Batches, Pace};
use crate::aws::{Activity, Member, Pause, Service, StackEvent, with_access_in};
use crate::explanation::{asked_now, is_of_launch};

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
}

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
    /// Error and cause.
    pub reason: String,
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
            Course::Back if left > 0 && self.batches.is_none() && !self.is_refresh => None,
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

    /// Whether instances may be gone already: CloudFormation has said of how many, or the update is
    /// over. Of an instance refresh CloudFormation says nothing, and it does not raise the group's
    /// size either.
    fn has_begun(&self) -> bool {
        let old = self.pace.left + self.retained();
        let is_refreshed = self.is_refresh && (old > 0 || self.pace.latest.is_some());
        self.batches.is_some() || is_refreshed || !self.status.ends_with("_IN_PROGRESS")
    }

    /// Whether the pause keeps this instance where it is: its drain has not begun, or it waits at
    /// its launch hook and no drain is open that it waits for. Nothing is paused in a stack that is
    /// created or deleted.
    pub fn is_paused(&self, member: &Member) -> bool {
        let counts = matches!(self.course(), Course::Forward | Course::Back);
        if self.pause.is_none() || !counts {
            return false;
        }
        if member.state.awaits_end() {
            return !self.drains(member);
        }
        let asked = self.asked.get(&member.id);
        let is_queued = asked.is_some_and(|asked| asked.said.is_queued());
        let has_open = self.members.iter().any(|one| self.drains(one));
        member.state == LifecycleState::PendingWait && is_queued && !has_open
    }

    /// Whether the drain of this instance has begun. Until its execution has been read, nobody
    /// knows: the pause lets drains continue, so this one counts as one that does.
    pub fn drains(&self, member: &Member) -> bool {
        let asked = self.asked.get(&member.id);
        let waits = asked.is_some_and(|asked| asked.said.waits_to_drain());
        member.state.awaits_end() && !waits
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

    /// The AMI that the operation leads to.
    pub fn new_ami(&self) -> Option<&str> {
        let of_version = self.amis.get(&self.version).map(String::as_str);
        match self.course() {
            // The stack's parameter may name the AMI that failed until the rollback has ended.
            Course::Back if self.replaced().is_none() => self.old_ami(),
            Course::Back => of_version,
            Course::Deletion => None,
            _ => of_version.or(self.parameter_ami.as_deref()),
        }
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
