//! One format for each kind of value in everything that is shown: durations, times of day, counts.

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

/// A duration, as `35s`, `14m47s` or `2h05m`; never below nothing.
pub fn duration(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, minutes) => format!("{minutes}m{seconds:02}s"),
        (hours, minutes) => format!("{hours}h{minutes:02}m"),
    }
}

/// A duration in seconds.
pub fn seconds(seconds: f64) -> String {
    duration(SignedDuration::try_from_secs_f64(seconds.round()).unwrap_or_default())
}

/// Reads a duration, such as `90s`, `45m`, `2h` or `3d`; nothing if it is none, or not positive.
pub fn read_duration(text: &str) -> Option<SignedDuration> {
    let span: Span = text.parse().ok()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    duration.is_positive().then_some(duration)
}

/// The time from one instant to another.
pub fn between(from: Timestamp, to: Timestamp) -> String {
    duration(to.duration_since(from))
}

/// A time of the day, in UTC.
pub fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%SZ").to_string()
}

/// How many there are of something, such as `1 task` or `3 tasks`.
pub fn count(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        more => format!("{more} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_one_format_for_each_length() {
        let of = |seconds| duration(SignedDuration::from_secs(seconds));
        assert_eq!(of(-5), "0s");
        assert_eq!(of(59), "59s");
        assert_eq!(of(240), "4m00s");
        assert_eq!(of(887), "14m47s");
        assert_eq!(of(7_500), "2h05m");
        assert_eq!(of(360_000), "100h00m");
        assert_eq!(seconds(59.6), "1m00s");
        assert_eq!(read_duration("1h30m"), Some(SignedDuration::from_mins(90)));
        assert_eq!(read_duration("3d"), Some(SignedDuration::from_hours(72)));
        for wrong in ["", "soon", "0s", "-5m", "90"] {
            assert_eq!(read_duration(wrong), None, "{wrong}");
        }
        let at = |second| Timestamp::from_second(second).expect("a time");
        assert_eq!(between(at(0), at(761)), "12m41s");
        assert_eq!(between(at(9), at(0)), "0s");
        assert_eq!(clock(at(61)), "00:01:01Z");
        assert_eq!(count(1, "task"), "1 task");
        assert_eq!(count(3, "task"), "3 tasks");
    }
}
