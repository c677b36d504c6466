//! What stands in the panes.

mod executions;
mod instances;

use jiff::Timestamp;

use super::Pane;
use super::paint::Mood;
use crate::aws::Service;
use crate::format::{clock, count};
use crate::watch::Snapshot;

/// The entries of a pane.
#[derive(Debug, Default)]
pub struct List {
    /// The columns.
    pub columns: Vec<Column>,
    /// The entries.
    pub items: Vec<Item>,
    /// What the title says besides the name.
    pub summary: String,
    /// How that is meant.
    pub severity: Mood,
}

/// A column.
#[derive(Debug)]
pub struct Column {
    /// Its heading.
    pub title: &'static str,
    /// How wide its widest cell is.
    pub width: usize,
    /// Those with the highest number are left out first when there is little room. The last column
    /// is never.
    pub rank: u8,
}

/// An entry.
#[derive(Debug)]
pub struct Item {
    /// What tells it from the others, from one look to the next.
    pub key: String,
    /// What stands in the columns.
    pub cells: Vec<(Text, Mood)>,
    /// Why it stands so, in full.
    pub whole: String,
    /// The execution about it.
    pub execution: Option<String>,
}

/// What stands in a cell.
#[derive(Debug)]
pub enum Text {
    /// A text.
    Fixed(String),
    /// A text that is shown only where there is no room for the column of this place, which says
    /// the same.
    Unless(usize, String),
    /// The time since then.
    Since(Option<Timestamp>),
}

impl List {
    /// The entries of `pane`.
    pub fn of(pane: Pane, sight: &Snapshot) -> Self {
        match pane {
            Pane::Instances => instances::list(sight),
            Pane::Services => services(sight),
            Pane::Events => events(sight),
            Pane::Executions => executions::list(sight),
        }
    }

    /// A list of these columns, each with its rank.
    fn new(columns: &[(&'static str, u8)], items: Vec<Item>) -> Self {
        let columns = columns.iter().enumerate().map(|(place, (title, rank))| {
            let widest = items.iter().filter_map(|item| item.cells.get(place));
            let widest = widest.map(|(text, _)| text.width()).max();
            Column {
                title,
                width: widest.unwrap_or_default().max(title.len()),
                rank: *rank,
            }
        });
        Self {
            columns: columns.collect(),
            items,
            ..Self::default()
        }
    }

    fn titled(self, summary: String, severity: Mood) -> Self {
        Self {
            summary,
            severity,
            ..self
        }
    }
}

impl Text {
    fn width(&self) -> usize {
        match self {
            Self::Fixed(text) | Self::Unless(_, text) => text.chars().count(),
            Self::Since(None) => 0,
            Self::Since(Some(_)) => "59m59s".len(),
        }
    }
}

/// A cell with a text.
fn cell(text: impl Into<String>, severity: Mood) -> (Text, Mood) {
    (Text::Fixed(text.into()), severity)
}

/// How many tasks a service has too few.
fn missing(one: &Service) -> i32 {
    (one.desired - one.running).max(0)
}

fn service(one: &Service) -> Item {
    let severity = match missing(one) {
        0 => Mood::Plain,
        _ if one.running == 0 => Mood::Bad,
        _ => Mood::Waiting,
    };
    let said = match missing(one) {
        0 => "",
        _ => one.message.as_str(),
    };
    Item {
        key: one.name.clone(),
        cells: vec![
            cell(&one.name, severity),
            cell(format!("{} of {}", one.running, one.desired), severity),
            cell(
                match one.pending {
                    0 => String::new(),
                    some => format!("{some} pending"),
                },
                severity,
            ),
            cell(said, Mood::Quiet),
        ],
        whole: format!(
            "{} of {} of service {} run, {} pending. Its last event: {}",
            one.running,
            count(one.desired, "task"),
            one.name,
            one.pending,
            one.message
        ),
        execution: None,
    }
}

fn services(sight: &Snapshot) -> List {
    let mut services: Vec<_> = sight.services.values().collect();
    services.sort_by_key(|one| (std::cmp::Reverse(missing(one)), &one.name));
    let short = services.iter().filter(|one| missing(one) > 0).count();
    let above = services.iter().filter(|one| one.running > one.desired);
    let above = above.count();
    let seen = services.len();
    let items = services.into_iter().map(service);
    let columns = [("service", 0), ("running", 0), ("", 2), ("", 1)];
    let list = List::new(&columns, items.collect());
    match sight.services_listed {
        None => list.titled("not looked at yet".to_owned(), Mood::Quiet),
        Some(all) if all > seen => list.titled(
            format!("{seen} of {all} looked at, {short} below the desired count"),
            if short > 0 {
                Mood::Waiting
            } else {
                Mood::Quiet
            },
        ),
        Some(all) if short > 0 => list.titled(
            format!("{short} of {all} below the desired count"),
            Mood::Waiting,
        ),
        // A service starts tasks before it stops others, such as in its own deployment.
        Some(all) if above > 0 => list.titled(
            format!("{all}, {above} above the desired count"),
            Mood::Good,
        ),
        Some(all) => list.titled(format!("{all}, all at the desired count"), Mood::Good),
    }
}

/// The place of the column with an event's status.
const STATUS: usize = 2;

fn events(sight: &Snapshot) -> List {
    let items = sight.log.iter().enumerate().map(|(place, entry)| {
        let severity = mood_of(&entry.status);
        Item {
            // Entries come in before it, so an entry is counted from the oldest.
            key: format!("{}", sight.log.len() - place),
            cells: vec![
                cell(clock(entry.at), Mood::Quiet),
                cell(&entry.subject, Mood::Plain),
                cell(&entry.status, severity),
                match entry.text.as_str() {
                    "" => (Text::Unless(STATUS, entry.status.clone()), severity),
                    text => cell(text, Mood::Plain),
                },
            ],
            whole: format!(
                "{} {} {}: {}",
                clock(entry.at),
                entry.subject,
                entry.status,
                entry.text
            ),
            execution: None,
        }
    });
    let columns = [("", 0), ("", 1), ("", 2), ("", 0)];
    let list = List::new(&columns, items.collect());
    list.titled("of the stack and the group".to_owned(), Mood::Quiet)
}

/// How a status is meant, of a stack, a resource or an activity.
pub fn mood_of(status: &str) -> Mood {
    if ["FAILED", "ROLLBACK", "Failed", "Cancelled"]
        .iter()
        .any(|bad| status.contains(bad))
    {
        return Mood::Bad;
    }
    if status.ends_with("_COMPLETE") || status == "Successful" {
        Mood::Good
    } else {
        Mood::Waiting
    }
}
