//! Text that others wrote, made fit for a terminal, a notice and the state machine: no character in
//! it acts on whoever shows it, and none of it is longer than where it has to go allows.

use std::borrow::Cow;
use std::fmt;

use jiff::{SignedDuration, Timestamp};

/// The longest reason, and the longest chain of causes, in bytes of UTF-8.
///
/// They stand several times in an execution's state, which has 262,144 bytes, and in a Fail state's
/// cause and SendTaskFailure's, which have 32,768 each (Step Functions API Reference,
/// SendTaskFailure; Developer Guide, quotas). JSON writes a byte of them in six at most, and a
/// notice in EventBridge and SNS has 262,144 bytes too.
pub const REASON_LIMIT: usize = 4096;

/// As many items of a list are named; the others are counted.
const LISTED: usize = 20;

/// What a hostile character is shown as: that it was there is worth knowing.
pub const REPLACEMENT: char = '\u{fffd}';

/// What `hostile` is replaced by, if it is one that a terminal or a reader must not meet: controls
/// (C0, DEL and C1, so also escape sequences), what turns the direction of text round, what has no
/// width, and what breaks lines.
pub fn replacement(hostile: char) -> Option<char> {
    match hostile {
        '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some(' '),
        c if c.is_control() => Some(REPLACEMENT),
        '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => Some(REPLACEMENT),
        _ => None,
    }
}

/// `text` in one line, in which every hostile character is replaced.
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| replacement(c).is_none()) {
        return Cow::Borrowed(text);
    }
    let replaced = text.chars().map(|c| replacement(c).unwrap_or(c));
    Cow::Owned(replaced.collect())
}

/// `text`, or its beginning and how much more there was, in [`REASON_LIMIT`] bytes.
pub fn shortened(text: &str) -> Cow<'_, str> {
    if text.len() <= REASON_LIMIT {
        return Cow::Borrowed(text);
    }
    // Room for what is said of the rest, whose count has twenty digits at most.
    let beginning = &text[..text.floor_char_boundary(REASON_LIMIT - 48)];
    let rest = text[beginning.len()..].chars().count();
    Cow::Owned(format!("{beginning}\u{2026} (and {rest} more characters)"))
}

/// A reason as it leaves a worker: [`printable`] and [`shortened`].
pub fn reason(text: &str) -> String {
    shortened(&printable(text)).into_owned()
}

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

/// The time from one instant to another, as [`duration`].
pub fn between(from: Timestamp, to: Timestamp) -> String {
    duration(to.duration_since(from))
}

/// A time of the day, in UTC.
pub fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%SZ").to_string()
}

/// How many there are of something, such as `1 task`, `3 tasks` or `2 batches`.
pub fn count<N: Copy + fmt::Display + TryInto<i64>>(count: N, what: &str) -> String {
    format!("{count} {}", noun(count, what))
}

/// `what` in the form that goes with the number: `task` with 1, `tasks` with any other.
pub fn noun<N: Copy + TryInto<i64>>(count: N, what: &str) -> Cow<'_, str> {
    let is_one = count.try_into().is_ok_and(|count| count == 1);
    match is_one {
        true => Cow::Borrowed(what),
        false if what.ends_with("ch") => Cow::Owned(format!("{what}es")),
        false => Cow::Owned(format!("{what}s")),
    }
}

/// The items between `separator`s: the first `LISTED` of them, and how many more there are.
pub fn list<T: ToString>(items: impl IntoIterator<Item = T>, separator: &str) -> String {
    list_first(LISTED, items, separator)
}

/// The same with the first `most` of them.
pub fn list_first<T: ToString>(
    most: usize,
    items: impl IntoIterator<Item = T>,
    separator: &str,
) -> String {
    let mut items = items.into_iter();
    let mut named: Vec<String> = items
        .by_ref()
        .take(most)
        .map(|item| item.to_string())
        .collect();
    match items.count() {
        0 => {}
        more => named.push(format!("and {more} more")),
    }
    named.join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_range_of_hostile_characters_is_replaced_to_its_ends_and_no_further() {
        const SPACE: Option<char> = Some(' ');
        const HIDDEN: Option<char> = Some(REPLACEMENT);
        for (first, last, shown) in [
            (0x00, 0x08, HIDDEN),
            (0x09, 0x0d, SPACE),
            (0x0e, 0x1f, HIDDEN),
            (0x20, 0x7e, None),
            (0x7f, 0x84, HIDDEN),
            (0x85, 0x85, SPACE),
            (0x86, 0x9f, HIDDEN),
            (0xa0, 0xac, None),
            (0xad, 0xad, HIDDEN),
            (0xae, 0x61b, None),
            (0x61c, 0x61c, HIDDEN),
            (0x61d, 0x180d, None),
            (0x180e, 0x180e, HIDDEN),
            (0x180f, 0x200a, None),
            (0x200b, 0x200f, HIDDEN),
            (0x2010, 0x2027, None),
            (0x2028, 0x2029, SPACE),
            (0x202a, 0x202e, HIDDEN),
            (0x202f, 0x205f, None),
            (0x2060, 0x206f, HIDDEN),
            (0x2070, 0xd7ff, None),
            (0xe000, 0xfefe, None),
            (0xfeff, 0xfeff, HIDDEN),
            (0xff00, 0xfff8, None),
            (0xfff9, 0xfffb, HIDDEN),
            (0xfffc, 0xd_ffff, None),
            (0xe_0000, 0xe_007f, HIDDEN),
            (0xe_0080, 0x10_ffff, None),
        ] {
            for code in first..=last {
                let found = char::from_u32(code).map(replacement);
                assert_eq!(found, Some(shown), "{code:x}");
            }
        }
    }

    #[test]
    fn a_text_is_cut_at_its_limit_and_not_before() {
        for (length, is_cut) in [
            (REASON_LIMIT - 1, false),
            (REASON_LIMIT, false),
            (REASON_LIMIT + 1, true),
        ] {
            let long = "x".repeat(length);
            let cut = shortened(&long);
            assert_eq!(cut != long, is_cut, "{length}");
            assert!(cut.len() <= REASON_LIMIT);
            let kept = cut.chars().filter(|c| *c == 'x').count();
            let told = format!("(and {} more characters)", length - kept);
            assert_eq!(cut.ends_with(&told), is_cut, "{cut}");
        }
    }

    #[test]
    fn every_length_of_a_duration_is_written_in_its_format() {
        for (seconds, words) in [
            (-5, "0s"),
            (0, "0s"),
            (59, "59s"),
            (60, "1m00s"),
            (61, "1m01s"),
            (3599, "59m59s"),
            (3600, "1h00m"),
            (3660, "1h01m"),
            (7325, "2h02m"),
            (172_800, "48h00m"),
        ] {
            assert_eq!(duration(SignedDuration::from_secs(seconds)), words);
        }
    }

    #[test]
    fn twenty_items_are_named_and_the_rest_is_counted() {
        assert_eq!(list(["a", "b"], ", "), "a, b");
        assert_eq!(list(0..20, " ").split(' ').count(), 20);
        assert!(list(0..21, " ").ends_with(" 19 and 1 more"));
        assert_eq!(list_first(1, ["a", "b", "c"], ", "), "a, and 2 more");
        assert_eq!(list_first(3, ["a", "b", "c"], ", "), "a, b, c");
        assert_eq!(
            (count(0, "task"), count(1, "task"), count(2, "task")),
            (
                "0 tasks".to_owned(),
                "1 task".to_owned(),
                "2 tasks".to_owned()
            )
        );
    }

    #[test]
    fn no_character_acts_on_whoever_shows_it() {
        for (hostile, shown) in [
            ("a\u{1b}[2Jb", "a\u{fffd}[2Jb"),
            ("a\u{9b}2Jb\u{7f}\0", "a\u{fffd}2Jb\u{fffd}\u{fffd}"),
            (
                "one\r\ntwo\tthree\u{2028}four\u{85}",
                "one  two three four ",
            ),
            ("\u{202e}gpj.exe\u{2066}x", "\u{fffd}gpj.exe\u{fffd}x"),
            (
                "ad\u{200b}min\u{feff}\u{e0041}",
                "ad\u{fffd}min\u{fffd}\u{fffd}",
            ),
        ] {
            assert_eq!(printable(hostile), shown);
            assert_eq!(printable(shown), shown, "twice is as once");
        }
        let harmless = "Tâche « 日本 » 🚀 עברית";
        assert!(matches!(printable(harmless), Cow::Borrowed(same) if same == harmless));
    }

    #[test]
    fn a_long_text_keeps_its_beginning_and_says_how_much_more_there_was() {
        for unit in ["x", "é", "日", "🚀"] {
            let text = unit.repeat(3 * REASON_LIMIT);
            let short = shortened(&text);
            assert!(short.len() <= REASON_LIMIT, "{} bytes", short.len());
            assert!(short.len() > REASON_LIMIT - 64, "{} bytes", short.len());
            let kept = short.chars().take_while(|c| unit.starts_with(*c)).count();
            let told = format!("(and {} more characters)", 3 * REASON_LIMIT - kept);
            assert!(short.ends_with(&told), "{told}: {short}");
        }
        let fits = "x".repeat(REASON_LIMIT);
        assert_eq!(shortened(&fits), fits);
    }

    #[test]
    fn a_duration_has_one_format_for_each_length() {
        let of = |seconds| duration(SignedDuration::from_secs(seconds));
        assert_eq!(of(-5), "0s");
        assert_eq!(of(59), "59s");
        assert_eq!(of(240), "4m00s");
        assert_eq!(of(887), "14m47s");
        assert_eq!(of(7_500), "2h05m");
        assert_eq!(of(360_000), "100h00m");
        let at = |second| Timestamp::from_second(second).expect("a time");
        assert_eq!(between(at(0), at(761)), "12m41s");
        assert_eq!(between(at(9), at(0)), "0s");
        assert_eq!(clock(at(61)), "00:01:01Z");
        assert_eq!(count(1, "task"), "1 task");
        assert_eq!(count(3, "task"), "3 tasks");
        assert_eq!(count(0_usize, "task"), "0 tasks");
        assert_eq!(count(2_i64, "batch"), "2 batches");
        assert_eq!(count(u64::MAX, "call"), format!("{} calls", u64::MAX));
    }

    #[test]
    fn a_long_list_names_the_first_and_counts_the_others() {
        assert_eq!(list(["a", "b"], "; "), "a; b");
        assert_eq!(list(0..20, " ").split(' ').count(), 20);
        assert!(list(0..25, "; ").ends_with("; 19; and 5 more"));
        assert_eq!(list(Vec::<String>::new(), "; "), "");
        assert_eq!(list_first(2, ["a", "b", "c"], ", "), "a, b, and 1 more");
    }
}
