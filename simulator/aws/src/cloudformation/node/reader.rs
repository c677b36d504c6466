//! From YAML's events to the tree.

use std::collections::BTreeSet;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use serde_json::{Number, Value};

use super::{Content, Node, Position, TemplateError};

/// Lists and maps are nested this deep at most.
///
/// assumption: no template comes near. A template that AWS takes and this limit refuses proves it
/// wrong.
const DEEPEST: usize = 100;

/// Reads the template `text` of `file`.
///
/// # Errors
/// A refusal of the first thing that is no YAML, or none that CloudFormation reads.
pub fn read(file: &str, text: &str) -> Result<Node, TemplateError> {
    let mut reader = Reader {
        file: file.into(),
        events: Parser::new_from_str(text),
        depth: 0,
    };
    let (mut event, mut span) = reader.next()?;
    while matches!(event, Event::StreamStart | Event::DocumentStart(_)) {
        (event, span) = reader.next()?;
    }
    let root = reader.node(event, span)?;
    loop {
        match reader.next()? {
            (Event::DocumentEnd, _) => {}
            (Event::StreamEnd, _) => return Ok(root),
            (_, span) => {
                return Err(TemplateError::new(
                    &reader.position(span),
                    "a second YAML document begins here",
                    "a template is one document",
                ));
            }
        }
    }
}

struct Reader<'a> {
    file: Arc<str>,
    events: Parser<'a, saphyr_parser::StrInput<'a>>,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn position(&self, span: Span) -> Position {
        Position {
            file: self.file.clone(),
            line: span.start.line(),
            column: span.start.col() + 1,
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), TemplateError> {
        match self.events.next() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => {
                let at = Span::empty(*error.marker());
                Err(TemplateError::new(
                    &self.position(at),
                    format!("no YAML: {}", error.info()),
                    "correct the indentation or the quotes",
                ))
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span) -> Result<Node, TemplateError> {
        let at = self.position(span);
        let (tag, content) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tag = self.tag(&at, anchor, tag.as_deref())?;
                let value = scalar(&at, &text, style, tag.is_some())?;
                (tag, Content::Scalar(value))
            }
            Event::SequenceStart(anchor, tag) => {
                let tag = self.tag(&at, anchor, tag.as_deref())?;
                (tag, self.deeper(&at, Self::list)?)
            }
            Event::MappingStart(anchor, tag) => {
                let tag = self.tag(&at, anchor, tag.as_deref())?;
                (tag, self.deeper(&at, Self::map)?)
            }
            Event::Alias(_) => {
                return Err(TemplateError::new(
                    &at,
                    "CloudFormation knows no YAML aliases",
                    "write the value out",
                ));
            }
            _ => {
                return Err(TemplateError::new(
                    &at,
                    "the template is empty",
                    "it needs at least Resources",
                ));
            }
        };
        Ok(Node { at, tag, content })
    }

    fn deeper(
        &mut self,
        at: &Position,
        inner: impl Fn(&mut Self) -> Result<Content, TemplateError>,
    ) -> Result<Content, TemplateError> {
        if self.depth == DEEPEST {
            return Err(TemplateError::new(
                at,
                format!("this is nested more than {DEEPEST} deep"),
                "nest less",
            ));
        }
        self.depth += 1;
        let read = inner(self);
        self.depth -= 1;
        read
    }

    fn list(&mut self) -> Result<Content, TemplateError> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Content::List(items)),
                (event, span) => items.push(self.node(event, span)?),
            }
        }
    }

    fn map(&mut self) -> Result<Content, TemplateError> {
        let mut entries: Vec<(String, Position, Node)> = Vec::new();
        let mut known = BTreeSet::new();
        loop {
            let (event, span) = self.next()?;
            let at = self.position(span);
            let key = match event {
                Event::MappingEnd => return Ok(Content::Map(entries)),
                Event::Scalar(key, _, 0, None) => key.into_owned(),
                _ => {
                    return Err(TemplateError::new(
                        &at,
                        "a key is no plain text",
                        "write a name",
                    ));
                }
            };
            if key == "<<" {
                return Err(TemplateError::new(
                    &at,
                    "CloudFormation knows no YAML merges",
                    "write the keys out",
                ));
            }
            if !known.insert(key.clone()) {
                return Err(TemplateError::new(
                    &at,
                    format!("the key {key} stands here a second time"),
                    "remove one of the two",
                ));
            }
            let (event, span) = self.next()?;
            entries.push((key, at, self.node(event, span)?));
        }
    }

    fn tag(
        &self,
        at: &Position,
        anchor: usize,
        tag: Option<&Tag>,
    ) -> Result<Option<String>, TemplateError> {
        if anchor != 0 {
            return Err(TemplateError::new(
                at,
                "CloudFormation knows no YAML anchors",
                "remove the &",
            ));
        }
        match tag {
            None => Ok(None),
            Some(tag) if tag.handle == "!" => Ok(Some(tag.suffix.clone())),
            Some(tag) => Err(TemplateError::new(
                at,
                format!(
                    "CloudFormation does not know the tag {}{}",
                    tag.handle, tag.suffix
                ),
                "use a function's short form, such as !Ref",
            )),
        }
    }
}

fn scalar(
    at: &Position,
    text: &str,
    style: ScalarStyle,
    tagged: bool,
) -> Result<Value, TemplateError> {
    if style != ScalarStyle::Plain || tagged {
        return Ok(Value::from(text));
    }
    match text {
        "true" | "True" | "TRUE" => Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => Ok(Value::Bool(false)),
        "" | "~" | "null" | "Null" | "NULL" => Err(TemplateError::new(
            at,
            "null values are not allowed in templates",
            "give a value, or remove the key",
        )),
        "yes" | "Yes" | "YES" | "no" | "No" | "NO" | "on" | "On" | "ON" | "off" | "Off" | "OFF" => {
            Err(TemplateError::new(
                at,
                format!("{text} is a boolean in YAML 1.1 and a string in YAML 1.2"),
                "write true or false, or quote it",
            ))
        }
        _ => Ok(number(text).map_or_else(|| Value::from(text), Value::Number)),
    }
}

/// A number only if it is written as a number is written back: `010`, `1.10` and account numbers
/// stay text.
fn number(text: &str) -> Option<Number> {
    let number = text
        .parse::<i64>()
        .ok()
        .map(Number::from)
        .or_else(|| Number::from_f64(text.parse().ok()?))?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        read("t.yaml", text).expect_err("refused").to_string()
    }

    #[test]
    fn every_node_knows_where_it_stands() {
        let root = read("t.yaml", "A:\n  B: !Ref X\n  C: [1, \"2\"]\n").expect("YAML");
        let a = root.get("A").expect("A");
        let b = a.get("B").expect("B");
        assert_eq!(b.at.line, 2);
        assert_eq!(b.tag.as_deref(), Some("Ref"));
        assert_eq!(
            a.get("C").expect("C").plain(),
            Ok(serde_json::json!([1, "2"]))
        );
    }

    #[test]
    fn what_cloudformation_does_not_read_is_refused_with_its_place() {
        assert!(refused("A: 1\nA: 2\n").starts_with("t.yaml:2:1: the key A stands here"));
        assert!(refused("A: &x 1\nB: *x\n").contains("no YAML anchors"));
        assert!(refused("A:\nB: 1\n").contains("null values"));
        assert!(refused("A: [1\n").contains("no YAML"));
        assert!(refused("A: yes\n").contains("quote it"));
        let deep = refused(&"- ".repeat(100_000));
        assert!(deep.contains("nested more than 100 deep"), "{deep}");
        assert!(refused(&"[".repeat(100_000)).contains("recursion limit"));
        assert!(refused("A: 1\n---\nB: 1\n").contains("second YAML document"));
    }

    #[test]
    fn text_that_only_looks_like_a_number_stays_text() {
        let root = read("t.yaml", "[010, 1.10, 2012-10-17, 7, 1.5]").expect("YAML");
        assert_eq!(
            root.plain(),
            Ok(serde_json::json!(["010", "1.10", "2012-10-17", 7, 1.5]))
        );
    }
}
