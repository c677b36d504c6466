//! Text in little room.

/// The text, cut to so many characters; the last then says that there is more.
pub fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept = text.chars().take(width.saturating_sub(1));
    kept.chain((width > 0).then_some('…')).collect()
}

/// The text in lines of so many characters at most, broken between words, and within those that are
/// longer than a line.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    for mut word in text.split_whitespace().map(str::to_owned) {
        let mut line = lines.pop().unwrap_or_default();
        let taken = line.chars().count();
        if taken > 0 && taken + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
        } else if taken > 0 {
            line.push(' ');
        }
        while line.is_empty() && word.chars().count() > width {
            lines.push(word.chars().take(width).collect());
            word = word.chars().skip(width).collect();
        }
        line.push_str(&word);
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_says_that_there_is_more() {
        assert_eq!(cut("drained", 7), "drained");
        assert_eq!(cut("drained", 4), "dra…");
        assert_eq!(cut("drained", 1), "…");
        assert_eq!(cut("drained", 0), "");
    }

    #[test]
    fn lines_break_between_words_and_within_those_that_are_longer() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(
            wrap("to https://a.b/c now", 5),
            ["to", "https", "://a.", "b/c", "now"]
        );
        assert_eq!(wrap("", 7), [""]);
        assert_eq!(wrap("a b", 0), ["a", "b"]);
    }
}
