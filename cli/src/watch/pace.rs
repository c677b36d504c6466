//! When a rollout is expected to end, by its progress so far.

use jiff::{SignedDuration, Timestamp};

/// How fast a rollout goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace {
    /// When it began, or turned round.
    pub began: Option<Timestamp>,
    /// How many instances are replaced at a time.
    pub batch: usize,
    /// Instances that have gone since it began.
    pub gone: usize,
    /// When the last of them had.
    pub latest: Option<Timestamp>,
    /// Instances that are still to go.
    pub left: usize,
    /// How long the plan expected it to take, if there was one.
    pub planned: Option<SignedDuration>,
    /// Whether the cluster is being looked at and rehearsed for such a plan.
    pub is_sought: bool,
}

/// What is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// No instance is to go.
    Done,
    /// Not known yet: no batch has ended.
    Unknown,
    /// It ends then, as the plan estimated; no batch has ended.
    Planned(Timestamp),
    /// It ends then.
    At(Timestamp),
}

impl Pace {
    /// When it ends, as seen at `now`. Each batch is taken to last as long as those before it did
    /// on the average. One that has lasted longer is taken to need as long again as it is late, so
    /// that a rollout that hangs moves its end away, and never promises one that is past.
    pub fn expected(&self, now: Timestamp) -> Expected {
        if self.left == 0 {
            return Expected::Done;
        }
        let (Some(began), Some(latest)) = (self.began, self.latest) else {
            return self.planned(now);
        };
        let batch = self.batch.max(1);
        if self.gone < batch.min(self.gone.saturating_add(self.left)) {
            return self.planned(now);
        }
        let each = seconds(began, latest) / count(self.gone);
        let present = batch.min(self.left);
        let lasts = each * count(present);
        let late = seconds(latest, now) - lasts;
        let left = late.abs() + each * count(self.left - present);
        // A float beyond the range of the calendar is no time.
        let end = SignedDuration::try_from_secs_f64(left)
            .ok()
            .and_then(|left| now.checked_add(left).ok());
        end.map_or(Expected::Unknown, Expected::At)
    }

    /// Before a batch has ended, the plan's estimate is all that is known; once that is past,
    /// nothing is.
    fn planned(&self, now: Timestamp) -> Expected {
        let end = self.began.zip(self.planned);
        let end = end.and_then(|(began, planned)| began.checked_add(planned).ok());
        end.filter(|end| *end > now)
            .map_or(Expected::Unknown, Expected::Planned)
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64().max(0.0)
}

fn count(instances: usize) -> f64 {
    u32::try_from(instances).unwrap_or(u32::MAX).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn pace(gone: usize, left: usize, batch: usize) -> Pace {
        Pace {
            began: Some(at(1_000)),
            batch,
            gone,
            latest: (gone > 0).then(|| at(1_000 + 100 * i64::try_from(gone).expect("few"))),
            left,
            planned: None,
            is_sought: false,
        }
    }

    #[test]
    fn the_plan_s_estimate_stands_until_a_batch_has_ended() {
        let planned = |gone: usize, now: i64| {
            let planned = Some(SignedDuration::from_secs(900));
            let pace = Pace {
                planned,
                ..pace(gone, 10 - gone, 2)
            };
            pace.expected(at(now))
        };
        assert_eq!(planned(0, 1_050), Expected::Planned(at(1_900)));
        assert_eq!(planned(1, 1_100), Expected::Planned(at(1_900)));
        assert_eq!(planned(2, 1_200), Expected::At(at(2_000)));
        // What is past is no estimate.
        assert_eq!(planned(0, 1_900), Expected::Unknown);
    }

    #[test]
    fn before_a_batch_has_ended_nothing_is_known() {
        assert_eq!(pace(0, 10, 2).expected(at(1_050)), Expected::Unknown);
        assert_eq!(pace(1, 9, 2).expected(at(1_150)), Expected::Unknown);
        assert_eq!(pace(2, 8, 2).expected(at(1_200)), Expected::At(at(2_000)));
        // A group that is smaller than a batch.
        assert_eq!(pace(1, 1, 5).expected(at(1_150)), Expected::Unknown);
        assert_eq!(pace(4, 0, 5).expected(at(1_400)), Expected::Done);
        assert_eq!(Pace::default().expected(at(1_000)), Expected::Done);
    }

    #[test]
    fn while_batches_keep_their_pace_the_end_stands_still() {
        for now in [1_400, 1_450, 1_599] {
            assert_eq!(pace(4, 6, 2).expected(at(now)), Expected::At(at(2_000)));
        }
        // The last batch, which is a small one.
        assert_eq!(pace(9, 1, 2).expected(at(1_950)), Expected::At(at(2_000)));
    }

    #[test]
    fn while_a_roll_hangs_its_end_moves_away_and_is_never_past() {
        let mut before = at(0);
        for now in (1_600..100_000).step_by(1_000) {
            let Expected::At(end) = pace(4, 6, 2).expected(at(now)) else {
                panic!("an end is known");
            };
            assert!(end >= at(now) && end > before, "{end} at {now}");
            before = end;
        }
        // 4 hours late: four hours more, and the two batches that follow.
        let end = pace(4, 6, 2).expected(at(1_600 + 14_400));
        assert_eq!(end, Expected::At(at(1_600 + 2 * 14_400 + 400)));
    }

    #[test]
    fn times_that_make_no_sense_make_no_end_that_is_past() {
        let now = at(500);
        let before_it_began = pace(2, 2, 1).expected(now);
        assert!(matches!(before_it_began, Expected::At(end) if end >= now));
        let mut endless = pace(1, usize::MAX, 1);
        endless.began = Some(Timestamp::MIN);
        assert_eq!(endless.expected(now), Expected::Unknown);
    }
}
