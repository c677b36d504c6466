//! The instances of the group in the order in which they need attention: what is stuck comes first,
//! then what is under way, longest first; each with what it waits for, and since when.

use jiff::Timestamp;
use workers::model::group::LifecycleState;

use super::{Asked, Snapshot, end_retained, why_retained, without_instance};
use crate::aws::Member;

/// In which order the instances stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// It needs you.
    Stuck,
    /// The pause keeps it where it is.
    Paused,
    /// It leaves the group.
    Leaving,
    /// It enters the group.
    Coming,
    /// Anything else that is under way.
    Moving,
    /// It is at rest, and not on what the operation leads to.
    Old,
    /// It is in service on what the operation leads to.
    New,
}

/// An instance of the group.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The instance.
    pub member: &'a Member,
    /// Its execution, if that was read.
    pub asked: Option<&'a Asked>,
    /// Where it stands among the others.
    pub rank: Rank,
    /// Since when it waits for what it waits for.
    pub since: Option<Timestamp>,
}

impl<'a> Row<'a> {
    /// All instances of the group, in order.
    pub fn all(sight: &'a Snapshot) -> Vec<Self> {
        let mut rows: Vec<Self> = sight.members.iter().map(|it| Self::of(it, sight)).collect();
        rows.sort_by_key(|row| {
            // How long an instance waits of which nothing is known yet, nobody knows.
            let since = row.since.unwrap_or(Timestamp::MAX);
            (row.rank, since, &row.member.id)
        });
        rows
    }

    fn of(member: &'a Member, sight: &'a Snapshot) -> Self {
        let asked = sight.asked.get(&member.id).filter(|_| member.moves());
        let refused = asked.is_some_and(|asked| asked.said.verdict == "Never");
        let rank = match &member.state {
            state if refused || state.can_be_ended() => Rank::Stuck,
            _ if sight.is_paused(member) => Rank::Paused,
            LifecycleState::InService if sight.is_target(&member.version) => Rank::New,
            LifecycleState::InService => Rank::Old,
            state if state.awaits_launch() || *state == LifecycleState::PendingProceed => {
                Rank::Coming
            }
            state if state.is_draining() || *state == LifecycleState::TerminatingProceed => {
                Rank::Leaving
            }
            _ if member.moves() => Rank::Moving,
            _ => Rank::Old,
        };
        let since = asked.and_then(|asked| asked.said.since.or(asked.began));
        Self {
            member,
            asked,
            rank,
            since,
        }
    }

    /// What it waits for, or what it needs; nothing of an instance at rest.
    pub fn reason(&self, sight: &Snapshot) -> String {
        let member = self.member;
        if member.state.can_be_ended() {
            return format!(
                "{}, retained for you. Next: {}",
                why_retained(&member.state),
                end_retained(&[&member.id], "")
            );
        }
        if sight.is_paused(member) {
            let (what, next) = if member.state.awaits_end() {
                ("the drain has not begun, tasks keep running", "It drains")
            } else {
                (
                    "the instance runs tasks, and waits at its launch hook",
                    "It is admitted",
                )
            };
            return format!("Paused: {what}. {next} after you resume.");
        }
        let at_a_hook = member.state.awaits_end() || member.state == LifecycleState::PendingWait;
        match self.asked {
        Some(asked) if asked.said.reason.is_empty() => asked.said.situation().to_owned(),
        Some(asked) => without_instance(&asked.said.reason, &member.id),
        // Some histories are not read yet.
        None if sight.running > sight.asked.len() => String::new(),
        None if at_a_hook && sight.is_whole && sight.event_is_on_its_way(member) => {
            "No execution is running yet: its event is on its way, up to 2m late.".to_owned()
        }
        None if at_a_hook && sight.is_whole => {
            "No execution is running: its event is late or lost. The reconciler starts one within 9m.".to_owned()
        }
        None => String::new(),
    }
    }
}
