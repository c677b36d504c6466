//! Whether a text has a shape: as Choice rules and event patterns write it, and as policies do.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Letter(char),
    AnyLetter,
    AnyLetters,
}

/// Whether `text` has the shape in which `*` stands for any letters, `\*` for a star and `\\` for a
/// backslash.
pub fn matches_asl_glob(text: &str, shape: &str) -> bool {
    let mut parts = Vec::new();
    let mut letters = shape.chars();
    while let Some(letter) = letters.next() {
        parts.push(match letter {
            '*' => Part::AnyLetters,
            '\\' => Part::Letter(letters.next().unwrap_or(letter)),
            letter => Part::Letter(letter),
        });
    }
    matches_parts(text, &parts)
}

/// Whether `text` is like the pattern in which `*` stands for any letters, and `?` for any one.
pub fn matches_iam_glob(text: &str, pattern: &str) -> bool {
    let parts = pattern.chars().map(|letter| match letter {
        '*' => Part::AnyLetters,
        '?' => Part::AnyLetter,
        letter => Part::Letter(letter),
    });
    matches_parts(text, &parts.collect::<Vec<_>>())
}

/// Only the last star is ever tried again, so that many of them cost no more than both lengths,
/// multiplied.
fn matches_parts(text: &str, shape: &[Part]) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut part, mut at) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while at < text.len() {
        match shape.get(part) {
            Some(Part::AnyLetters) => {
                star = Some((part, at));
                part += 1;
            }
            Some(Part::AnyLetter) => (part, at) = (part + 1, at + 1),
            Some(Part::Letter(wanted)) if *wanted == text[at] => (part, at) = (part + 1, at + 1),
            _ => match star {
                Some((of, from)) => {
                    star = Some((of, from + 1));
                    (part, at) = (of + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    shape[part..].iter().all(|part| *part == Part::AnyLetters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_letters() {
        for (text, shape, has) in [
            ("", "", true),
            ("", "*", true),
            ("a", "", false),
            ("abbc*", "a*c\\*", true),
            ("abbcd", "a*c\\*", false),
            ("abcabd", "*ab*d", true),
            ("abcabd", "*ab", false),
            ("aé", "*é*", true),
            ("a\\", "a\\\\", true),
            ("a\\", "a\\", true),
        ] {
            assert_eq!(matches_asl_glob(text, shape), has, "{text} {shape}");
        }
    }

    #[test]
    fn a_question_mark_stands_for_one() {
        assert!(matches_iam_glob("arn:aws:ecs", "arn:???:*"));
        assert!(!matches_iam_glob("arn:aws:ecs", "arn:??:*"));
        assert!(!matches_iam_glob("a", "a?"));
    }

    #[test]
    fn many_stars_and_long_texts_take_no_time() {
        let text = "a".repeat(200_000);
        assert!(matches_asl_glob(&text, "*a*a*a"));
        assert!(!matches_asl_glob(
            &text[..2000],
            &format!("{}b", "*a".repeat(30))
        ));
    }
}
