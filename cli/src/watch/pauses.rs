//! The pauses of a rollout, and whether one of them is why CloudFormation gave a batch up.

use jiff::{SignedDuration, Timestamp};

use crate::aws::Pause;
use crate::format::{between, duration};

/// Two looks at the same pause are no further apart: a worker looks every five minutes at least, an
/// event may be late.
const SAME_PAUSE: SignedDuration = SignedDuration::from_mins(15);

/// A pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PauseSpan {
    /// The reason that was given.
    pub why: String,
    /// When it began, or was seen first.
    pub began: Timestamp,
    /// When it was seen last.
    pub seen: Timestamp,
}

/// The pauses that were seen, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pauses(Vec<PauseSpan>);

impl Pauses {
    /// The group was seen paused from `from` until `to`.
    pub fn see(&mut self, pause: &Pause, from: Timestamp, to: Timestamp) {
        let began = pause.since.unwrap_or(from).min(from);
        // Somebody who replaces the reason keeps the first moment.
        let known = self.0.iter_mut().find(|span| {
            let near = from.duration_since(span.seen) <= SAME_PAUSE;
            span.began == began || (pause.since.is_none() && near)
        });
        match known {
            // The first reason stays: it is why the rollout was paused.
            Some(span) => span.seen = span.seen.max(to),
            None => self.0.push(PauseSpan {
                why: pause.why.clone(),
                began,
                seen: to,
            }),
        }
    }

    /// Each of them.
    pub fn spans(&self) -> &[PauseSpan] {
        &self.0
    }

    /// Why CloudFormation gave up, at `at`, a batch for which it had waited since `since`: the
    /// pause that lasted until then, or for most of that time.
    pub fn outlasted(&self, (since, at): (Timestamp, Timestamp)) -> Option<String> {
        let whole = at.duration_since(since);
        self.0.iter().rev().find_map(|span| {
            let within = span.seen.min(at).duration_since(span.began.max(since));
            let counts = within.is_positive() && (span.seen >= at || within * 2 >= whole);
            counts.then(|| {
                format!(
                    "the rollout was paused ('{}') for {} of the {} in which CloudFormation waits for a batch",
                    span.why,
                    duration(within),
                    between(since, at)
                )
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(60 * minute).expect("a time")
    }

    fn pause(since: Option<i64>) -> Pause {
        Pause {
            why: "sale".to_owned(),
            since: since.map(at),
        }
    }

    #[test]
    fn a_pause_is_the_cause_if_it_lasted_to_the_end_or_for_most_of_the_time() {
        let cause = |from: i64, to: i64| {
            let mut pauses = Pauses::default();
            pauses.see(&pause(Some(from)), at(from), at(to));
            pauses.outlasted((at(100), at(160)))
        };
        let words = "the rollout was paused ('sale') for 20m00s of the 1h00m in which CloudFormation waits for a batch";
        assert_eq!(cause(140, 200).as_deref(), Some(words));
        assert!(cause(110, 150).is_some(), "most of the hour");
        assert_eq!(cause(110, 130), None);
        assert_eq!(cause(10, 90), None);
        assert_eq!(cause(170, 200), None);
    }

    #[test]
    fn one_pause_is_seen_many_times() {
        let mut pauses = Pauses::default();
        pauses.see(&pause(Some(1)), at(5), at(9));
        pauses.see(&pause(Some(1)), at(50), at(60));
        assert_eq!(pauses.spans().len(), 1);
        assert_eq!(
            (pauses.spans()[0].began, pauses.spans()[0].seen),
            (at(1), at(60))
        );
        pauses.see(&pause(Some(100)), at(110), at(120));
        assert_eq!(pauses.spans().len(), 2);
        let mut by_hand = Pauses::default();
        by_hand.see(&pause(None), at(5), at(9));
        by_hand.see(&pause(None), at(14), at(20));
        by_hand.see(&pause(None), at(60), at(61));
        assert_eq!(by_hand.spans().len(), 2);
    }
}
