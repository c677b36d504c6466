//! One format for each kind of value in everything that is shown: durations, times of day, counts.
//! The workers' reasons have the same formats.

use jiff::{SignedDuration, Span, SpanRelativeTo};

pub use workers::text::{between, clock, count, duration, noun};

/// A duration in seconds.
pub fn seconds(seconds: f64) -> String {
    duration(SignedDuration::try_from_secs_f64(seconds.round()).unwrap_or_default())
}

/// What a standalone task is called: its family, unless it was started in a group of another name.
pub fn task_name(group: &str) -> &str {
    group.strip_prefix("family:").unwrap_or(group)
}

/// Reads a duration, such as `90s`, `45m`, `2h` or `3d`; nothing if it is none, or not positive.
pub fn read_duration(text: &str) -> Option<SignedDuration> {
    let span: Span = text.parse().ok()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    duration.is_positive().then_some(duration)
}

/// The beginning of a text, if it is longer.
pub fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() > most {
        text.chars().take(most - 1).chain(['…']).collect()
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_seconds_are_rounded() {
        assert_eq!(seconds(59.6), "1m00s");
        assert_eq!(read_duration("1h30m"), Some(SignedDuration::from_mins(90)));
        assert_eq!(read_duration("3d"), Some(SignedDuration::from_hours(72)));
        for wrong in ["", "soon", "0s", "-5m", "90"] {
            assert_eq!(read_duration(wrong), None, "{wrong}");
        }
    }
}
