//! Where the placeholders of an InputTemplate stand: in a text by itself, in a text inside an
//! object or a list, or as a value.

use crate::eventbridge::request_fields::invalid;
use crate::wire::ApiError;

/// A piece of a template.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// What stands there as it is.
    Text(String),
    /// `<name>`
    Placeholder {
        /// Its name.
        name: String,
        /// Where it stands.
        place: Place,
    },
}

/// Where a placeholder stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In quotes, in a text that is no part of an object or a list.
    Text,
    /// In quotes, in a text inside an object or a list.
    Member,
    /// As the value of a member of an object.
    Value,
    /// As an item of a list.
    Item,
    /// By itself, without quotes.
    Alone,
}

/// Cuts the template of the target `id` into its pieces.
///
/// # Errors
/// `ValidationException` if a placeholder stands in a key, `NotImplemented` for a `<` that begins
/// no placeholder.
pub fn pieces(id: &str, template: &str) -> Result<Vec<Piece>, ApiError> {
    let mut reader = Reader::default();
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((text, after)) = rest.split_once('<') {
        reader.read(text);
        pieces.push(Piece::Text(text.to_owned()));
        let placeholder = after.split_once('>');
        let (name, after) = placeholder
            .filter(|(name, _)| is_name(name))
            .ok_or_else(|| {
                ApiError::not_known(format_args!(
                    "the InputTemplate for target {id}: a < that begins no placeholder <name>"
                ))
            })?;
        if reader.is_in_key() {
            return Err(invalid(format!(
                "InputTemplate placeholder present as a JSON object key for target {id}."
            )));
        }
        pieces.push(Piece::Placeholder {
            name: name.to_owned(),
            place: reader.place(),
        });
        rest = after;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    Ok(pieces)
}

fn is_name(name: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !name.is_empty() && name.chars().all(known)
}

/// What encloses the place that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Around {
    List,
    /// An object, in which a key comes next, or a value.
    Key,
    Value,
}

/// Reads as much of JSON as shows where a placeholder stands.
#[derive(Debug, Default)]
struct Reader {
    around: Vec<Around>,
    in_quotes: bool,
    escaped: bool,
}

impl Reader {
    fn read(&mut self, text: &str) {
        for c in text.chars() {
            if self.escaped {
                self.escaped = false;
            } else if self.in_quotes {
                self.escaped = c == '\\';
                self.in_quotes = c != '"';
            } else {
                self.read_outside(c);
            }
        }
    }

    fn read_outside(&mut self, c: char) {
        match c {
            '"' => self.in_quotes = true,
            '{' => self.around.push(Around::Key),
            '[' => self.around.push(Around::List),
            '}' | ']' => drop(self.around.pop()),
            ':' | ',' => {
                if let Some(inner @ (Around::Key | Around::Value)) = self.around.last_mut() {
                    *inner = if c == ':' { Around::Value } else { Around::Key };
                }
            }
            _ => {}
        }
    }

    fn is_in_key(&self) -> bool {
        self.in_quotes && self.around.last() == Some(&Around::Key)
    }

    fn place(&self) -> Place {
        match (self.in_quotes, self.around.last()) {
            (true, None) => Place::Text,
            (true, Some(_)) => Place::Member,
            (false, Some(Around::Key | Around::Value)) => Place::Value,
            (false, Some(Around::List)) => Place::Item,
            (false, None) => Place::Alone,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(template: &str) -> Vec<Place> {
        let pieces = pieces("t", template).expect(template).into_iter();
        pieces
            .filter_map(|piece| match piece {
                Piece::Placeholder { place, .. } => Some(place),
                Piece::Text(_) => None,
            })
            .collect()
    }

    #[test]
    fn placeholders_know_where_they_stand() {
        for (template, wanted) in [
            ("\"a <b>\"\n\"<c>\"", vec![Place::Text, Place::Text]),
            ("\"a \\\"<b>\\\"\"", vec![Place::Text]),
            ("<b>", vec![Place::Alone]),
            (
                "{\"a\": <b>, \"c\": \"say <d>\", \"e\": [<f>, \"<g>\"], \"h\": <i>}",
                vec![
                    Place::Value,
                    Place::Member,
                    Place::Item,
                    Place::Member,
                    Place::Value,
                ],
            ),
            ("{\"a:{\": {\"b\": \"}\"}, \"c\": <d>}", vec![Place::Value]),
        ] {
            assert_eq!(places(template), wanted, "{template}");
        }
    }

    #[test]
    fn a_key_takes_no_placeholder_and_a_lone_bracket_is_not_known() {
        let refused = pieces("t", "{\"<key>\":\"value\"}").expect_err("a key");
        assert_eq!(
            refused.message,
            "InputTemplate placeholder present as a JSON object key for target t."
        );
        for template in ["\"a < b\"", "\"a <b\"", "\"<>\"", "\"<a b>\""] {
            let refused = pieces("t", template).expect_err(template);
            assert_eq!(refused.code, "NotImplemented", "{template}");
        }
    }
}
