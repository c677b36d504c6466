//! The reasons that a refresh gives for its status. Recorded, where nothing else is said:
//! radkawar/stackd testdata/aws/autoscaling/refresh_native.json, 2026-09.

use std::time::Duration;

/// A user asked for the rollback.
pub const ROLLED_BACK_BY_USER: &str = "Rollback triggered due to user request.";

/// New instances are in service, and are not trusted yet. Recorded in a rollback, until its end.
pub const HEALTH_CHECK_INTERVAL: &str =
    "Waiting for a health check interval to pass before continuing.";

/// As [`HEALTH_CHECK_INTERVAL`], on the way forward. The instance that is named is one that was
/// there before.
pub fn insufficient_data(instance: &str) -> String {
    remaining(&format!(
        "{instance} has insufficient data to evaluate its health with Amazon EC2."
    ))
}

/// What it terminates is not gone yet.
pub fn terminating(instance: &str) -> String {
    format!(
        "Waiting for terminating instances before continuing. For example: {instance} is terminating."
    )
}

/// Only protected instances are left.
pub fn protected(instance: &str) -> String {
    remaining(&format!(
        "{instance} is protected. Remove instance scale-in protection to continue."
    ))
}

/// Only instances in standby are left.
///
/// assumption: the text, after that of [`protected`]. Such a refresh on AWS proves it.
pub fn in_standby(instance: &str) -> String {
    remaining(&format!(
        "{instance} is in standby. Move the instance out of standby to continue."
    ))
}

fn remaining(example: &str) -> String {
    format!("Waiting for remaining instances to be available. For example: {example}")
}

/// It bakes. Of a minute 59 seconds are left at its beginning, so a second that has begun
/// does not count.
pub fn bakes(left: Duration) -> String {
    let seconds = left.saturating_sub(Duration::from_nanos(1)).as_secs();
    format!("Waiting for bake time to finish before continuing. There are {seconds} seconds left.")
}

/// A user cancelled it. The text is recorded for one that does not wait for what is under way.
///
/// assumption: the text for one that waits. Such a cancellation on AWS proves it.
pub fn cancelled(waits_for_moves: bool) -> &'static str {
    if waits_for_moves {
        "Cancelled due to user request."
    } else {
        "Cancelled without waiting for ongoing instance launches and terminations due to user request."
    }
}

/// Nothing is replaced while this process is suspended.
///
/// assumption: the text. Such a refresh on AWS proves it.
pub fn is_suspended(process: &str) -> String {
    format!("Waiting because the {process} process is suspended.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_of_baking_begins_with_59_seconds() {
        let minute = Duration::from_secs(60);
        assert!(bakes(minute).ends_with("There are 59 seconds left."));
        assert!(bakes(Duration::ZERO).ends_with("There are 0 seconds left."));
        let half = Duration::from_millis(9500);
        assert!(bakes(half).ends_with("There are 9 seconds left."));
    }
}
