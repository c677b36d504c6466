//! The lives of the instances: the phases of their executions, and what was between them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::{Kind, Passage, Phase, Source};
use crate::aws::Activity;

/// An instance in the roll.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Life {
    /// Its id.
    pub id: String,
    /// The launch template's version that it came from, if the group has it still.
    pub version: Option<String>,
    /// Where it came from.
    pub origin: Origin,
    /// What became of it.
    pub end: End,
    /// Why, if something went wrong.
    pub reason: String,
    /// What went on with it, one after the other.
    pub phases: Vec<Phase>,
}

/// Where an instance came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Origin {
    /// It was there before.
    Before,
    /// It was launched meanwhile.
    Launched,
    /// It was launched while the stack rolled back.
    LaunchedOnTheWayBack,
}

/// What became of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum End {
    /// It serves.
    InService,
    /// It waits in the warm pool.
    InPool,
    /// It was let go.
    Gone,
    /// Its launch was given up.
    Abandoned,
    /// Its drain failed, and it is kept for a person.
    Retained,
    /// It is kept for its standalone tasks.
    Kept,
    /// An execution failed without an answer to its hook.
    HookLeftOpen,
    /// Something goes on with it.
    UnderWay,
}

impl End {
    /// In a few words.
    pub fn words(self) -> &'static str {
        match self {
            Self::InService => "in service",
            Self::InPool => "in the warm pool",
            Self::Gone => "let go",
            Self::Abandoned => "launch given up",
            Self::Retained => "retained: its drain failed",
            Self::Kept => "kept for its standalone tasks",
            Self::HookLeftOpen => "hook left open",
            Self::UnderWay => "under way",
        }
    }

    /// Whether a person has to do something about it, or something went wrong with it.
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Abandoned | Self::Retained | Self::HookLeftOpen)
    }
}

impl Origin {
    /// In a few words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Before => "there before",
            Self::Launched => "launched",
            Self::LaunchedOnTheWayBack => "launched on the way back",
        }
    }
}

/// What is known of an instance.
#[derive(Default)]
struct Known<'a> {
    launch: Option<&'a Activity>,
    leave: Option<&'a Activity>,
    passages: Vec<&'a Passage>,
}

/// A life while it is told: as far as `until`, with what is between the executions.
struct Telling<'a> {
    known: &'a Known<'a>,
    phases: Vec<Phase>,
    end: Timestamp,
}

/// The lives of all, as far as `end`.
pub fn lives(source: &Source, end: Timestamp) -> Vec<Life> {
    let mut known: BTreeMap<&str, Known<'_>> = BTreeMap::new();
    for activity in &source.activities {
        let Some(instance) = activity.instance() else {
            continue;
        };
        let one = known.entry(instance).or_default();
        match activity.launches() {
            true => one.launch = Some(activity),
            false => one.leave = Some(activity),
        }
    }
    for passage in source.passages.iter().filter(|it| !it.instance.is_empty()) {
        let one = known.entry(&passage.instance).or_default();
        one.passages.push(passage);
    }
    let back = way_back(source);
    let mut lives: Vec<(Timestamp, Life)> = known
        .into_iter()
        .map(|(id, mut one)| {
            one.passages.sort_by_key(|it| it.started);
            let life = one.life(id, (source, back, end));
            (one.first().unwrap_or(end), life)
        })
        .collect();
    lives.sort_by(|a, b| (a.0, &a.1.id).cmp(&(b.0, &b.1.id)));
    lives.into_iter().map(|(_, life)| life).collect()
}

/// When the stack began to roll back, if it did.
fn way_back(source: &Source) -> Option<Timestamp> {
    let mut events = source.events.iter();
    let back = events.find(|it| it.resource == source.stack && it.status.contains("ROLLBACK"));
    back.map(|it| it.at)
}

impl<'a> Known<'a> {
    /// When something began with it.
    fn first(&self) -> Option<Timestamp> {
        let activities = [self.launch, self.leave].into_iter().flatten();
        let passages = self.passages.iter().map(|it| it.started);
        activities.map(|it| it.began).chain(passages).min()
    }

    fn life(&self, id: &str, (source, back, end): (&Source, Option<Timestamp>, Timestamp)) -> Life {
        let launches = self.passages.first().is_some_and(|it| it.launches);
        let origin = match self
            .launch
            .map(|it| it.began)
            .or_else(|| launches.then(|| self.first()).flatten())
        {
            None => Origin::Before,
            Some(at) if back.is_some_and(|back| at >= back) => Origin::LaunchedOnTheWayBack,
            Some(_) => Origin::Launched,
        };
        let mut telling = Telling {
            known: self,
            phases: Vec::new(),
            end,
        };
        telling.tell(source.began);
        let phases = telling.phases;
        let member = source.members.iter().find(|it| it.id == id);
        let (became, reason) = self.became(phases.last());
        Life {
            id: id.to_owned(),
            version: member.map(|it| it.version.clone()),
            origin,
            end: became,
            reason,
            phases,
        }
    }

    fn became(&self, last: Option<&Phase>) -> (End, String) {
        let left = self.leave.is_some_and(|it| it.ended.is_some());
        let of = self.passages.last().copied();
        let why = |passage: &Passage| passage.cause.clone();
        if let Some(passage) = of {
            match passage.error.as_str() {
                "DrainFailed" if !left => return (End::Retained, why(passage)),
                "HookLeftOpen" if !left => return (End::HookLeftOpen, why(passage)),
                _ => {}
            }
            if passage.states.contains_key("InstanceKept") && !left {
                let reason = last.map(|it| it.waited_for.clone()).unwrap_or_default();
                return (End::Kept, reason);
            }
        }
        let given_up = self
            .passages
            .iter()
            .find(|it| it.error == "LaunchAbandoned");
        if let Some(passage) = given_up {
            return (End::Abandoned, why(passage));
        }
        if self
            .launch
            .is_some_and(|it| ["Failed", "Cancelled"].contains(&it.status.as_str()))
        {
            let message = self.launch.map(|it| it.message.clone());
            return (End::Abandoned, message.unwrap_or_default());
        }
        let runs = of.is_some_and(|it| it.stopped.is_none());
        let end = match last.map(|it| it.kind) {
            Some(Kind::InService) if !runs => End::InService,
            Some(Kind::InPool) if !runs => End::InPool,
            _ if left => End::Gone,
            _ => End::UnderWay,
        };
        // What stopped a roll is told where it was noticed.
        let reason = of.filter(|it| it.error == "RollStopped").map(why);
        (end, reason.unwrap_or_default())
    }
}

impl Telling<'_> {
    fn tell(&mut self, began: Timestamp) {
        let known = self.known;
        let first = known.passages.first().map(|it| it.started);
        match (known.launch, first) {
            (Some(launch), _) => {
                let until = first.or(launch.ended).unwrap_or(self.end);
                self.put(Kind::Launching, launch.began, until);
            }
            (None, Some(first)) => {
                let leaves = known.leave.map_or(first, |it| it.began.min(first));
                self.put(Kind::InService, began, leaves);
                self.put(Kind::Terminating, leaves, first);
            }
            (None, None) => {
                let leaves = known.leave.map_or(self.end, |it| it.began);
                self.put(Kind::InService, began, leaves);
            }
        }
        for (place, passage) in known.passages.iter().enumerate() {
            for phase in &passage.phases {
                let last = self.phases.last().map_or(began, |it| it.ended);
                if phase.began >= last {
                    self.phases.push(phase.clone());
                }
            }
            let next = known.passages.get(place + 1).map(|it| it.started);
            if let Some(stopped) = passage.stopped {
                self.after(passage, stopped, next);
            }
        }
        if known.passages.is_empty() {
            let served = known.launch.and_then(|it| it.ended);
            let leaves = known.leave.map(|it| it.began);
            if let Some(served) =
                served.filter(|_| known.launch.is_some_and(|it| it.status == "Successful"))
            {
                self.put(Kind::InService, served, leaves.unwrap_or(self.end));
            }
            if let Some(leaves) = leaves {
                self.put(Kind::Terminating, leaves, self.gone());
            }
        }
    }

    /// What came after an execution, until the next one began, or until the end.
    fn after(&mut self, passage: &Passage, stopped: Timestamp, next: Option<Timestamp>) {
        let leave = self.known.leave;
        let rests = match (passage.error.as_str(), passage.launches) {
            ("DrainFailed", _) => Some(Kind::Retained),
            ("HookLeftOpen", _) => Some(Kind::HookOpen),
            _ if passage.states.contains_key("InstanceKept") => Some(Kind::Retained),
            ("LaunchAbandoned", _) | (_, false) if !passage.to_pool => None,
            _ if passage.to_pool => Some(Kind::InPool),
            _ => Some(Kind::InService),
        };
        let until = next.unwrap_or(self.end);
        let Some(kind) = rests else {
            let gone = next.unwrap_or_else(|| self.gone());
            return self.put(Kind::Terminating, stopped, gone);
        };
        match leave.filter(|it| it.began > stopped && it.began <= until) {
            Some(leave) => {
                self.put(kind, stopped, leave.began);
                let gone = next.unwrap_or_else(|| self.gone());
                self.put(Kind::Terminating, leave.began, gone);
            }
            None => self.put(kind, stopped, until),
        }
    }

    /// When it was gone, as far as is known.
    fn gone(&self) -> Timestamp {
        let activities = [self.known.leave, self.known.launch];
        let ended = activities.into_iter().flatten().find_map(|it| it.ended);
        ended.unwrap_or(self.end)
    }

    fn put(&mut self, kind: Kind, from: Timestamp, to: Timestamp) {
        if to > from {
            self.phases.push(Phase::between(kind, from, to));
        }
    }
}
