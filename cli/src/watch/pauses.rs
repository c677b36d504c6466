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
    /// The reasons that were seen, and when each was first, oldest first: somebody may replace one.
    reasons: Vec<(Timestamp, String)>,
    /// When it began, or was seen first.
    pub began: Timestamp,
    /// When it was seen last.
    pub seen: Timestamp,
}

impl PauseSpan {
    /// The first reason that was seen: it is why the rollout was paused, as far as anybody saw.
    pub fn why(&self) -> &str {
        self.reasons.first().map_or("", |(_, why)| why)
    }

    /// The reasons that were seen, and when each was first, oldest first.
    pub fn reasons(&self) -> &[(Timestamp, String)] {
        &self.reasons
    }

    /// This reason was seen at this time.
    fn see_reason(&mut self, at: Timestamp, why: &str) {
        let place = self.reasons.partition_point(|(then, _)| *then <= at);
        self.reasons.insert(place, (at, why.to_owned()));
        self.reasons.dedup_by(|later, first| later.1 == first.1);
    }
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
            Some(span) => {
                span.seen = span.seen.max(to);
                span.see_reason(from, &pause.why);
            }
            None => self.0.push(PauseSpan {
                reasons: vec![(from, pause.why.clone())],
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
    pub fn outlasted(&self, since: Timestamp, at: Timestamp) -> Option<String> {
        let whole = at.duration_since(since);
        self.0.iter().rev().find_map(|span| {
            let within = span.seen.min(at).duration_since(span.began.max(since));
            let counts = within.is_positive() && (span.seen >= at || within * 2 >= whole);
            counts.then(|| {
                format!(
                    "the rollout was paused ('{}') for {} of the {} in which CloudFormation waits for a batch",
                    span.why(),
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
            pauses.outlasted(at(100), at(160))
        };
        let words = "the rollout was paused ('sale') for 20m00s of the 1h00m in which CloudFormation waits for a batch";
        assert_eq!(cause(140, 200).as_deref(), Some(words));
        assert!(cause(110, 150).is_some(), "most of the hour");
        assert_eq!(cause(110, 130), None);
        assert_eq!(cause(10, 90), None);
        assert_eq!(cause(170, 200), None);
    }

    #[test]
    fn a_reason_that_replaces_another_is_not_why_the_rollout_was_paused() {
        let of = |why: &str| Pause {
            why: why.to_owned(),
            since: Some(at(1)),
        };
        let mut pauses = Pauses::default();
        // Two workers see the pause, and their answers are not read in order.
        pauses.see(&of("other"), at(9), at(12));
        pauses.see(&of("sale"), at(5), at(5));
        pauses.see(&of("other"), at(11), at(14));
        let span = &pauses.spans()[0];
        assert_eq!(span.why(), "sale");
        let reasons = [(at(5), "sale".to_owned()), (at(9), "other".to_owned())];
        assert_eq!(span.reasons(), reasons);
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
