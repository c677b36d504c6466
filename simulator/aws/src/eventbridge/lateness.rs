//! How late the events of AWS services reach the bus.
//!
//! Recorded (radkawar/stackd, testdata/aws, 2026-09: warm pool, instance refresh, Step Functions
//! and Parameter Store events): 1 to 129 s after the event's own `time`, median about 24 s, and not
//! in the order of time. The queue was polled every 5 s with short polls, which see a part of its
//! messages, so these are upper bounds. The table below is our reading of them: the recorded
//! maximum, a long tail, and a median of some seconds. `PutEvents` has none of it: from that call
//! to a target passed 3 s at most.

use std::time::Duration;

/// How many of a thousand events are at most this late, in milliseconds. In between it grows
/// evenly.
const QUANTILES: [(u64, u64); 7] = [
    (0, 1_000),
    (250, 3_000),
    (500, 6_000),
    (750, 15_000),
    (900, 35_000),
    (990, 90_000),
    (1000, 129_000),
];

/// The latest that a service's event reaches the bus, unless a fault delays it further.
pub const LATEST: Duration = Duration::from_millis(QUANTILES[QUANTILES.len() - 1].1);

/// A place in the table is a whole number below this.
pub const PARTS: u64 = 1_000_000;

/// How late the event is that stands at `place`, of [`PARTS`], when all events are sorted by their
/// lateness.
pub fn at_place(place: u64) -> Duration {
    let place = place.min(PARTS);
    let scale = PARTS / 1000;
    let between = QUANTILES
        .windows(2)
        .find(|pair| place <= pair[1].0 * scale)
        .unwrap_or(&QUANTILES[QUANTILES.len() - 2..]);
    let ((from, least), (to, most)) = (between[0], between[1]);
    let share = place - from * scale;
    Duration::from_millis(least + (most - least) * share / ((to - from) * scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_events_come_within_seconds_and_the_last_after_two_minutes() {
        let seconds = |thousandth: u64| at_place(thousandth * PARTS / 1000).as_secs_f64();
        assert_eq!(
            [0, 500, 750, 900, 950, 1000].map(seconds),
            [1.0, 6.0, 15.0, 35.0, 65.555, 129.0]
        );
        assert_eq!(at_place(u64::MAX), LATEST);
        let all: Vec<Duration> = (0..=1000).map(|it| at_place(it * PARTS / 1000)).collect();
        assert!(all.is_sorted());
    }
}
