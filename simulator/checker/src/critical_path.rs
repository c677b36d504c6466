//! How much shorter a rollout would have been if every condition had been noticed the moment it
//! became true.
//!
//! The lifecycle actions of a rollout form a chain. A batch begins when the launches of the batch
//! before are done, and a new instance is let in when the drains before it are done. So a delay
//! matters only if the chain waits for it: of two drains at a time, the quicker one has time to
//! spare. This is the critical path method, from front to back.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use workers::Worker;

/// One lifecycle action, from the first sign of it to its last phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ActionTimes {
    /// The EC2 instance.
    pub(super) instance: String,
    /// Whether the instance launches; otherwise it leaves.
    pub(super) launches: bool,
    /// When the instance began to launch or to leave.
    pub(super) began: Timestamp,
    /// The phases that ended, in order.
    pub(super) phases: Vec<PhaseTimes>,
}

/// One phase of a lifecycle action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PhaseTimes {
    /// The worker that was asked.
    pub(super) worker: Worker,
    /// When the condition became true, or the deadline passed.
    pub(super) ready: Timestamp,
    /// When a worker answered so.
    pub(super) noticed: Timestamp,
    /// The instance whose leaving made the condition true, if one did.
    pub(super) freed_by: Option<String>,
}

impl ActionTimes {
    /// When its last phase ended.
    fn done(&self) -> Option<Timestamp> {
        self.phases.last().map(|phase| phase.noticed)
    }
}

/// By how much these actions, all of one rollout, would have been done earlier.
pub(super) fn avoidable_delay(actions: &[ActionTimes]) -> Duration {
    let mut in_order: Vec<(Timestamp, &ActionTimes)> = actions
        .iter()
        .filter_map(|action| Some((action.done()?, action)))
        .collect();
    in_order.sort_by_key(|(done, _)| *done);
    let mut launches = Frontier::default();
    let mut all = Frontier::default();
    let mut drains: BTreeMap<&str, SignedDuration> = BTreeMap::new();
    for (done, action) in in_order {
        let saved = saved_by(action, launches.saved_before(action.began), &drains);
        all.push(done, done - saved);
        if action.launches {
            launches.push(done, done - saved);
        } else {
            drains.insert(&action.instance, saved);
        }
    }
    let saved = all
        .ends
        .last()
        .map(|end| end.done.duration_since(end.earliest));
    saved.unwrap_or_default().try_into().unwrap_or_default()
}

/// How much earlier an action would have been done that could have begun earlier by `at_start`.
fn saved_by(
    action: &ActionTimes,
    at_start: SignedDuration,
    drains: &BTreeMap<&str, SignedDuration>,
) -> SignedDuration {
    let mut own = at_start;
    let mut saved = at_start;
    let mut earliest = None;
    for phase in &action.phases {
        let freed = phase.freed_by.as_deref().and_then(|by| drains.get(by));
        let ready = phase.ready - freed.copied().unwrap_or(own);
        let noticed = earliest.map_or(ready, |before: Timestamp| before.max(ready));
        saved = phase.noticed.duration_since(noticed);
        earliest = Some(noticed);
        if phase.worker == Worker::Draining {
            // Tasks stop, and their deadline counts, from the admission of the drain.
            own = saved;
        }
    }
    saved
}

/// The ends of actions so far, as they were and as early as they could have been.
#[derive(Debug, Default)]
struct Frontier {
    ends: Vec<End>,
}

#[derive(Debug, Clone, Copy)]
struct End {
    /// The latest end so far.
    done: Timestamp,
    /// The latest of the earliest ends so far.
    earliest: Timestamp,
}

impl Frontier {
    /// Adds an end; ends come in order.
    fn push(&mut self, done: Timestamp, earliest: Timestamp) {
        let before = self.ends.last().map(|end| end.earliest);
        let earliest = before.map_or(earliest, |before| before.max(earliest));
        self.ends.push(End { done, earliest });
    }

    /// How much earlier all that was done by `at` could have been.
    fn saved_before(&self, at: Timestamp) -> SignedDuration {
        let count = self.ends.partition_point(|end| end.done <= at);
        let last = count.checked_sub(1).map(|index| self.ends[index]);
        last.map_or(SignedDuration::ZERO, |end| {
            end.done.duration_since(end.earliest)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("a time")
    }

    fn phase(worker: Worker, ready: i64, noticed: i64) -> PhaseTimes {
        PhaseTimes {
            worker,
            ready: at(ready),
            noticed: at(noticed),
            freed_by: None,
        }
    }

    fn drain(instance: &str, began: i64, times: [(i64, i64); 3]) -> ActionTimes {
        let workers = [Worker::Draining, Worker::Drained, Worker::Stable];
        let phases = workers.into_iter().zip(times);
        ActionTimes {
            instance: instance.to_owned(),
            launches: false,
            began: at(began),
            phases: phases
                .map(|(worker, (ready, noticed))| phase(worker, ready, noticed))
                .collect(),
        }
    }

    fn launch(began: i64, joined: (i64, i64), queue: (i64, i64), freed_by: &str) -> ActionTimes {
        let queued = PhaseTimes {
            freed_by: Some(freed_by.to_owned()),
            ..phase(Worker::Stable, queue.0, queue.1)
        };
        ActionTimes {
            instance: format!("after-{freed_by}"),
            launches: true,
            began: at(began),
            phases: vec![phase(Worker::Joined, joined.0, joined.1), queued],
        }
    }

    fn delay(actions: &[ActionTimes]) -> u64 {
        avoidable_delay(actions).as_secs()
    }

    #[test]
    fn nothing_is_avoidable_where_all_was_noticed_at_once() {
        assert_eq!(delay(&[]), 0);
        let one = drain("i-1", 0, [(1, 1), (60, 60), (80, 80)]);
        assert_eq!(delay(&[one]), 0);
    }

    #[test]
    fn phases_of_one_action_overlap_rather_than_add_up() {
        // The services had recovered before the last task's stop was noticed.
        let one = drain("i-1", 0, [(1, 1), (60, 70), (65, 75)]);
        assert_eq!(delay(&[one]), 10);
    }

    #[test]
    fn a_late_admission_delays_what_follows_from_it() {
        // Admitted 20 s late, its tasks stopped 20 s later than they could have.
        let one = drain("i-1", 0, [(1, 21), (80, 85), (86, 90)]);
        assert_eq!(delay(&[one]), 90 - (86 - 20));
    }

    #[test]
    fn of_two_drains_at_a_time_only_the_longer_counts() {
        let quick = drain("i-1", 0, [(0, 0), (30, 59), (30, 60)]);
        let long = drain("i-2", 0, [(0, 0), (95, 100), (96, 101)]);
        assert_eq!(delay(&[quick, long]), 5);
    }

    #[test]
    fn a_quick_drain_that_would_have_ended_before_a_long_one_bounds_what_is_saved() {
        let late = drain("i-1", 0, [(0, 0), (30, 130), (30, 130)]);
        let long = drain("i-2", 0, [(0, 0), (100, 100), (100, 100)]);
        assert_eq!(delay(&[late, long]), 30);
    }

    #[test]
    fn delays_add_up_along_the_chain_of_batches() {
        let first = drain("i-1", 0, [(0, 0), (60, 65), (60, 65)]);
        let new = launch(5, (40, 50), (65, 70), "i-1");
        // Its batch begins with the launch before, 5 + 5 s late.
        let second = drain("i-2", 70, [(71, 71), (130, 136), (130, 136)]);
        assert_eq!(delay(&[first.clone(), new.clone()]), 10);
        assert_eq!(delay(&[second, new, first]), 16);
    }

    #[test]
    fn a_drain_that_is_freed_by_another_begins_when_that_could_have_ended() {
        let first = drain("i-1", 0, [(0, 0), (60, 70), (60, 70)]);
        let mut second = drain("i-2", 0, [(70, 72), (130, 130), (130, 130)]);
        second.phases[0].freed_by = Some("i-1".to_owned());
        assert_eq!(delay(&[first, second]), 12);
    }
}
