//! The instances: what is stuck comes first, then what is under way, longest first.

use jiff::Timestamp;
use workers::model::group::LifecycleState;

use super::{Item, List, Mood, Text, cell};
use crate::aws::Member;
use crate::watching::{Asked, Sight, end_retained, without_instance};

/// The place of the column with the state.
const STATE: usize = 2;

/// In which order they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Stuck,
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

pub fn list(sight: &Sight) -> List {
    let mut rows: Vec<Row<'_>> = sight.members.iter().map(|it| row(it, sight)).collect();
    rows.sort_by_key(|row| {
        // Of those about which nothing is known yet nobody can tell how long.
        let since = row.since.unwrap_or(Timestamp::MAX);
        (row.rank, since, &row.member.id)
    });
    let stuck = rows.iter().filter(|row| row.rank == Rank::Stuck).count();
    let moving = rows.iter().filter(|row| row.member.moves()).count();
    let all = rows.len();
    let items = rows.iter().map(|row| item(row, sight)).collect();
    // The AMI makes room first, then the state: where an instance has no reason, that is shown instead.
    let columns = [
        ("instance", 0),
        ("AMI", 3),
        ("state", 2),
        ("for", 1),
        ("reason", 0),
    ];
    let list = List::new(&columns, items);
    match (stuck, moving) {
        (0, 0) => list.titled(format!("{all}"), Mood::Quiet),
        (0, moving) => list.titled(format!("{all}, {moving} under way"), Mood::Quiet),
        (stuck, moving) => list.titled(
            format!("{all}, {moving} under way, {stuck} need you"),
            Mood::Bad,
        ),
    }
}

fn row<'a>(member: &'a Member, sight: &'a Sight) -> Row<'a> {
    let asked = sight.asked.get(&member.id).filter(|_| member.moves());
    let refused = asked.is_some_and(|asked| asked.said.verdict == "Never");
    let rank = match &member.state {
        state if refused || state.is_retained() => Rank::Stuck,
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

fn item(row: &Row<'_>, sight: &Sight) -> Item {
    let member = row.member;
    let mood = match row.rank {
        Rank::Stuck => Mood::Bad,
        Rank::Leaving | Rank::Moving => Mood::Waiting,
        Rank::Coming => Mood::Coming,
        Rank::Old => Mood::Plain,
        Rank::New => Mood::Good,
    };
    let ami = match sight.amis.get(&member.version) {
        Some(ami) => ami.clone(),
        None => format!("version {}", member.version),
    };
    let ami_mood = match sight.is_target(&member.version) {
        true => Mood::Good,
        false => Mood::Quiet,
    };
    let state = member.state.to_string();
    let reason = reason(row, sight);
    let last = match reason.is_empty() {
        true => (Text::Unless(STATE, state.clone()), mood),
        false => cell(brief(&reason), Mood::Plain),
    };
    Item {
        key: member.id.clone(),
        cells: vec![
            cell(&member.id, mood),
            cell(ami, ami_mood),
            cell(state, mood),
            (Text::Since(row.since), Mood::Plain),
            last,
        ],
        whole: reason,
        execution: row.asked.map(|asked| asked.execution.clone()),
    }
}

/// A reason in little room: that it is a wait is seen from the rest.
fn brief(reason: &str) -> &str {
    reason.strip_prefix("Waiting for ").unwrap_or(reason)
}

fn reason(row: &Row<'_>, sight: &Sight) -> String {
    let member = row.member;
    if member.state.is_retained() {
        return format!(
            "Drain failed, retained for you. Next: {}",
            end_retained(&[&member.id], "")
        );
    }
    let at_a_hook = member.state.awaits_end() || member.state == LifecycleState::PendingWait;
    match row.asked {
        Some(asked) if asked.said.reason.is_empty() => asked.said.situation().to_owned(),
        Some(asked) => without_instance(&asked.said.reason, &member.id),
        // Some histories are not read yet.
        None if sight.running > sight.asked.len() => String::new(),
        None if at_a_hook && sight.is_whole => {
            "No execution is running: its event is late or lost. The reconciler starts one within 9m.".to_owned()
        }
        None => String::new(),
    }
}
