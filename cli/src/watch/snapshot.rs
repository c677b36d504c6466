//! All that was seen of a rollout.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use workers::model::group::LifecycleState;

use super::{Asked, Batches, Ended, Entry, InstancePhase, Pace, Step, Surroundings};
use crate::aws::{Member, Pause, Service};

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
