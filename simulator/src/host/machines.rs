//! What the clocks of the machines show on which workers run: they need not agree with AWS's.

use std::sync::atomic::Ordering;

use jiff::{SignedDuration, Timestamp};

use super::SimulationHost;
use crate::interceptors::mutation::Mutation;

impl SimulationHost {
    /// What the clock of the machines shows on which workers run.
    pub fn machine_time(&self) -> Timestamp {
        let ahead = SignedDuration::from_millis(self.skew_ms.load(Ordering::Relaxed));
        self.now() + ahead
    }

    /// Makes the workers' clock go `ahead` of AWS's.
    pub fn skew(&self, ahead: SignedDuration) {
        let ahead = i64::try_from(ahead.as_millis()).unwrap_or_default();
        self.skew_ms.store(ahead, Ordering::Relaxed);
    }

    /// The date that an answer is told to have.
    pub fn date(&self) -> Timestamp {
        let skew_ms = self.skew_ms.load(Ordering::Relaxed);
        let own_clock = match self.mutation() {
            Some(Mutation::OwnClock) => true,
            Some(Mutation::SmallSkewIgnored) => skew_ms.abs() < 300_000,
            _ => false,
        };
        if own_clock {
            self.machine_time()
        } else {
            self.now()
        }
    }
}
