//! The queue of things to come. Two things due at the same instant happen in the order in which
//! they were planned.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// What is planned, by the instant at which it is due.
#[derive(Debug)]
pub struct Queue<T> {
    planned: BTreeMap<(Timestamp, u64), T>,
    count: u64,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self {
            planned: BTreeMap::new(),
            count: 0,
        }
    }
}

impl<T> Queue<T> {
    /// Plans `event` for `due`, after everything already planned for that instant.
    pub fn plan(&mut self, due: Timestamp, event: T) {
        self.count += 1;
        self.planned.insert((due, self.count), event);
    }

    /// When the next thing is due, if anything is planned.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.planned.keys().next().map(|(due, _)| *due)
    }

    /// Takes the next thing that is due at `now` or before.
    pub fn take_due(&mut self, now: Timestamp) -> Option<(Timestamp, T)> {
        if self.next_due()? > now {
            return None;
        }
        self.planned
            .pop_first()
            .map(|((due, _), event)| (due, event))
    }
}
