//! The AWS Query protocol: the call and its members in a form, the answer in XML.

use std::cell::RefCell;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{ApiError, Response};

/// Names go this deep at most; those of AWS's own calls have some ten parts.
const DEEPEST: usize = 40;

/// Reads the call and its members from a form. `A.member.1.B=x` becomes `{"A": [{"B": "x"}]}`;
/// every value is text.
///
/// # Errors
/// `MissingAction`, or `MalformedQueryString` for a form in which one name is both a value and a
/// structure, or has more than 40 parts.
pub fn read(body: &[u8]) -> Result<(String, Value), ApiError> {
    let mut action = None;
    let mut members = Map::new();
    for (name, value) in form_urlencoded::parse(body) {
        match name.as_ref() {
            "Action" => action = Some(value.into_owned()),
            "Version" => {}
            deep if deep.matches('.').count() >= DEEPEST => {
                let message = format!("a name has more than {DEEPEST} parts");
                return Err(ApiError::client("MalformedQueryString", message));
            }
            _ => put(&mut members, &name, &name, &value)?,
        }
    }
    // What is at the root is the call's input, whatever it is named, and no list.
    members.values_mut().for_each(lists);
    match action {
        Some(action) => Ok((action, Value::Object(members))),
        None => Err(ApiError::client("MissingAction", "the form has no Action")),
    }
}

fn put(
    members: &mut Map<String, Value>,
    whole: &str,
    rest: &str,
    value: &str,
) -> Result<(), ApiError> {
    let clash = || {
        ApiError::client(
            "MalformedQueryString",
            format!("{whole} is given twice, in two forms"),
        )
    };
    let Some((first, rest)) = rest.split_once('.') else {
        return match members.insert(rest.to_owned(), json!(value)) {
            None => Ok(()),
            Some(_) => Err(clash()),
        };
    };
    match members.entry(first).or_insert_with(|| json!({})) {
        Value::Object(inner) => put(inner, whole, rest, value),
        _ => Err(clash()),
    }
}

/// Turns `{"member": {"1": a, "2": b}}` into `[a, b]`, at every depth.
fn lists(value: &mut Value) {
    let Value::Object(members) = value else {
        return;
    };
    members.values_mut().for_each(lists);
    if members.len() != 1 {
        return;
    }
    let Some(Value::Object(numbered)) = members.get_mut("member") else {
        return;
    };
    let mut items: Vec<(usize, Value)> = Vec::new();
    for (number, item) in std::mem::take(numbered) {
        items.push((number.parse().unwrap_or(usize::MAX), item));
    }
    items.sort_by_key(|(number, _)| *number);
    *value = items.into_iter().map(|(_, item)| item).collect();
}

/// Writes an answer, or an error, to `action`.
pub fn write(action: &str, request_id: String, answer: Result<Value, ApiError>) -> Response {
    let mut body = String::new();
    let status = match answer {
        Ok(answer) => {
            body.push_str(&format!("<{action}Response><{action}Result>"));
            element(&mut body, &answer);
            body.push_str(&format!(
                "</{action}Result><ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{action}Response>"
            ));
            200
        }
        Err(error) => {
            let kind = if error.status < 500 {
                "Sender"
            } else {
                "Receiver"
            };
            body.push_str(&format!(
                "<ErrorResponse><Error><Type>{kind}</Type><Code>{}</Code><Message>{}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>",
                escaped(&error.code),
                escaped(&error.message),
            ));
            error.status
        }
    };
    Response {
        status,
        content_type: "text/xml",
        body,
        request_id,
    }
}

/// Whether `text` stands in XML as it is, as nearly all do.
fn is_plain(text: &str) -> bool {
    let plain = |byte: u8| (b' '..0x7f).contains(&byte) && !b"<>&'\"".contains(&byte);
    text.bytes().all(plain)
}

/// `text` as it stands in XML, which has no place for some letters at all, escaped or not: U+FFFD
/// stands there instead.
pub fn escaped(text: &str) -> String {
    let forbidden = |c: char| (c < ' ' && !"\t\n\r".contains(c)) || "\u{fffe}\u{ffff}".contains(c);
    quick_xml::escape::escape(text).replace(forbidden, "\u{fffd}")
}

/// The only member of a list that is written already.
const WRITTEN: &str = "#written";

/// A list of items that [`item`] wrote, to be put into an answer as they are.
pub fn written(items: impl Iterator<Item = impl AsRef<str>>) -> Value {
    let mut all = String::new();
    items.for_each(|item| all.push_str(item.as_ref()));
    Value::Object(Map::from_iter([(WRITTEN.to_owned(), Value::String(all))]))
}

/// An item of a list.
pub fn item(value: &Value) -> String {
    let mut out = String::new();
    named(&mut out, "member", value);
    out
}

/// An item as it was last written, with what it was written of: a rollout asks for a large group's
/// instances three times for each of them, and few have changed.
#[derive(Debug)]
pub struct LastWritten<T>(RefCell<Option<(T, Arc<str>)>>);

impl<T> Default for LastWritten<T> {
    fn default() -> Self {
        Self(RefCell::new(None))
    }
}

impl<T: PartialEq + Clone> LastWritten<T> {
    /// The text of the item, which is written again only if `state` is not what it was.
    pub fn of(&self, state: &T, value: impl FnOnce() -> Value) -> Arc<str> {
        let mut last = self.0.borrow_mut();
        match &*last {
            Some((then, xml)) if then == state => xml.clone(),
            _ => {
                let xml: Arc<str> = item(&value()).into();
                *last = Some((state.clone(), xml.clone()));
                xml
            }
        }
    }
}

fn element(out: &mut String, value: &Value) {
    match value {
        Value::Null => {}
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) if is_plain(text) => out.push_str(text),
        Value::String(text) => out.push_str(&escaped(text)),
        Value::Array(items) => {
            for item in items {
                named(out, "member", item);
            }
        }
        Value::Object(members) => {
            for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
                match value.as_str().filter(|_| name == WRITTEN) {
                    Some(xml) => out.push_str(xml),
                    None => named(out, name, value),
                }
            }
        }
    }
}

fn named(out: &mut String, name: &str, value: &Value) {
    out.extend(["<", name, ">"]);
    element(out, value);
    out.extend(["</", name, ">"]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_becomes_members_and_lists() {
        let form = b"Action=DescribeAutoScalingGroups&Version=2011-01-01&Filters.member.1.Name=tag%3Aa&Names.member.2=b&Names.member.1=a+c";
        let (action, input) = read(form).expect("a good form");
        assert_eq!(action, "DescribeAutoScalingGroups");
        assert_eq!(
            input,
            json!({"Filters": [{"Name": "tag:a"}], "Names": ["a c", "b"]})
        );
    }

    #[test]
    fn a_form_that_contradicts_itself_is_refused() {
        assert_eq!(
            read(b"Action=A&X=1&X.Y=2").expect_err("X twice").code,
            "MalformedQueryString"
        );
        assert_eq!(read(b"X=1").expect_err("no action").code, "MissingAction");
        let deep = format!("Action=A&{}=1", "X.".repeat(200_000));
        let refused = read(deep.as_bytes()).expect_err("too deep");
        assert_eq!(refused.message, "a name has more than 40 parts");
    }

    #[test]
    fn letters_that_xml_has_no_place_for_are_replaced() {
        assert_eq!(escaped("a\0<\u{1f}\n"), "a\u{fffd}&lt;\u{fffd}\n");
    }

    #[test]
    fn items_that_are_written_already_are_put_in_as_they_are() {
        let items = [json!({"C": "<&"}), json!({"C": "plain"})];
        let as_values = write("A", "r".to_owned(), Ok(json!({"B": items.clone()})));
        let items = written(items.iter().map(item));
        let as_text = write("A", "r".to_owned(), Ok(json!({"B": items})));
        assert_eq!(as_text, as_values);
    }

    #[test]
    fn an_answer_is_escaped_xml() {
        let body = write(
            "A",
            "r".to_owned(),
            Ok(json!({"B": [{"C": "<&"}, {"C": true}], "D": null})),
        )
        .body;
        assert!(body.contains("<AResult><B><member><C>&lt;&amp;</C></member><member><C>true</C></member></B></AResult>"), "{body}");
    }
}
