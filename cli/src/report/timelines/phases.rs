//! One life: the phases of its executions, and what was before, between and after them.

use jiff::Timestamp;

use super::Known;
use crate::report::{ExecutionTrace, Kind, Phase};

/// A life while it is told: as far as `until`, with what is between the executions.
pub struct Telling<'a> {
    /// What is known.
    pub known: &'a Known<'a>,
    /// Told so far.
    pub phases: Vec<Phase>,
    /// Until when.
    pub end: Timestamp,
    /// Whether the group has it still.
    pub is_member: bool,
}

impl Telling<'_> {
    /// Tells all, from `began` on.
    pub fn add_phases(&mut self, began: Timestamp) {
        let known = self.known;
        self.before(began);
        for (place, passage) in known.passages.iter().enumerate() {
            for phase in &passage.phases {
                // Of two executions about the same action, which events that come twice start, the
                // first is told.
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
            self.alone();
        }
    }

    /// Tells of one that was retained before `began`, and is still.
    pub fn was_retained(&mut self, began: Timestamp) {
        self.put(Kind::Retained, began, self.end);
    }

    /// What was before the first execution, or, without any, before it left.
    fn before(&mut self, began: Timestamp) {
        let known = self.known;
        let first = known.passages.first();
        let starts = first.map(|it| it.started);
        if let Some(launch) = known.launch {
            let until = starts.or(launch.ended).unwrap_or(self.end);
            return self.put(Kind::Launching, launch.began, until);
        }
        let starts = starts.or(known.leave.map(|it| it.began));
        let starts = starts.or(known.detached());
        let starts = starts.unwrap_or(self.end);
        let leaves = known.leave.map_or(starts, |it| it.began.min(starts));
        if first.is_none_or(|it| !it.launches) {
            self.put(Kind::InService, began, leaves);
            self.put(Kind::Leaving, leaves, starts);
        }
    }

    /// A life without executions: its hooks were skipped, or their events lost.
    fn alone(&mut self) {
        let known = self.known;
        let came = known.launch.filter(|it| it.status == "Successful");
        let leaves = known.leave.map(|it| it.began);
        if let Some(served) = came.and_then(|it| it.ended) {
            let until = leaves.or(known.detached()).unwrap_or(self.end);
            self.put(Kind::InService, served, until);
        }
        if let Some(leaves) = leaves {
            self.put(Kind::Terminating, leaves, self.gone(leaves));
        }
    }

    /// What came after an execution, until the next one began, or until the end.
    fn after(&mut self, passage: &ExecutionTrace, stopped: Timestamp, next: Option<Timestamp>) {
        let leave = self.known.leave;
        let goes = passage.has_abandoned() || !passage.launches;
        let rests = match passage {
            it if it.has_retained() || it.has_kept() => Some(Kind::Retained),
            it if it.has_left_open() => Some(Kind::HookOpen),
            it if it.to_pool => Some(Kind::InPool),
            _ if goes => None,
            _ => Some(Kind::InService),
        };
        let left = self.known.left().filter(|it| *it > stopped);
        let detached = self.known.detached().filter(|it| *it > stopped);
        let until = next.or(left).or(detached).unwrap_or(self.end);
        let Some(kind) = rests else {
            return self.leaves(stopped, next);
        };
        match leave.filter(|it| it.began > stopped && it.began <= until) {
            Some(leave) => {
                self.put(kind, stopped, leave.began);
                self.leaves(leave.began, next);
            }
            // What became of the instance is read from this, even if the report ends here.
            None if until == stopped && next.is_none() => {
                self.phases.push(Phase::between(kind, stopped, until));
            }
            None => self.put(kind, stopped, until),
        }
    }

    /// It leaves from then on: the terminate hook opens before EC2 terminates it, unless the hook's
    /// execution is over.
    fn leaves(&mut self, from: Timestamp, next: Option<Timestamp>) {
        match next {
            Some(next) => self.put(Kind::Leaving, from, next),
            None => self.put(Kind::Terminating, from, self.gone(from)),
        }
    }

    /// When it was gone that was on its way out at `from`, as far as is known. The activity of a
    /// launch that was given up ends when that is seen, and no other need tell of the end.
    fn gone(&self, from: Timestamp) -> Timestamp {
        let (ended, otherwise) = match (self.known.leave, self.known.launch) {
            // It was retained, and then ended: no activity says when.
            (Some(leave), _) if leave.has_failed() && !self.is_member => (None, from),
            (Some(leave), _) => (leave.ended, self.end),
            (None, launch) => (launch.and_then(|it| it.ended), from),
        };
        ended.filter(|it| *it > from).unwrap_or(otherwise)
    }

    fn put(&mut self, kind: Kind, from: Timestamp, to: Timestamp) {
        if to > from {
            self.phases.push(Phase::between(kind, from, to));
        }
    }
}
