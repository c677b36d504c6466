//! How far a rolling update is: which batch of how many, and until when CloudFormation waits for
//! it.

use jiff::{SignedDuration, Timestamp};

use crate::aws::RollingStep;

/// The batches of a rolling update.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batches {
    /// Instances that were obsolete when it began.
    pub obsolete: usize,
    /// How many are replaced at a time.
    pub size: usize,
    /// Batches whose termination has begun.
    begun: usize,
    /// The signals that CloudFormation waits for.
    wait: Option<Wait>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Wait {
    since: Timestamp,
    timeout: SignedDuration,
    signals: usize,
}

impl Batches {
    /// A rolling update that begins with `step`, if it does.
    pub fn beginning(step: &RollingStep) -> Option<Self> {
        match step {
            RollingStep::Begins { obsolete, batch } => Some(Self {
                obsolete: *obsolete,
                size: *batch,
                ..Self::default()
            }),
            _ => None,
        }
    }

    /// A later step was taken at this time.
    pub fn take(&mut self, at: Timestamp, step: &RollingStep) {
        match step {
            RollingStep::Begins { .. } | RollingStep::TimedOut => {}
            RollingStep::Batch => self.begun += 1,
            RollingStep::Signal => {
                if let Some(wait) = &mut self.wait {
                    wait.signals = wait.signals.saturating_sub(1);
                }
            }
            RollingStep::Waits { signals, timeout } => {
                self.wait = Some(Wait {
                    since: at,
                    timeout: *timeout,
                    signals: *signals,
                });
            }
        }
    }

    /// How many there are.
    pub fn all(&self) -> usize {
        self.obsolete.div_ceil(self.size.max(1))
    }

    /// The number of the batch under way. CloudFormation waits for a batch's new instances, and
    /// then terminates its old ones: while it waits, the batch is the one that is terminated next,
    /// and the time that is left is that batch's.
    pub fn current(&self) -> usize {
        let awaited = usize::from(self.times_out().is_some());
        (self.begun + awaited).clamp(1, self.all().max(1))
    }

    /// When CloudFormation gives the batch up, while it waits for signals.
    pub fn times_out(&self) -> Option<Timestamp> {
        let wait = self.wait.as_ref().filter(|wait| wait.signals > 0)?;
        wait.since.checked_add(wait.timeout).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_counted_by_what_is_terminated_and_time_out_while_signals_are_missing() {
        let at = |second| Timestamp::from_second(second).expect("a time");
        let hour = SignedDuration::from_hours(1);
        let begins = RollingStep::Begins {
            obsolete: 5,
            batch: 2,
        };
        let waits = RollingStep::Waits {
            signals: 2,
            timeout: hour,
        };
        assert_eq!(Batches::beginning(&RollingStep::Signal), None);
        let mut batches = Batches::beginning(&begins).expect("it begins");
        assert_eq!((batches.current(), batches.all()), (1, 3));
        batches.take(at(100), &waits);
        assert_eq!(batches.times_out(), Some(at(3_700)));
        batches.take(at(200), &RollingStep::Signal);
        assert_eq!(batches.times_out(), Some(at(3_700)), "one is missing still");
        batches.take(at(201), &RollingStep::Signal);
        assert_eq!(batches.times_out(), None);
        for _ in 0..2 {
            batches.take(at(300), &RollingStep::Batch);
        }
        assert_eq!((batches.current(), batches.all()), (2, 3));
        batches.take(at(400), &waits);
        let named = (batches.current(), batches.times_out());
        assert_eq!(named, (3, Some(at(4_000))), "the hour is that of batch 3");
        for _ in 0..5 {
            batches.take(at(500), &RollingStep::Batch);
        }
        assert_eq!(batches.current(), 3, "never more than there are");
    }
}
