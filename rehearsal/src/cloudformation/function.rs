//! Reading expressions: values, and the intrinsic functions in short and long form.
//!
//! A function that is not named here is refused.

use super::expression::{Expression, Form, Piece, Place};
use super::node::{Content, Node, Position, Refusal, scalar_text};

/// Reads the expression at `node`.
///
/// # Errors
/// A refusal of what is no function, or not one that may stand at `place`.
pub fn read(node: &Node, place: Place) -> Result<Expression, Refusal> {
    let at = node.at.clone();
    if let Some(tag) = &node.tag {
        let untagged = Node {
            tag: None,
            ..node.clone()
        };
        let form = function(tag, &untagged, place)?;
        return Ok(Expression { at, form });
    }
    let form = match &node.content {
        Content::Scalar(value) => Form::Literal(value.clone()),
        Content::List(items) => Form::List(all(items, place)?),
        Content::Map(entries) => match long_form(entries, place)? {
            Some((name, argument)) => function(name, argument, place)?,
            None => Form::Map(
                entries
                    .iter()
                    .map(|(key, _, value)| Ok((key.clone(), read(value, place)?)))
                    .collect::<Result<_, Refusal>>()?,
            ),
        },
    };
    Ok(Expression { at, form })
}

/// The function's short name and argument, if a mapping is the long form of one.
fn long_form(
    entries: &[(String, Position, Node)],
    place: Place,
) -> Result<Option<(&str, &Node)>, Refusal> {
    let name_of = |key: &'_ str| match key.strip_prefix("Fn::") {
        Some(_) => true,
        None => key == "Ref" || (key == "Condition" && place == Place::Condition),
    };
    match entries {
        [(key, _, argument)] if name_of(key) => {
            Ok(Some((key.strip_prefix("Fn::").unwrap_or(key), argument)))
        }
        _ => match entries.iter().find(|(key, _, _)| key.starts_with("Fn::")) {
            Some((key, at, _)) => Err(Refusal::new(
                at,
                format!("{key} stands beside other keys"),
                "a function is the only key of its mapping",
            )),
            None => Ok(None),
        },
    }
}

fn all(items: &[Node], place: Place) -> Result<Vec<Expression>, Refusal> {
    items.iter().map(|item| read(item, place)).collect()
}

fn function(name: &str, node: &Node, place: Place) -> Result<Form, Refusal> {
    if let Some(form) = condition(name, node, place)? {
        return Ok(form);
    }
    match name {
        "Ref" => Ok(Form::Ref(node.text("the argument of Ref")?)),
        "GetAtt" if place == Place::Value => get_att(node),
        "Sub" => sub(node, place),
        "If" => {
            let [condition, then, otherwise] = arguments(name, node)?;
            Ok(Form::If {
                condition: condition.text("the condition of If")?,
                then: Box::new(read(then, place)?),
                otherwise: Box::new(read(otherwise, place)?),
            })
        }
        "Join" | "Split" => {
            let [separator, rest] = arguments(name, node)?;
            let separator = separator.text("the separator")?;
            let rest = Box::new(read(rest, place)?);
            Ok(match name {
                "Join" => Form::Join {
                    separator,
                    list: rest,
                },
                _ => Form::Split {
                    separator,
                    text: rest,
                },
            })
        }
        "Select" => {
            let [index, list] = expressions(name, node, place)?;
            Ok(Form::Select {
                index: Box::new(index),
                list: Box::new(list),
            })
        }
        "FindInMap" => Ok(Form::FindInMap(Box::new(expressions(name, node, place)?))),
        "Base64" => Ok(Form::Base64(Box::new(read(node, place)?))),
        "GetAZs" => Ok(Form::GetAzs(Box::new(read(node, place)?))),
        _ => Err(Refusal::new(
            &node.at,
            format!("the account in memory does not know the function {name} here"),
            "known are Ref, GetAtt, Sub, If, Join, Split, Select, FindInMap, Base64, GetAZs, and in Conditions Equals, \
             And, Or, Not, Condition, Contains",
        )),
    }
}

/// The functions that only conditions have; nothing if `name` is another.
fn condition(name: &str, node: &Node, place: Place) -> Result<Option<Form>, Refusal> {
    let known = matches!(
        name,
        "Equals" | "And" | "Or" | "Not" | "Condition" | "Contains"
    );
    if known && place != Place::Condition {
        return Err(Refusal::new(
            &node.at,
            format!("{name} is not possible here"),
            "name a condition under Conditions, and use !If",
        ));
    }
    Ok(Some(match name {
        "Condition" => Form::Condition(node.text("the argument of Condition")?),
        "Equals" => Form::Equals(Box::new(expressions(name, node, place)?)),
        "Contains" => Form::Contains(Box::new(expressions(name, node, place)?)),
        "Not" => {
            let [one] = expressions(name, node, place)?;
            Form::Not(Box::new(one))
        }
        "And" | "Or" => match &node.content {
            Content::List(items) if (2..=10).contains(&items.len()) => {
                let all = all(items, place)?;
                if name == "And" {
                    Form::And(all)
                } else {
                    Form::Or(all)
                }
            }
            _ => {
                let what = format!("{name} takes 2 to 10 conditions");
                return Err(Refusal::new(&node.at, what, "write a list of them"));
            }
        },
        _ => return Ok(None),
    }))
}

fn arguments<'a, const N: usize>(name: &str, node: &'a Node) -> Result<[&'a Node; N], Refusal> {
    match &node.content {
        Content::List(items) => items.iter().collect::<Vec<_>>().try_into().ok(),
        _ => None,
    }
    .ok_or_else(|| {
        Refusal::new(
            &node.at,
            format!("{name} takes a list of {N}"),
            "write it as [a, b, …]",
        )
    })
}

fn expressions<const N: usize>(
    name: &str,
    node: &Node,
    place: Place,
) -> Result<[Expression; N], Refusal> {
    let read: Vec<_> = arguments::<N>(name, node)?
        .iter()
        .map(|node| read(node, place))
        .collect::<Result<_, _>>()?;
    Ok(read.try_into().expect("as many as there were arguments"))
}

fn get_att(node: &Node) -> Result<Form, Refusal> {
    let text = match &node.content {
        Content::Scalar(value) => scalar_text(value),
        _ => {
            let [resource, attribute] = arguments::<2>("GetAtt", node)?;
            format!(
                "{}.{}",
                resource.text("the resource of GetAtt")?,
                attribute.text("the attribute of GetAtt")?
            )
        }
    };
    let (resource, attribute) = text.split_once('.').ok_or_else(|| {
        Refusal::new(
            &node.at,
            format!("GetAtt {text} names no attribute"),
            "write Resource.Attribute",
        )
    })?;
    Ok(Form::GetAtt {
        resource: resource.to_owned(),
        attribute: attribute.to_owned(),
    })
}

fn sub(node: &Node, place: Place) -> Result<Form, Refusal> {
    let (text, locals) = match &node.content {
        Content::List(_) => {
            let [text, locals] = arguments::<2>("Sub", node)?;
            (text, locals.entries("the second argument of Sub")?)
        }
        _ => (node, &[][..]),
    };
    let at = &text.at;
    let template = text.text("the text of Sub")?;
    let mut pieces = Vec::new();
    let mut rest = template.as_str();
    while let Some((before, after)) = rest.split_once("${") {
        push_text(&mut pieces, before);
        let (name, behind) = after.split_once('}').ok_or_else(|| {
            Refusal::new(
                at,
                format!("a ${{ of Sub is not closed in {template:?}"),
                "write ${Name}",
            )
        })?;
        rest = behind;
        if let Some(literal) = name.strip_prefix('!') {
            push_text(&mut pieces, &format!("${{{literal}}}"));
            continue;
        }
        pieces.push(Piece::Value(
            match locals.iter().find(|(key, _, _)| key == name) {
                Some((_, _, value)) => read(value, place)?,
                None => Expression {
                    at: at.clone(),
                    form: named(name),
                },
            },
        ));
    }
    push_text(&mut pieces, rest);
    Ok(Form::Sub(pieces))
}

/// `${A}` of a Sub is a Ref, `${A.B}` a GetAtt.
fn named(name: &str) -> Form {
    match name.split_once('.') {
        Some((resource, attribute)) => Form::GetAtt {
            resource: resource.to_owned(),
            attribute: attribute.to_owned(),
        },
        None => Form::Ref(name.to_owned()),
    }
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    if !text.is_empty() {
        pieces.push(Piece::Text(text.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudformation::node;

    fn value(text: &str) -> Result<Expression, Refusal> {
        read(&node::read("t.yaml", text).expect("YAML"), Place::Value)
    }

    #[test]
    fn short_and_long_forms_are_the_same() {
        for (short, long) in [
            ("!Ref A", "{\"Ref\": \"A\"}"),
            ("!GetAtt A.B.C", "{\"Fn::GetAtt\": [\"A\", \"B.C\"]}"),
            ("!Sub 'a'", "{\"Fn::Sub\": \"a\"}"),
        ] {
            assert_eq!(
                value(short).expect("short").form,
                value(long).expect("long").form
            );
        }
    }

    #[test]
    fn sub_knows_refs_attributes_locals_and_literals() {
        let Form::Sub(pieces) = value("!Sub ['a${B}${C.D}${!E}${F}', {F: 1}]")
            .expect("Sub")
            .form
        else {
            panic!("a Sub");
        };
        let forms: Vec<_> = pieces
            .into_iter()
            .map(|piece| match piece {
                Piece::Text(text) => Form::Literal(text.into()),
                Piece::Value(value) => value.form,
            })
            .collect();
        assert_eq!(
            forms,
            [
                Form::Literal("a".into()),
                Form::Ref("B".into()),
                Form::GetAtt {
                    resource: "C".into(),
                    attribute: "D".into()
                },
                Form::Literal("${E}".into()),
                Form::Literal(1.into()),
            ]
        );
    }

    #[test]
    fn a_policy_may_have_a_key_named_condition() {
        let policy = value("Condition: {StringEquals: {a: b}}").expect("a mapping");
        assert!(matches!(policy.form, Form::Map(_)));
    }

    #[test]
    fn unknown_functions_are_refused_with_their_place() {
        let refusal = value("A:\n  B: !ImportValue X\n").expect_err("refused");
        assert!(refusal.to_string().starts_with("t.yaml:2:"), "{refusal}");
        assert!(refusal.to_string().contains("the function ImportValue"));
        assert!(value("!Equals [1, 1]").is_err());
        assert!(value("{\"Fn::Sub\": \"a\", \"B\": 1}").is_err());
        assert!(value("!Sub 'a${B'").is_err());
        assert!(value("!Select [1]").is_err());
    }
}
