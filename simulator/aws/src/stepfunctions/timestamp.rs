//! Timestamps as Amazon States Language writes them.

use jiff::Timestamp;

/// Reads a date-time of the profile of RFC 3339 that the language names: a capital T between date
/// and time, and a capital Z or an offset at the end
/// (<https://states-language.net/spec.html#timestamps>). A space instead of the T makes it no
/// timestamp (recorded: localstack/localstack
/// tests/aws/services/stepfunctions/v2/choice_operators/test_timestamp_operators.snapshot.json,
/// 2023-06).
pub fn read(text: &str) -> Option<Timestamp> {
    const SHAPE: &[u8] = b"0000-00-00T00:00:00";
    let (instant, rest) = text.split_at_checked(SHAPE.len())?;
    let has_shape = instant
        .bytes()
        .zip(SHAPE)
        .all(|(letter, wanted)| match wanted {
            b'0' => letter.is_ascii_digit(),
            _ => letter == *wanted,
        });
    let offset = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|digit: char| digit.is_ascii_digit()),
        None => rest,
    };
    let has_offset = offset == "Z" || offset.len() == 6 && offset.starts_with(['+', '-']);
    (has_shape && has_offset)
        .then(|| text.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_profile_of_rfc_3339_is_read() {
        for text in [
            "2026-11-23T00:00:00Z",
            "2026-11-23T00:00:00.25Z",
            "2026-11-23T00:00:00.0000000Z",
            "2026-11-23T01:00:00+01:00",
        ] {
            assert!(read(text).is_some(), "{text}");
        }
        for text in [
            "2026-11-23 00:00:00Z",
            "2026-11-23t00:00:00Z",
            "2026-11-23T00:00:00z",
            "2026-11-23T00:00:00",
            "2026-11-23T00:00:00.000",
            "2026-11-23T00:00:00+0100",
            "2026-11-23T00:00Z",
            "2026-13-23T00:00:00Z",
            "2026-11-23",
            "",
            "\u{e9}026-11-23T00:00:00Z",
        ] {
            assert!(read(text).is_none(), "{text}");
        }
    }
}
