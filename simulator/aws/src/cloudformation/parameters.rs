//! Parameters: what a template declares, what the caller gives, and what `Ref` makes of it.
//!
//! Messages are CloudFormation's own where they are known.

mod constraint;
mod declaration;
mod kind;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::node::scalar_text;
use super::template::Template;
use crate::account::{Account, Caller};
use crate::wire::ApiError;

pub use constraint::ConstraintError;
pub use declaration::Declaration;
pub use kind::{ParameterKind, Scalar};

/// What the stack's parameters are: as they were given, and as `Ref` sees them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parameters {
    /// As given or by Default; for a stored parameter the name under which the value is stored.
    pub given: BTreeMap<String, String>,
    /// The values that Parameter Store held when the operation began.
    pub stored: BTreeMap<String, String>,
    /// What `Ref` answers.
    pub values: BTreeMap<String, Value>,
}

/// A parameter as a call gives it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GivenParameter {
    /// Its name.
    pub parameter_key: Option<String>,
    /// Its value: a text, or what becomes one.
    pub parameter_value: Option<Value>,
    /// Whether it keeps the value that the stack has.
    #[serde(default)]
    pub use_previous_value: bool,
}

/// Puts together the parameters of an operation on `template`: `input` is the call's `Parameters`,
/// `previous` what the stack had before. Stored parameters are fetched again at each operation,
/// also with UsePreviousValue
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html>).
///
/// # Errors
/// `ValidationError` with CloudFormation's message.
pub fn gather(
    account: &mut Account,
    template: &Template,
    input: &[GivenParameter],
    previous: Option<&Parameters>,
) -> Result<Parameters, ApiError> {
    let given = complete(template, given(input, previous)?)?;
    let mut parameters = Parameters {
        given,
        ..Parameters::default()
    };
    for declared in &template.parameters {
        resolve(account, declared, &mut parameters)?;
    }
    Ok(parameters)
}

/// Checks that the parameters of a call are those of `template`, without looking at their values.
///
/// # Errors
/// `ValidationError` with CloudFormation's message.
pub fn names(template: &Template, input: &[GivenParameter]) -> Result<(), ApiError> {
    complete(template, given(input, None)?).map(drop)
}

fn complete(
    template: &Template,
    mut given: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, ApiError> {
    let known = |name: &String| {
        template
            .parameters
            .iter()
            .any(|declared| declared.name == *name)
    };
    let strange: Vec<_> = given.keys().filter(|name| !known(name)).cloned().collect();
    if !strange.is_empty() {
        return Err(invalid(format!(
            "Parameters: [{}] do not exist in the template",
            strange.join(", ")
        )));
    }
    let mut missing = Vec::new();
    for declared in &template.parameters {
        match &declared.default {
            _ if given.contains_key(&declared.name) => {}
            Some(default) => drop(given.insert(declared.name.clone(), default.clone())),
            None => missing.push(declared.name.as_str()),
        }
    }
    if !missing.is_empty() {
        return Err(invalid(format!(
            "Parameters: [{}] must have values",
            missing.join(", ")
        )));
    }
    Ok(given)
}

fn given(
    input: &[GivenParameter],
    previous: Option<&Parameters>,
) -> Result<BTreeMap<String, String>, ApiError> {
    let mut given = BTreeMap::new();
    for item in input {
        let Some(key) = &item.parameter_key else {
            return Err(invalid(
                "Each Parameters object must contain a ParameterKey".to_owned(),
            ));
        };
        let value = match (item.use_previous_value, &item.parameter_value) {
            (true, None) => match previous.and_then(|previous| previous.given.get(key)) {
                Some(value) => value.clone(),
                None => {
                    return Err(invalid(format!(
                        "Invalid input for parameter key {key}. Cannot specify usePreviousValue as true for a parameter key not in the previous template"
                    )));
                }
            },
            (true, Some(_)) => {
                return Err(invalid(format!(
                    "Invalid input for parameter key {key}. Cannot specify usePreviousValue as true and non empty value for a parameter"
                )));
            }
            (false, None) => {
                return Err(invalid(format!(
                    "Parameter {key} must have a ParameterValue or UsePreviousValue"
                )));
            }
            (false, Some(value)) => scalar_text(value),
        };
        given.insert(key.clone(), value);
    }
    Ok(given)
}

fn resolve(
    account: &mut Account,
    declared: &Declaration,
    parameters: &mut Parameters,
) -> Result<(), ApiError> {
    let name = &declared.name;
    let text = parameters.given[name].clone();
    declared
        .check(&text)
        .map_err(|why| invalid(why.to_string()))?;
    let (kind, value) = match &declared.kind {
        ParameterKind::Stored(kind) => {
            let stored = fetch(account, &text)?;
            parameters.stored.insert(name.clone(), stored.clone());
            (&**kind, stored)
        }
        kind => (kind, text),
    };
    let (ParameterKind::One(scalar) | ParameterKind::List(scalar)) = kind else {
        return Err(invalid(format!(
            "Parameter {name}: a stored parameter cannot name another"
        )));
    };
    let members = match kind {
        ParameterKind::List(_) => declaration::list(&value),
        _ => vec![value.clone()],
    };
    if let Some(wrong) = members.iter().find(|member| !scalar.holds(member)) {
        let why = ConstraintError::DoesNotExist {
            name: name.clone(),
            value: wrong.clone(),
        };
        return Err(invalid(why.to_string()));
    }
    let value = match kind {
        ParameterKind::List(_) => json!(members),
        _ => Value::from(value),
    };
    parameters.values.insert(name.clone(), value);
    Ok(())
}

fn fetch(account: &mut Account, name: &str) -> Result<String, ApiError> {
    let caller = Caller::Service("cloudformation");
    match account.call(&caller, "ssm", "GetParameter", &json!({"Name": name})) {
        Ok(answer) => Ok(scalar_text(&answer["Parameter"]["Value"])),
        Err(error)
            if ["ParameterNotFound", "ParameterVersionNotFound"].contains(&error.code.as_str()) =>
        {
            Err(invalid(format!(
                "Unable to fetch parameters [{name}] from parameter store for this account."
            )))
        }
        Err(error) => Err(error),
    }
}

fn invalid(message: String) -> ApiError {
    ApiError::client("ValidationError", message)
}
