//! Whether what was seen is what was recorded. Members that are not recorded are free; a list is
//! recorded whole, in order.
//!
//! In the place of a value may stand `{"$any": true}`, `{"$absent": true}`, `{"$like": "At * an
//! instance …"}` (`*`: any characters, `?`: one), `{"$between": [1, 2]}`, `{"$contains": X}` (a
//! list that has X somewhere; of several, `[X, Y]`, each at another place), `{"$starts": [X, …]}`
//! (a list that begins so), `{"$length": 2}`, `{"$not": X}`, and `{"$json": X}` (a text that is
//! JSON and, read, is X).

use serde_json::Value;

use crate::bindings::{Bindings, Unbound, whole_name};

/// Why a value is not what was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// It is another one; where, and how.
    Different(String),
    /// The file is wrong: a name that stands for nothing, or an operator that is written wrong.
    Mistake(String),
}

impl From<Unbound> for Mismatch {
    fn from(Unbound(name): Unbound) -> Self {
        Self::Mistake(format!("${name} stands for nothing yet"))
    }
}

/// Compares, and binds the names that stand for nothing yet. If it does not match, the bindings
/// stay as they were.
///
/// # Errors
/// The first place at which it is another value.
pub fn matches(
    expected: &Value,
    actual: Option<&Value>,
    bindings: &mut Bindings,
) -> Result<(), Mismatch> {
    let mut tried = bindings.clone();
    at("", expected, actual, &mut tried)?;
    *bindings = tried;
    Ok(())
}

fn different<T>(place: &str, expected: &str, actual: Option<&Value>) -> Result<T, Mismatch> {
    let place = if place.is_empty() { "the whole" } else { place };
    let actual = actual.map_or_else(|| "absent".to_owned(), Value::to_string);
    Err(Mismatch::Different(format!(
        "{place} is {actual}, recorded {expected}"
    )))
}

fn at(
    place: &str,
    expected: &Value,
    actual: Option<&Value>,
    bindings: &mut Bindings,
) -> Result<(), Mismatch> {
    if let Some((operator, argument)) = operator(expected) {
        return apply(place, operator, argument, actual, bindings);
    }
    let Some(actual) = actual else {
        return different(place, &expected.to_string(), None);
    };
    match (expected, actual) {
        (Value::Object(members), Value::Object(found)) => {
            for (member, expected) in members {
                let member = bindings.fill_text(member)?;
                let place = format!("{place}.{member}");
                at(&place, expected, found.get(&member), bindings)?;
            }
            Ok(())
        }
        (Value::Array(items), Value::Array(found)) if items.len() == found.len() => {
            in_order(place, items, found, bindings)
        }
        (Value::String(text), _) => match whole_name(text) {
            Some(name) if bindings.get(name).is_none() => {
                bindings.bind(name, actual.clone());
                Ok(())
            }
            _ => equal(place, &bindings.fill(expected)?, actual),
        },
        _ => equal(place, expected, actual),
    }
}

fn in_order(
    place: &str,
    items: &[Value],
    found: &[Value],
    bindings: &mut Bindings,
) -> Result<(), Mismatch> {
    for (index, (expected, actual)) in items.iter().zip(found).enumerate() {
        at(
            &format!("{place}[{index}]"),
            expected,
            Some(actual),
            bindings,
        )?;
    }
    Ok(())
}

/// Numbers are equal by value: 1 is 1.0.
fn equal(place: &str, expected: &Value, actual: &Value) -> Result<(), Mismatch> {
    let same = match (expected.as_f64(), actual.as_f64()) {
        (Some(expected), Some(actual)) => expected == actual,
        _ => expected == actual,
    };
    if same {
        return Ok(());
    }
    different(place, &expected.to_string(), Some(actual))
}

/// The operator that `value` is, with its argument.
fn operator(value: &Value) -> Option<(&str, &Value)> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    let (name, argument) = members.iter().next()?;
    let name = name.strip_prefix('$')?;
    name.starts_with(|c: char| c.is_ascii_lowercase())
        .then_some((name, argument))
}

fn mistake<T>(operator: &str, argument: &Value) -> Result<T, Mismatch> {
    Err(Mismatch::Mistake(format!(
        "${operator} cannot be {argument}"
    )))
}

fn apply(
    place: &str,
    operator: &str,
    argument: &Value,
    actual: Option<&Value>,
    bindings: &mut Bindings,
) -> Result<(), Mismatch> {
    let expected = format!("${operator} {argument}");
    let holds = match operator {
        "any" => actual.is_some(),
        "absent" => actual.is_none_or(Value::is_null),
        "like" => {
            let Some(glob) = argument.as_str() else {
                return mistake(operator, argument);
            };
            let glob = bindings.fill_text(glob)?;
            actual
                .and_then(Value::as_str)
                .is_some_and(|text| is_like(&glob, text))
        }
        "between" => {
            let Some([Some(least), Some(most)]) = pair(argument) else {
                return mistake(operator, argument);
            };
            let number = actual.and_then(Value::as_f64);
            number.is_some_and(|number| (least..=most).contains(&number))
        }
        "length" => {
            let Some(length) = argument.as_u64() else {
                return mistake(operator, argument);
            };
            let list = actual.and_then(Value::as_array);
            list.is_some_and(|list| list.len() as u64 == length)
        }
        "not" => match at(place, argument, actual, &mut bindings.clone()) {
            Ok(()) => false,
            Err(Mismatch::Different(_)) => true,
            Err(mistake) => return Err(mistake),
        },
        "contains" | "starts" => return apply_to_list(place, operator, argument, actual, bindings),
        "json" => {
            let text = actual.and_then(Value::as_str);
            let read: Option<Value> = text.and_then(|text| serde_json::from_str(text).ok());
            return match read {
                Some(read) => at(&format!("{place}:"), argument, Some(&read), bindings),
                None => different(place, &expected, actual),
            };
        }
        _ => {
            return Err(Mismatch::Mistake(format!(
                "${operator} at {place} is no operator"
            )));
        }
    };
    if holds {
        return Ok(());
    }
    different(place, &expected, actual)
}

fn pair(argument: &Value) -> Option<[Option<f64>; 2]> {
    let [least, most] = argument.as_array()?.as_slice() else {
        return None;
    };
    Some([least.as_f64(), most.as_f64()])
}

fn apply_to_list(
    place: &str,
    operator: &str,
    argument: &Value,
    actual: Option<&Value>,
    bindings: &mut Bindings,
) -> Result<(), Mismatch> {
    let expected = format!("${operator} {argument}");
    let Some(list) = actual.and_then(Value::as_array) else {
        return different(place, &expected, actual);
    };
    match (operator, argument) {
        ("starts", Value::Array(items)) if items.len() <= list.len() => {
            in_order(place, items, list, bindings)
        }
        ("starts", Value::Array(_)) => different(place, &expected, actual),
        ("contains", Value::Array(items)) => {
            let free = list.iter().collect();
            if contains(place, items, free, bindings)? {
                return Ok(());
            }
            different(place, &expected, actual)
        }
        ("contains", one) => {
            let items = std::slice::from_ref(one);
            if contains(place, items, list.iter().collect(), bindings)? {
                return Ok(());
            }
            different(place, &expected, actual)
        }
        _ => mistake(operator, argument),
    }
}

/// Whether each of `items` is one of `free`, each another one.
fn contains(
    place: &str,
    items: &[Value],
    free: Vec<&Value>,
    bindings: &mut Bindings,
) -> Result<bool, Mismatch> {
    let Some((first, others)) = items.split_first() else {
        return Ok(true);
    };
    for (index, candidate) in free.iter().enumerate() {
        let mut tried = bindings.clone();
        match at(place, first, Some(candidate), &mut tried) {
            Ok(()) => {}
            Err(Mismatch::Different(_)) => continue,
            Err(mistake) => return Err(mistake),
        }
        let mut left = free.clone();
        left.remove(index);
        if contains(place, others, left, &mut tried)? {
            *bindings = tried;
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether `text` is like `glob`, in which `*` stands for any characters and `?` for one.
fn is_like(glob: &str, text: &str) -> bool {
    let (glob, text): (Vec<char>, Vec<char>) = (glob.chars().collect(), text.chars().collect());
    let (mut at, mut place) = (0, 0);
    // After the last star: where the glob goes on, and how far the text is that the star stands
    // for.
    let mut star: Option<(usize, usize)> = None;
    while place < text.len() {
        match glob.get(at) {
            Some('*') => {
                star = Some((at + 1, place));
                at += 1;
            }
            Some(c) if *c == '?' || *c == text[place] => (at, place) = (at + 1, place + 1),
            _ => {
                let Some((after, until)) = star else {
                    return false;
                };
                star = Some((after, until + 1));
                (at, place) = (after, until + 1);
            }
        }
    }
    glob[at..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fits(expected: Value, actual: Value) -> bool {
        match matches(&expected, Some(&actual), &mut Bindings::default()) {
            Ok(()) => true,
            Err(Mismatch::Different(_)) => false,
            Err(Mismatch::Mistake(mistake)) => panic!("{mistake}"),
        }
    }

    #[test]
    fn members_are_free_and_lists_are_whole() {
        assert!(fits(json!({"a": 1}), json!({"a": 1.0, "b": 2})));
        assert!(!fits(json!({"a": 1}), json!({"a": 2})));
        assert!(!fits(json!({"a": 1}), json!({"b": 1})));
        assert!(!fits(json!({"a": "1"}), json!({"a": 1})));
        assert!(fits(json!([{"a": 1}, 2]), json!([{"a": 1, "b": 0}, 2])));
        assert!(!fits(json!([1]), json!([1, 2])));
        assert!(!fits(json!([2, 1]), json!([1, 2])));
        assert!(!fits(json!([]), json!([1])));
    }

    #[test]
    fn operators_hold_and_do_not() {
        for (operator, good, bad) in [
            (json!({"$absent": true}), json!({}), json!({"a": 1})),
            (json!({"$any": true}), json!({"a": 1}), json!({})),
            (
                json!({"$like": "At * of *."}),
                json!({"a": "At 1 of 2."}),
                json!({"a": "At 1 of 2"}),
            ),
            (
                json!({"$between": [1, 2]}),
                json!({"a": 1.5}),
                json!({"a": 2.1}),
            ),
            (json!({"$length": 1}), json!({"a": [0]}), json!({"a": []})),
            (json!({"$not": 1}), json!({"a": 2}), json!({"a": 1})),
            (
                json!({"$contains": {"x": 1}}),
                json!({"a": [0, {"x": 1}]}),
                json!({"a": [{"x": 2}]}),
            ),
            (
                json!({"$contains": [1, 2]}),
                json!({"a": [2, 0, 1]}),
                json!({"a": [1, 0]}),
            ),
            (
                json!({"$contains": [1, 1]}),
                json!({"a": [1, 1]}),
                json!({"a": [1]}),
            ),
            (
                json!({"$starts": [1]}),
                json!({"a": [1, 2]}),
                json!({"a": [2, 1]}),
            ),
            (
                json!({"$json": {"x": 1}}),
                json!({"a": "{\"x\":1}"}),
                json!({"a": "{\"x\":2}"}),
            ),
            (
                json!({"$json": {"x": 1}}),
                json!({"a": "{\"x\":1,\"y\":2}"}),
                json!({"a": {"x": 1}}),
            ),
        ] {
            let expected = json!({"a": operator});
            assert!(fits(expected.clone(), good.clone()), "{expected} {good}");
            assert!(!fits(expected.clone(), bad.clone()), "{expected} {bad}");
        }
    }

    #[test]
    fn a_glob_is_anchored_at_both_ends() {
        for (glob, text, like) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "ab", true),
            ("*b", "ab", true),
            ("*", "", true),
            ("a*b*b", "abb", true),
            ("a*b*b", "ab", false),
            ("ab*ba", "aba", false),
            ("a?c*", "abcd", true),
            ("a?c", "ac", false),
            ("?", "", false),
        ] {
            assert_eq!(is_like(glob, text), like, "{glob} {text}");
        }
    }

    #[test]
    fn a_name_is_bound_at_first_sight_and_equal_later() {
        let mut bindings = Bindings::default();
        let expected = json!({"id": "$A", "again": "$A", "text": "of $A"});
        let other = json!({"id": "i-1", "again": "i-2", "text": "of i-1"});
        let different = matches(&expected, Some(&other), &mut bindings);
        assert!(matches!(different, Err(Mismatch::Different(_))));
        assert!(
            bindings.get("A").is_none(),
            "nothing is bound by a mismatch"
        );
        let same = json!({"id": "i-1", "again": "i-1", "text": "of i-1"});
        matches(&expected, Some(&same), &mut bindings).expect("it is the same");
        assert_eq!(bindings.get("A"), Some(&json!("i-1")));
        let another = json!({"id": "i-2", "again": "i-2", "text": "of i-2"});
        assert!(matches(&expected, Some(&another), &mut bindings).is_err());
    }

    #[test]
    fn a_list_is_searched_with_the_names_in_mind() {
        let mut bindings = Bindings::default();
        let expected = json!({"$contains": [{"id": "$A", "in": true}, {"id": "$B", "in": true}]});
        let list = json!([{"id": 1, "in": false}, {"id": 2, "in": true}, {"id": 3, "in": true}]);
        matches(&expected, Some(&list), &mut bindings).expect("two are in");
        let bound = (bindings.get("A"), bindings.get("B"));
        assert_eq!(bound, (Some(&json!(2)), Some(&json!(3))));
    }

    #[test]
    fn mistakes_of_the_file_are_no_differences() {
        for mistaken in [
            json!({"$lik": "a"}),
            json!({"$like": 1}),
            json!("of $A"),
            json!({"$between": 1}),
        ] {
            let found = matches(&mistaken, Some(&json!("x")), &mut Bindings::default());
            assert!(matches!(found, Err(Mismatch::Mistake(_))), "{mistaken}");
        }
    }
}
