//! Replaces hostile characters in the body of an answer, as they are or as JSON and XML write them.

use workers::text::{REPLACEMENT, replacement};

/// The body with its hostile characters replaced; `None` if it has none, or is no text.
pub fn in_answer(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let is_xml = text.trim_start().starts_with('<');
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, written) = match first {
            '\\' => escape(rest),
            '&' if is_xml => reference(rest),
            _ => (first.len_utf8(), replacement(first).map(String::from)),
        };
        let (own, after) = rest.split_at(length);
        replaced.push_str(written.as_deref().unwrap_or(own));
        rest = after;
    }
    (replaced != text).then_some(replaced)
}

/// How long the escape sequence is that `text` begins with, and what is written instead of it.
///
/// JSON within JSON doubles its backslashes with each level, so a run of them escapes what comes
/// next on one of the levels. What is written instead is valid on all of them: the same run before
/// `u` and four digits.
fn escape(text: &str) -> (usize, Option<String>) {
    let run = text.len() - text.trim_start_matches('\\').len();
    let (backslashes, rest) = text.split_at(run);
    let code = |c: char| format!("{backslashes}u{:04x}", u32::from(c));
    match rest.chars().next() {
        // It may stand between the tokens of JSON that is nested here, which nothing else than a
        // blank may.
        Some('n' | 'r' | 't') if run == 1 => (2, Some(" ".to_owned())),
        Some('n' | 'r' | 't') => (run + 1, Some(code(' '))),
        Some('b' | 'f') => (run + 1, Some(code(REPLACEMENT))),
        Some('u') => match unicode(backslashes, text) {
            Some((length, c)) => (length, replacement(c).map(code)),
            None => (run + 1, None),
        },
        _ => (run, None),
    }
}

/// The character that `text` begins with, written as `u` and four digits behind these backslashes,
/// or as two of those; and the length of that.
fn unicode(backslashes: &str, text: &str) -> Option<(usize, char)> {
    let unit = |text: &str| {
        let digits = text
            .strip_prefix(backslashes)?
            .strip_prefix('u')?
            .get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let length = backslashes.len() + 5;
    let first = unit(text)?;
    let second = unit(&text[length..]);
    let mut decoded = char::decode_utf16([first].into_iter().chain(second));
    let c = decoded.next()?.ok()?;
    Some((length * c.len_utf16(), c))
}

/// How long the character reference is that `text` begins with, and what is written instead of it.
fn reference(text: &str) -> (usize, Option<String>) {
    let end = text.bytes().take(16).position(|byte| byte == b';');
    let named = end.and_then(|end| Some((end + 1, text[..end].strip_prefix("&#")?)));
    let Some((length, number)) = named else {
        return (1, None);
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    let c = code.ok().and_then(char::from_u32);
    (length, c.and_then(replacement).map(String::from))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// None of it must reach a terminal as it is.
    const HOSTILE: &str = "a\u{1b}[2J\u{9b}1A\u{7f}\u{8}\u{c}\r\nb\tc\u{202e}d\u{2066}e\u{200b}f\u{2028}g\u{feff}\u{e0041}\0";
    /// The same, as it is shown. (A form feed is white space too.)
    const SHOWN: &str = "a\u{fffd}[2J\u{fffd}1A\u{fffd}\u{fffd}";

    fn read(body: &str) -> Value {
        let replaced = in_answer(body.as_bytes()).unwrap_or_else(|| body.to_owned());
        serde_json::from_str(&replaced).unwrap_or_else(|error| panic!("{error}: {replaced}"))
    }

    #[test]
    fn characters_of_json_are_replaced_as_they_are_and_escaped() {
        let escaped = HOSTILE.encode_utf16();
        let escaped: String = escaped.map(|unit| format!("\\u{unit:04X}")).collect();
        for body in [
            json!({"group": HOSTILE}).to_string(),
            format!("{{\"group\": \"{escaped}\"}}"),
        ] {
            let read = read(&body);
            let group = read["group"].as_str().expect("a text");
            assert_eq!(workers::text::printable(group), group, "{body}");
            assert!(group.starts_with(SHOWN), "{group:?}");
            let kept = group.chars().filter(|c| c.is_ascii_graphic());
            assert_eq!(kept.collect::<String>(), "a[2J1Abcdefg");
        }
    }

    #[test]
    fn json_within_json_stays_json_and_is_as_clean() {
        let mut nested = json!({"reason": HOSTILE, "path": "C:\\dir \"quoted\""});
        for depth in 0..4 {
            let mut found = read(&nested.to_string());
            for _ in 0..depth {
                let text = found["nested"].as_str().expect("a text").to_owned();
                found =
                    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
            }
            let reason = found["reason"].as_str().expect("a reason");
            assert_eq!(workers::text::printable(reason), reason, "{depth} deep");
            assert!(reason.starts_with(SHOWN), "{reason:?}");
            assert_eq!(found["path"], "C:\\dir \"quoted\"", "{depth} deep");
            nested = json!({"nested": nested.to_string()});
        }
    }

    #[test]
    fn a_definition_keeps_its_meaning_without_its_lines() {
        let definition = include_str!("../../../../statemachine/lifecycle.asl.json");
        let answer = read(&json!({"definition": definition}).to_string());
        let text = answer["definition"].as_str().expect("a text");
        let (was, is): (Value, Value) = (
            serde_json::from_str(definition).expect("JSON"),
            serde_json::from_str(text).expect("JSON"),
        );
        assert_eq!(is, was);
    }

    #[test]
    fn characters_of_xml_are_replaced_as_they_are_and_as_references() {
        let as_reference = |c: char| {
            let code = u32::from(c);
            format!("&#x{code:x};&#{code};")
        };
        let references: String = HOSTILE.chars().map(as_reference).collect();
        for text in [HOSTILE, &references] {
            let body = format!("<a>\n  <b>{text}&amp;&lt;&#233;&#;&#xyz;&</b>\n</a>");
            let replaced = in_answer(body.as_bytes()).expect("it had some");
            assert_eq!(workers::text::printable(&replaced), replaced);
            let end = "&amp;&lt;&#233;&#;&#xyz;&</b> </a>";
            assert!(replaced.ends_with(end), "{replaced}");
            for c in HOSTILE.chars().filter(|c| replacement(*c).is_some()) {
                let code = u32::from(c);
                let written = [format!("&#x{code:x};"), format!("&#{code};")];
                assert!(!written.iter().any(|it| replaced.contains(it)), "{c:?}");
            }
        }
    }

    #[test]
    fn what_is_harmless_is_left_as_it_is() {
        for body in [
            r#"{"a": "C:\\dir \"x\" \\d é 日本 \u00e9 \ud83d\ude80 \/", "b": [1, 2]}"#,
            r"\u12",
            r"\ud800",
            r"\",
            r"<a>&#233; \\\\ </a>",
            "",
        ] {
            assert_eq!(in_answer(body.as_bytes()), None, "{body}");
        }
        assert_eq!(in_answer(&[0x1b, 0xff]), None);
    }
}
