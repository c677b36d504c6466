//! What the user has chosen to see of the lists: a filter for all panes, an order for each.

use std::cmp::Ordering;

use super::lists::{Item, List, Text};
use super::{Pane, Screen};

/// The filter and the orders.
#[derive(Debug, Default)]
pub struct Arrangement {
    /// The text that an entry must have somewhere, in whatever case; empty for all entries.
    pub filter: String,
    /// Whether the filter is being typed.
    pub is_typed: bool,
    /// The order of each pane: 0 is its own, others are its columns.
    orders: [usize; Pane::ALL.len()],
}

impl Arrangement {
    /// The list as it was chosen.
    pub fn apply(&self, pane: Pane, mut list: List) -> List {
        let all = list.items.len();
        let filter = self.filter.to_lowercase();
        if !filter.is_empty() {
            list.items.retain(|item| has(item, &filter));
            let shown = list.items.len();
            list.summary = format!("{shown} of {all} match {:?}", self.filter);
        }
        let columns = sortable(&list);
        let order = self.orders[pane.place()].checked_sub(1);
        if let Some(column) = order.and_then(|place| columns.get(place)) {
            list.items
                .sort_by(|one, other| compare(one, other, *column));
            let title = list.columns[*column].title;
            list.summary = format!("{}, sorted by {title}", list.summary);
        }
        list
    }

    /// Takes the next order of a pane with this list.
    pub fn next_order(&mut self, pane: Pane, list: &List) {
        let orders = sortable(list).len() + 1;
        let order = &mut self.orders[pane.place()];
        *order = (*order + 1) % orders;
    }
}

/// The columns by which a list can be sorted: those with a heading. The last one has reasons.
fn sortable(list: &List) -> Vec<usize> {
    let last = list.columns.len().saturating_sub(1);
    let places = (0..last).filter(|place| !list.columns[*place].title.is_empty());
    places.collect()
}

fn has(item: &Item, filter: &str) -> bool {
    let has = |text: &str| text.to_lowercase().contains(filter);
    let in_cells = item.cells.iter().any(|(text, _)| match text {
        Text::Fixed(text) | Text::Unless(_, text) => has(text),
        Text::Since(_) => false,
    });
    in_cells || has(&item.whole) || has(&item.key)
}

/// What is longest comes first, and what has no time last.
fn compare(one: &Item, other: &Item, column: usize) -> Ordering {
    let text = |item: &Item| match item.cells.get(column) {
        Some((Text::Fixed(text) | Text::Unless(_, text), _)) => text.clone(),
        _ => String::new(),
    };
    let since = |item: &Item| match item.cells.get(column) {
        Some((Text::Since(Some(since)), _)) => (0, since.as_nanosecond()),
        _ => (1, 0),
    };
    let by_time = since(one).cmp(&since(other));
    by_time.then_with(|| text(one).cmp(&text(other)))
}

impl Screen {
    /// Makes the lists of what was seen, as they were chosen.
    pub(super) fn arrange(&mut self) {
        let (sight, arrangement) = (&self.sight, &self.arrangement);
        self.lists = Pane::ALL.map(|pane| arrangement.apply(pane, List::of(pane, sight)));
    }
}
