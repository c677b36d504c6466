//! The instances: what is stuck comes first, then what is under way, longest first.

use super::{Item, List, Mood, Text, cell};
use crate::watch::{Rank, Row, Snapshot};

/// The place of the column with the state.
const STATE: usize = 2;

pub fn list(sight: &Snapshot) -> List {
    let rows = Row::all(sight);
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
    let reason = row.reason(sight);
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
