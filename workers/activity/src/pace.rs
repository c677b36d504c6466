//! How long to wait between beats and after errors. Plain functions, without a clock.

use std::time::Duration;

/// While a question is worked on, Step Functions hears of it so often: a third of the definition's
/// HeartbeatSeconds, so that two beats may get lost.
pub const HEARTBEAT: Duration = Duration::from_secs(30);

/// The longest wait after an error: that of the AWS SDKs (`max_backoff`,
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>). A poll each
/// twenty seconds strains nobody, and an instance may wait for the next one that succeeds.
pub const LONGEST_BACKOFF: Duration = Duration::from_secs(20);

/// How long to wait after `failures` polls in a row that failed: a second, doubled each time, and
/// of that the second half by `chance` (0 to 1), so that many workers do not come back in step.
pub fn backoff(failures: u32, chance: f64) -> Duration {
    let doublings = failures.saturating_sub(1).min(5);
    let full = Duration::from_secs(1 << doublings).min(LONGEST_BACKOFF);
    full.mul_f64(0.5 + 0.5 * chance.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_to_twenty_seconds_and_half_of_it_is_chance() {
        let seconds = |failures, chance| backoff(failures, chance).as_secs_f64();
        assert_eq!(
            [1, 2, 3, 5, 6, 1000].map(|n| seconds(n, 1.0)),
            [1.0, 2.0, 4.0, 16.0, 20.0, 20.0]
        );
        assert_eq!([1, 2, 1000].map(|n| seconds(n, 0.0)), [0.5, 1.0, 10.0]);
    }

    #[test]
    fn a_beat_is_a_third_of_what_the_definition_allows() {
        let definition = include_str!("../../../statemachine/lifecycle.asl.json");
        let definition: serde_json::Value = serde_json::from_str(definition).expect("JSON");
        let states = definition["States"].as_object().expect("States");
        for (name, state) in states.iter().filter(|(_, state)| state["Type"] == "Task") {
            assert_eq!(
                state["HeartbeatSeconds"].as_u64(),
                Some(3 * HEARTBEAT.as_secs()),
                "{name}"
            );
        }
    }
}
