//! Which of the events and activities that AWS lists are new.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::Batches;
use crate::aws::{Activity, RollingStep, StackEvent};

/// What begins so soon after something of the rollout has ended belongs to it: the drain that
/// follows a launch, or a scale-in at the end of an update.
pub const BELONGS: SignedDuration = SignedDuration::from_mins(2);

/// The events of a stack, as far as they have been told.
#[derive(Debug, Default)]
pub struct Events {
    known: Option<BTreeSet<String>>,
    /// When the operation began that goes on, or went on last, if that was seen.
    pub began: Option<Timestamp>,
    /// When the latest event happened that was seen.
    pub latest: Option<Timestamp>,
    /// When it turned round, if it did.
    pub turned: Option<Timestamp>,
    /// The rolling update of this direction, once it has begun.
    pub batches: Option<Batches>,
    /// How many instances the operation set out to replace, before it turned round.
    pub obsolete_at_first: Option<usize>,
    /// The events of the operation that goes on, or went on last, oldest first.
    pub operation: Vec<StackEvent>,
}

/// The statuses of a stack with which an operation begins.
pub const BEGINS: [&str; 3] = [
    "CREATE_IN_PROGRESS",
    "UPDATE_IN_PROGRESS",
    "DELETE_IN_PROGRESS",
];

/// Those with which it turns round.
pub(super) const TURNS: [&str; 2] = ["ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"];

impl Events {
    /// Those of `events`, newest first, that are new; at the first look, those of the operation
    /// that goes on, or went on last. Oldest first.
    pub fn news(&mut self, events: Vec<StackEvent>, stack: &str) -> Vec<StackEvent> {
        let is_of = |event: &StackEvent, statuses: &[&str]| {
            event.resource == stack && statuses.contains(&event.status.as_str())
        };
        let first = self.known.is_none();
        let operation = events.iter().position(|event| is_of(event, &BEGINS));
        let known = self.known.get_or_insert_default();
        let new = events.into_iter().enumerate().filter(|(place, event)| {
            let told = first && operation.is_some_and(|begins| *place > begins);
            known.insert(event.id.clone()) && !told
        });
        let mut new: Vec<StackEvent> = new.map(|(_, event)| event).collect();
        new.reverse();
        for event in &new {
            self.latest = self.latest.max(Some(event.at));
            if is_of(event, &BEGINS) {
                (self.began, self.turned) = (Some(event.at), None);
                (self.batches, self.obsolete_at_first) = (None, None);
                self.operation.clear();
            } else if is_of(event, &TURNS) {
                (self.turned, self.batches) = (Some(event.at), None);
            } else if let Some(step) = event.rolling_step() {
                self.step(event.at, &step);
            }
            self.operation.push(event.clone());
        }
        new
    }

    /// A step of the rolling update was taken.
    fn step(&mut self, at: Timestamp, step: &RollingStep) {
        if let Some(batches) = Batches::beginning(step) {
            if self.turned.is_none() {
                self.obsolete_at_first = Some(batches.obsolete);
            }
            self.batches = Some(batches);
        } else if let Some(batches) = &mut self.batches {
            batches.take(at, step);
        }
    }

    /// Whether older events than these, newest first, are of no interest: they are known, or of
    /// another operation.
    pub fn reach(&self, events: &[StackEvent], stack: &str) -> bool {
        events.iter().any(|event| {
            let known = self.known.as_ref();
            known.is_some_and(|known| known.contains(&event.id))
                || (event.resource == stack && BEGINS.contains(&event.status.as_str()))
        })
    }
}

/// The size of the group when the rollout began, by events that are oldest first: the instances
/// that CloudFormation set out to replace then. It sets the desired capacity before it counts them,
/// and raises it after. Nothing if no rolling update has begun: then the desired capacity is the
/// size still.
pub fn size_at_beginning(events: &[StackEvent], stack: &str) -> Option<usize> {
    let mut all = Events::default();
    all.news(events.iter().rev().cloned().collect(), stack);
    all.obsolete_at_first.filter(|size| *size > 0)
}

/// When CloudFormation gives the present batch of a stack up, by its events, newest first.
pub fn batch_times_out(events: Vec<StackEvent>, stack: &str) -> Option<Timestamp> {
    let mut all = Events::default();
    all.news(events, stack);
    all.batches.as_ref().and_then(Batches::times_out)
}

/// The scaling activities of the operation that goes on, as far as they have been seen.
#[derive(Debug, Default)]
pub struct Activities {
    /// The status of each that is known.
    known: BTreeMap<String, String>,
    /// From when until when each lasted that a rollout may have caused.
    spans: BTreeMap<String, (Timestamp, Option<Timestamp>)>,
    /// When each instance had gone that went.
    gone: BTreeMap<String, Timestamp>,
}

impl Activities {
    /// Those of `activities` that are new or have another status, of those that began at `since` or
    /// later. Oldest first.
    pub fn news(&mut self, activities: Vec<Activity>, since: Option<Timestamp>) -> Vec<Activity> {
        let mut new: Vec<Activity> = activities
            .into_iter()
            .filter(|one| since.is_none_or(|since| one.began >= since))
            .filter(|one| {
                let then = self.known.insert(one.id.clone(), one.status.clone());
                then.as_ref() != Some(&one.status)
            })
            .collect();
        new.sort_by_key(|one| one.ended.unwrap_or(one.began));
        let ours = new.iter().filter(|one| !one.is_foreign());
        let spans = ours.map(|one| (one.id.clone(), (one.began, one.ended)));
        self.spans.extend(spans);
        for one in new
            .iter()
            .filter(|one| one.terminates() && !one.has_failed())
        {
            if let Some(ended) = one.ended {
                self.gone.insert(one.id.clone(), ended);
            }
        }
        new
    }

    /// When all was over of an operation of which CloudFormation was done at `done`: its last
    /// drains may outlast that.
    pub fn over(&self, done: Timestamp) -> Timestamp {
        let mut spans: Vec<(Timestamp, Option<Timestamp>)> = self.spans.values().copied().collect();
        spans.sort();
        let mut over = done;
        for (began, ended) in spans {
            if began.duration_since(over) <= BELONGS {
                over = over.max(ended.unwrap_or(over));
            }
        }
        over
    }

    /// How many instances have gone since then, as far as that was seen, and when the last one had.
    pub fn gone(&self, since: Timestamp) -> (usize, Option<Timestamp>) {
        let gone = self.gone.values().filter(|at| **at >= since);
        (gone.clone().count(), gone.max().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str, resource: &str, status: &str, at: i64) -> StackEvent {
        StackEvent {
            id: id.to_owned(),
            at: Timestamp::from_second(at).expect("a time"),
            resource: resource.to_owned(),
            status: status.to_owned(),
            reason: String::new(),
        }
    }

    #[test]
    fn the_first_look_reports_the_events_of_the_last_operation_alone() {
        let mut events = vec![
            event("3", "Group", "UPDATE_IN_PROGRESS", 3),
            event("2", "stack", "UPDATE_IN_PROGRESS", 2),
            event("1", "stack", "CREATE_COMPLETE", 1),
        ];
        let mut told = Events::default();
        let mut ids = |events: &[StackEvent]| -> Vec<String> {
            let news = told.news(events.to_vec(), "stack");
            news.into_iter().map(|it| it.id).collect()
        };
        assert_eq!(ids(&events), ["2", "3"]);
        events.insert(0, event("4", "Group", "UPDATE_COMPLETE", 4));
        assert_eq!(ids(&events), ["4"]);
        events.insert(0, event("5", "stack", "UPDATE_IN_PROGRESS", 5));
        assert_eq!(ids(&events), ["5"]);
    }

    #[test]
    fn pages_are_read_until_what_is_known_or_the_operation_s_beginning() {
        let old = event("1", "Group", "UPDATE_IN_PROGRESS", 1);
        let new = event("2", "Group", "UPDATE_IN_PROGRESS", 2);
        let mut told = Events::default();
        assert!(!told.reach(std::slice::from_ref(&new), "stack"));
        told.news(vec![old.clone()], "stack");
        assert!(!told.reach(std::slice::from_ref(&new), "stack"));
        assert!(told.reach(&[new, old], "stack"));
        let begins = event("3", "stack", "UPDATE_IN_PROGRESS", 3);
        assert!(told.reach(std::slice::from_ref(&begins), "stack"));
        told.news(vec![begins], "stack");
        let turns = event("4", "stack", "UPDATE_ROLLBACK_IN_PROGRESS", 4);
        told.news(vec![turns], "stack");
        let at = |second| Timestamp::from_second(second).ok();
        assert_eq!((told.began, told.turned), (at(3), at(4)));
        assert_eq!(told.latest, at(4));
    }

    #[test]
    fn the_batches_are_those_of_the_direction_and_the_size_is_that_of_the_beginning() {
        let said = |id: &str, reason: &str, at: i64| StackEvent {
            reason: reason.to_owned(),
            ..event(id, "Group", "UPDATE_IN_PROGRESS", at)
        };
        let begins = |id: &str, count: u32, at: i64| {
            let reason = format!(
                "Rolling update initiated. Terminating {count} obsolete instance(s) in batches of 2."
            );
            said(id, &reason, at)
        };
        let batch = "Terminating instance(s) [i-1,i-2]; replacing with 2 new instance(s).";
        let mut told = Events::default();
        told.news(
            vec![
                said("4", batch, 4),
                said("3", batch, 3),
                begins("2", 9, 2),
                event("1", "stack", "UPDATE_IN_PROGRESS", 1),
            ],
            "stack",
        );
        let so_far = |told: &Events| {
            let batches = told.batches.as_ref();
            let batches = batches.map(|batches| (batches.current(), batches.all()));
            (batches, told.obsolete_at_first)
        };
        assert_eq!(so_far(&told), (Some((2, 5)), Some(9)));
        let turns = event("5", "stack", "UPDATE_ROLLBACK_IN_PROGRESS", 5);
        told.news(vec![turns], "stack");
        assert_eq!(so_far(&told), (None, Some(9)));
        told.news(vec![begins("6", 3, 6)], "stack");
        assert_eq!(so_far(&told), (Some((1, 2)), Some(9)));
        let next = event("7", "stack", "UPDATE_IN_PROGRESS", 7);
        told.news(vec![next], "stack");
        assert_eq!(so_far(&told), (None, None));
    }

    #[test]
    fn an_activity_is_reported_again_when_its_status_has_changed() {
        let at = |second| Timestamp::from_second(second).expect("a time");
        let one = |id: &str, status: &str, began: i64| Activity {
            id: id.to_owned(),
            description: "Terminating EC2 instance: i-1".to_owned(),
            status: status.to_owned(),
            message: String::new(),
            cause: String::new(),
            began: at(began),
            ended: (status == "Successful").then(|| at(began + 5)),
        };
        let mut seen = Activities::default();
        let old = one("0", "Successful", 1);
        let mut news =
            |list: &[Activity]| -> usize { seen.news(list.to_vec(), Some(at(10))).len() };
        // What was before the operation is none of it.
        assert_eq!(news(&[one("1", "InProgress", 20), old.clone()]), 1);
        assert_eq!(news(&[one("1", "InProgress", 20), old.clone()]), 0);
        assert_eq!(news(&[one("1", "Successful", 20), old]), 1);
        assert_eq!(seen.gone(at(10)), (1, Some(at(25))));
        assert_eq!(seen.gone(at(30)), (0, None));
        // CloudFormation was done before the instance had gone.
        assert_eq!(seen.over(at(22)), at(25));
        assert_eq!(seen.over(at(40)), at(40));
        let later = [one("2", "Successful", 140), one("3", "Successful", 300)];
        seen.news(later.to_vec(), Some(at(10)));
        assert_eq!(seen.over(at(22)), at(145), "a scale-in of later is no part");
    }
}
