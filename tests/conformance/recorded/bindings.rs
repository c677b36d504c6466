//! Names for values that differ in every run, such as instance ids: `$A` alone is bound to the
//! first value it meets, `${A}` and `$A` inside a longer text stand for it. A name is upper case,
//! with digits: `$Latest` is none.

use std::collections::BTreeMap;

use serde_json::Value;

/// What the names stand for.
#[derive(Debug, Clone, Default)]
pub struct Bindings(BTreeMap<String, Value>);

/// A name that stands for nothing yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unbound(pub String);

impl Bindings {
    /// What `name` stands for.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Lets `name` stand for `value` from now on.
    pub fn bind(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// `value` with every name replaced by what it stands for.
    ///
    /// # Errors
    /// The first name that stands for nothing.
    pub fn fill(&self, value: &Value) -> Result<Value, Unbound> {
        Ok(match value {
            Value::String(text) => match whole_name(text) {
                Some(name) => self.bound(name)?.clone(),
                None => Value::String(self.fill_text(text)?),
            },
            Value::Array(items) => {
                let items: Result<Vec<Value>, Unbound> =
                    items.iter().map(|item| self.fill(item)).collect();
                Value::Array(items?)
            }
            Value::Object(members) => {
                let mut filled = serde_json::Map::new();
                for (member, value) in members {
                    filled.insert(self.fill_text(member)?, self.fill(value)?);
                }
                Value::Object(filled)
            }
            other => other.clone(),
        })
    }

    /// `text` with every name in it replaced.
    ///
    /// # Errors
    /// The first name that stands for nothing.
    pub fn fill_text(&self, text: &str) -> Result<String, Unbound> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            filled.push_str(&rest[..at]);
            rest = &rest[at..];
            match leading_name(rest) {
                Some((name, length)) => {
                    match self.bound(name)? {
                        Value::String(text) => filled.push_str(text),
                        other => filled.push_str(&other.to_string()),
                    }
                    rest = &rest[length..];
                }
                None => {
                    filled.push('$');
                    rest = &rest[1..];
                }
            }
        }
        filled.push_str(rest);
        Ok(filled)
    }

    fn bound(&self, name: &str) -> Result<&Value, Unbound> {
        self.get(name).ok_or_else(|| Unbound(name.to_owned()))
    }
}

/// The name that `text` consists of, if it is nothing else.
pub fn whole_name(text: &str) -> Option<&str> {
    leading_name(text)
        .filter(|(_, length)| *length == text.len())
        .map(|(name, _)| name)
}

/// The name with which `text` begins, and how many bytes it takes with its sign.
fn leading_name(text: &str) -> Option<(&str, usize)> {
    let after = text.strip_prefix('$')?;
    let (braced, inner) = match after.strip_prefix('{') {
        Some(inner) => (true, inner),
        None => (false, after),
    };
    let is_of_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let end = inner.find(|c| !is_of_name(c)).unwrap_or(inner.len());
    let (name, rest) = inner.split_at(end);
    if !name.starts_with(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    if braced {
        rest.starts_with('}').then_some((name, end + 3))
    } else {
        let goes_on = rest.starts_with(|c: char| c.is_ascii_lowercase());
        (!goes_on).then_some((name, end + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_replaced_alone_in_texts_and_in_members() {
        let mut bindings = Bindings::default();
        bindings.bind("A", json!("i-1"));
        bindings.bind("N2", json!(7));
        let value = json!({"a": "$A", "n": ["$N2"], "$A": "The instance $A is ${A}x $N2."});
        let filled = bindings.fill(&value).expect("all are bound");
        let expected = json!({"a": "i-1", "n": [7], "i-1": "The instance i-1 is i-1x 7."});
        assert_eq!(filled, expected);
    }

    #[test]
    fn what_only_looks_like_a_name_stays() {
        let bindings = Bindings::default();
        for text in [
            "$Latest",
            "$.Input",
            "$$.Execution.Id",
            "${AWS::Region}",
            "$",
            "5 $",
            "$['A']",
        ] {
            assert_eq!(bindings.fill_text(text), Ok(text.to_owned()));
        }
    }

    #[test]
    fn an_unbound_name_is_an_error() {
        let bindings = Bindings::default();
        for value in [
            json!("$A"),
            json!("of $A."),
            json!({"$A": 1}),
            json!(["${A}"]),
        ] {
            assert_eq!(bindings.fill(&value), Err(Unbound("A".to_owned())));
        }
    }
}
