//! Reading expressions: values, and the intrinsic functions in short and long form.
//!
//! A function that is not named here is refused.

use super::expression::{ExprKind, Expression, Place, SubPart};
use super::node::{Content, Node, Position, TemplateError, scalar_text};

/// Reads the expression at `node`.
///
/// # Errors
/// A refusal of what is no function, or not one that may stand at `place`.
pub fn read(node: &Node, place: Place) -> Result<Expression, TemplateError> {
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
        Content::Scalar(value) => ExprKind::Literal(value.clone()),
        Content::List(items) => ExprKind::List(all(items, place)?),
        Content::Map(entries) => match long_form(entries, place)? {
            Some((name, argument)) => function(name, argument, place)?,
            None => ExprKind::Map(
                entries
                    .iter()
                    .map(|(key, _, value)| Ok((key.clone(), read(value, place)?)))
                    .collect::<Result<_, TemplateError>>()?,
            ),
        },
    };
    Ok(Expression { at, form })
}

/// The function's short name and argument, if a mapping is the long form of one.
fn long_form(
    entries: &[(String, Position, Node)],
    place: Place,
) -> Result<Option<(&str, &Node)>, TemplateError> {
    let name_of = |key: &'_ str| match key.strip_prefix("Fn::") {
        Some(_) => true,
        None => key == "Ref" || (key == "Condition" && place == Place::Condition),
    };
    match entries {
        [(key, _, argument)] if name_of(key) => {
            Ok(Some((key.strip_prefix("Fn::").unwrap_or(key), argument)))
        }
        _ => match entries.iter().find(|(key, _, _)| key.starts_with("Fn::")) {
            Some((key, at, _)) => Err(TemplateError::new(
                at,
                format!("{key} stands beside other keys"),
                "a function is the only key of its mapping",
            )),
            None => Ok(None),
        },
    }
}

fn all(items: &[Node], place: Place) -> Result<Vec<Expression>, TemplateError> {
    items.iter().map(|item| read(item, place)).collect()
}

fn function(name: &str, node: &Node, place: Place) -> Result<ExprKind, TemplateError> {
    if let Some(form) = condition(name, node, place)? {
        return Ok(form);
    }
    match name {
        "Ref" => Ok(ExprKind::Ref(node.text("the argument of Ref")?)),
        "GetAtt" if place == Place::Value => get_att(node),
        "Sub" => sub(node, place),
        "If" => {
            let [condition, then, otherwise] = arguments(name, node)?;
            Ok(ExprKind::If {
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
                "Join" => ExprKind::Join {
                    separator,
                    list: rest,
                },
                _ => ExprKind::Split {
                    separator,
                    text: rest,
                },
            })
        }
        "Select" => {
            let [index, list] = expressions(name, node, place)?;
            Ok(ExprKind::Select {
                index: Box::new(index),
                list: Box::new(list),
            })
        }
        "FindInMap" => Ok(ExprKind::FindInMap(Box::new(expressions(
            name, node, place,
        )?))),
        "Base64" => Ok(ExprKind::Base64(Box::new(read(node, place)?))),
        "GetAZs" => Ok(ExprKind::GetAzs(Box::new(read(node, place)?))),
        _ => Err(TemplateError::new(
            &node.at,
            format!("the account in memory does not know the function {name} here"),
            "known are Ref, GetAtt, Sub, If, Join, Split, Select, FindInMap, Base64, GetAZs, and in Conditions Equals, \
             And, Or, Not, Condition, Contains",
        )),
    }
}

/// The functions that only conditions have; nothing if `name` is another.
fn condition(name: &str, node: &Node, place: Place) -> Result<Option<ExprKind>, TemplateError> {
    let known = matches!(
        name,
        "Equals" | "And" | "Or" | "Not" | "Condition" | "Contains"
    );
    if known && place != Place::Condition {
        return Err(TemplateError::new(
            &node.at,
            format!("{name} is not possible here"),
            "name a condition under Conditions, and use !If",
        ));
    }
    Ok(Some(match name {
        "Condition" => ExprKind::Condition(node.text("the argument of Condition")?),
        "Equals" => ExprKind::Equals(Box::new(expressions(name, node, place)?)),
        "Contains" => ExprKind::Contains(Box::new(expressions(name, node, place)?)),
        "Not" => {
            let [one] = expressions(name, node, place)?;
            ExprKind::Not(Box::new(one))
        }
        "And" | "Or" => match &node.content {
            Content::List(items) if (2..=10).contains(&items.len()) => {
                let all = all(items, place)?;
                if name == "And" {
                    ExprKind::And(all)
                } else {
                    ExprKind::Or(all)
                }
            }
            _ => {
                let what = format!("{name} takes 2 to 10 conditions");
                return Err(TemplateError::new(&node.at, what, "write a list of them"));
            }
        },
        _ => return Ok(None),
    }))
}

fn arguments<'a, const N: usize>(
    name: &str,
    node: &'a Node,
) -> Result<[&'a Node; N], TemplateError> {
    match &node.content {
        Content::List(items) => items.iter().collect::<Vec<_>>().try_into().ok(),
        _ => None,
    }
    .ok_or_else(|| {
        TemplateError::new(
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
) -> Result<[Expression; N], TemplateError> {
    let read: Vec<_> = arguments::<N>(name, node)?
        .iter()
        .map(|node| read(node, place))
        .collect::<Result<_, _>>()?;
    Ok(read.try_into().expect("as many as there were arguments"))
}

fn get_att(node: &Node) -> Result<ExprKind, TemplateError> {
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
        TemplateError::new(
            &node.at,
            format!("GetAtt {text} names no attribute"),
            "write Resource.Attribute",
        )
    })?;
    Ok(ExprKind::GetAtt {
        resource: resource.to_owned(),
        attribute: attribute.to_owned(),
    })
}

fn sub(node: &Node, place: Place) -> Result<ExprKind, TemplateError> {
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
            TemplateError::new(
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
        pieces.push(SubPart::Value(
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
    Ok(ExprKind::Sub(pieces))
}

/// `${A}` of a Sub is a Ref, `${A.B}` a GetAtt.
fn named(name: &str) -> ExprKind {
    match name.split_once('.') {
        Some((resource, attribute)) => ExprKind::GetAtt {
            resource: resource.to_owned(),
            attribute: attribute.to_owned(),
        },
        None => ExprKind::Ref(name.to_owned()),
    }
}

fn push_text(pieces: &mut Vec<SubPart>, text: &str) {
    if !text.is_empty() {
        pieces.push(SubPart::Text(text.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudformation::node;

    fn value(text: &str) -> Result<Expression, TemplateError> {
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
        let ExprKind::Sub(pieces) = value("!Sub ['a${B}${C.D}${!E}${F}', {F: 1}]")
            .expect("Sub")
            .form
        else {
            panic!("a Sub");
        };
        let forms: Vec<_> = pieces
            .into_iter()
            .map(|piece| match piece {
                SubPart::Text(text) => ExprKind::Literal(text.into()),
                SubPart::Value(value) => value.form,
            })
            .collect();
        assert_eq!(
            forms,
            [
                ExprKind::Literal("a".into()),
                ExprKind::Ref("B".into()),
                ExprKind::GetAtt {
                    resource: "C".into(),
                    attribute: "D".into()
                },
                ExprKind::Literal("${E}".into()),
                ExprKind::Literal(1.into()),
            ]
        );
    }

    #[test]
    fn a_policy_may_have_a_key_named_condition() {
        let policy = value("Condition: {StringEquals: {a: b}}").expect("a mapping");
        assert!(matches!(policy.form, ExprKind::Map(_)));
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
