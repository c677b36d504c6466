//! The instances: what is stuck comes first, then what is under way, longest first.

use jiff::Timestamp;
use workers::model::group::LifecycleState;

use super::{Item, List, Mood, Text, cell};
use crate::aws::Member;
use crate::watch::{Asked, Snapshot, end_retained, why_retained, without_instance};

/// The place of the column with the state.
const STATE: usize = 2;

/// In which order they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Stuck,
    Paused,
    Leaving,
    Coming,
    Moving,
    Old,
    New,
}

struct Row<'a> {
    member: &'a Member,
    asked: Option<&'a Asked>,
    rank: Rank,
    since: Option<Timestamp>,
}

pub fn list(sight: &Snapshot) -> List {
    let mut rows: Vec<Row<'_>> = sight.members.iter().map(|it| row(it, sight)).collect();
    rows.sort_by_key(|row| {
        // Of those about which nothing is known yet nobody can tell how long.
        let since = row.since.unwrap_or(Timestamp::MAX);
        (row.rank, since, &row.member.id)
    });
    let stuck = rows.iter().filter(|row| row.rank == Rank::Stuck).count();
    let paused = rows.iter().filter(|row| row.rank == Rank::Paused).count();
    let moving = rows.iter().filter(|row| row.member.moves()).count() - paused;
    let all = rows.len();
    let items = rows.iter().map(|row| item(row, sight)).collect();
    // The AMI makes room first, then the state: where an instance has no reason, that is shown
    // instead.
    let columns = [
        ("instance", 0),
        ("AMI", 3),
        ("state", 2),
        ("for", 1),
        ("reason", 0),
    ];
    let list = List::new(&columns, items);
    let need = if stuck == 1 { "needs" } else { "need" };
    let parts = [
        (moving, format!("{moving} under way")),
        (paused, format!("{paused} paused")),
        (stuck, format!("{stuck} {need} you")),
    ];
    let parts = parts.into_iter().filter(|(count, _)| *count > 0);
    let parts = std::iter::once(format!("{all}")).chain(parts.map(|(_, text)| text));
    let summary = parts.collect::<Vec<_>>().join(", ");
    let severity = match (stuck, paused) {
        (0, 0) => Mood::Quiet,
        (0, _) => Mood::Waiting,
        _ => Mood::Bad,
    };
    list.titled(summary, severity)
}

fn row<'a>(member: &'a Member, sight: &'a Snapshot) -> Row<'a> {
    let asked = sight.asked.get(&member.id).filter(|_| member.moves());
    let refused = asked.is_some_and(|asked| asked.said.verdict == "Never");
    let rank = match &member.state {
        state if refused || state.can_be_ended() => Rank::Stuck,
        _ if sight.is_paused(member) => Rank::Paused,
        LifecycleState::InService if sight.is_target(&member.version) => Rank::New,
        LifecycleState::InService => Rank::Old,
        state if state.awaits_launch() || *state == LifecycleState::PendingProceed => Rank::Coming,
        state if state.is_draining() || *state == LifecycleState::TerminatingProceed => {
            Rank::Leaving
        }
        _ if member.moves() => Rank::Moving,
        _ => Rank::Old,
    };
    let since = asked.and_then(|asked| asked.said.since.or(asked.began));
    Row {
        member,
        asked,
        rank,
        since,
    }
}

fn item(row: &Row<'_>, sight: &Snapshot) -> Item {
    let member = row.member;
    let severity = match row.rank {
        Rank::Stuck => Mood::Bad,
        Rank::Paused | Rank::Leaving | Rank::Moving => Mood::Waiting,
        Rank::Coming => Mood::Coming,
        Rank::Old => Mood::Plain,
        Rank::New => Mood::Good,
    };
    let ami = match sight.amis.get(&member.version) {
        Some(ami) => ami.clone(),
        None => format!("version {}", member.version),
    };
    let ami_mood = if sight.is_target(&member.version) {
        Mood::Good
    } else {
        Mood::Quiet
    };
    let state = member.state.to_string();
    let reason = reason(row, sight);
    let last = if reason.is_empty() {
        (Text::Unless(STATE, state.clone()), severity)
    } else {
        cell(brief(row, &reason), Mood::Plain)
    };
    Item {
        key: member.id.clone(),
        cells: vec![
            cell(&member.id, severity),
            cell(ami, ami_mood),
            cell(state, severity),
            (Text::Since(row.since), Mood::Plain),
            last,
        ],
        whole: reason,
        execution: row.asked.map(|asked| asked.execution.clone()),
    }
}

/// A reason in little room, where its end may be cut: what goes on comes first, then what is waited
/// for.
fn brief(row: &Row<'_>, reason: &str) -> String {
    let said = row.asked.map(|asked| &asked.said);
    match (said, reason.strip_prefix("Waiting for ")) {
        (Some(said), Some(rest)) => format!("{}: {rest}", said.in_a_word()),
        _ => reason.to_owned(),
    }
}

fn reason(row: &Row<'_>, sight: &Snapshot) -> String {
    let member = row.member;
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
    match row.asked {
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
