//! Reads the rules of a Choice state.

use serde_json::Value;

use super::choice::{Comparison, Operand, Rule, Test, Type, is};
use super::members::{Members, NOT_OURS, Unreadable, schema};
use super::path::Path;
use crate::wire::ApiError;

const COMPARISONS: [(&str, Comparison); 5] = [
    ("Equals", Comparison::Equals),
    ("LessThan", Comparison::LessThan),
    ("GreaterThan", Comparison::GreaterThan),
    ("LessThanEquals", Comparison::LessThanEquals),
    ("GreaterThanEquals", Comparison::GreaterThanEquals),
];
const TYPES: [(&str, Type); 5] = [
    ("Null", Type::Null),
    ("String", Type::String),
    ("Numeric", Type::Numeric),
    ("Boolean", Type::Boolean),
    ("Timestamp", Type::Timestamp),
];

/// Reads an entry of Choices: the rule, and where it leads.
///
/// # Errors
/// `InvalidDefinition`, naming the place and what is wrong.
pub fn parse(rule: &Value, place: String) -> Result<(Rule, String), ApiError> {
    let mut without_next = rule.clone();
    let next = without_next
        .as_object_mut()
        .and_then(|rule| rule.shift_remove("Next"));
    match next {
        Some(Value::String(next)) => Ok((parse_rule(&without_next, place)?, next)),
        _ => Err(schema("These fields are required: [Next]", &place)),
    }
}

fn parse_rule(rule: &Value, place: String) -> Result<Rule, ApiError> {
    let members = Members::of(rule, place)?;
    members.text("Comment")?;
    let several = |name| -> Result<Option<Vec<Rule>>, ApiError> {
        let Some(rules) = members.read(name, "a list of rules", |rules| {
            rules.as_array().filter(|all| !all.is_empty())
        })?
        else {
            return Ok(None);
        };
        let places = rules
            .iter()
            .enumerate()
            .map(|(at, rule)| (rule, format!("{}/{name}[{at}]", members.place)));
        places
            .map(|(rule, place)| parse_rule(rule, place))
            .collect::<Result<_, _>>()
            .map(Some)
    };
    let parsed = if let Some(rules) = several("And")? {
        Rule::And(rules)
    } else if let Some(rules) = several("Or")? {
        Rule::Or(rules)
    } else if let Some(rule) = members.take("Not") {
        Rule::Not(Box::new(parse_rule(rule, members.place_of("Not"))?))
    } else {
        return parse_variable(rule, members.place);
    };
    members.finish()?;
    Ok(parsed)
}

fn parse_variable(rule: &Value, place: String) -> Result<Rule, ApiError> {
    let mut fields = rule
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| *name != "Comment");
    let (mut variable, mut test) = (None, None);
    for (name, value) in &mut fields {
        let at = format!("{place}/{name}");
        if name == "Variable" {
            let text = value
                .as_str()
                .ok_or_else(|| schema("Variable is not a string", &at))?;
            variable = Some(Path::parse(text).map_err(|error| error.at(&at))?);
        } else if NOT_OURS.contains(&name.as_str()) {
            let what = format_args!("the field {name} of the definition at {place}");
            return Err(ApiError::not_known(what));
        } else if test.is_none() {
            test = Some(parse_test(name, value).map_err(|error| error.at(&at))?);
        } else {
            return Err(schema("A rule has one comparison", &at));
        }
    }
    match (variable, test) {
        (Some(variable), Some(test)) => Ok(Rule::Variable(variable, test)),
        _ => Err(schema("A rule needs Variable and one comparison", &place)),
    }
}

fn parse_test(name: &str, value: &Value) -> Result<Test, Unreadable> {
    let flag = || {
        let mutation = || Unreadable::Wrong(format!("{value} is not true or false"));
        value.as_bool().ok_or_else(mutation)
    };
    match name {
        "IsPresent" => return Ok(Test::IsPresent(flag()?)),
        "StringMatches" => {
            return value
                .as_str()
                .map(|text| Test::Matches(text.to_owned()))
                .ok_or_else(|| Unreadable::Wrong(format!("{value} is not a string")));
        }
        _ => {}
    }
    if let Some((_, kind)) = TYPES
        .iter()
        .find(|(kind, _)| name.strip_prefix("Is") == Some(kind))
    {
        return Ok(Test::Is(*kind, flag()?));
    }
    let (plain, by_path) = name
        .strip_suffix("Path")
        .map_or((name, false), |plain| (plain, true));
    let unknown = || Unreadable::Wrong(format!("Field \"{name}\" is not supported"));
    let (kind, rest) = TYPES
        .iter()
        .find_map(|(kind_name, kind)| Some((*kind, plain.strip_prefix(kind_name)?)))
        .ok_or_else(unknown)?;
    let comparison = COMPARISONS
        .iter()
        .find(|(name, _)| *name == rest)
        .ok_or_else(unknown)?
        .1;
    if kind == Type::Null || (kind == Type::Boolean && comparison != Comparison::Equals) {
        return Err(unknown());
    }
    let operand = match (by_path, value) {
        (true, Value::String(path)) => Operand::Path(Path::parse(path)?),
        (false, literal) if is(kind, literal) => Operand::Literal(literal.clone()),
        _ => {
            let what = format!("{value} is not what {name} compares with");
            return Err(Unreadable::Wrong(what));
        }
    };
    Ok(Test::Compares(kind, comparison, operand))
}
