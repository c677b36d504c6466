//! What an AMI parameter needs of Systems Manager Parameter Store: texts with versions and
//! labels.
//!
//! Recorded: radkawar/stackd, testdata/aws/ssm/parameter_store.json, 2026-09. A parameter that is
//! not there has no message. A name may be an ARN, and end in a selector: `NAME:2` or `NAME:label`.
//! A label is on one version at a time.

mod events;
mod names;
pub mod public;
mod selector;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::account::{Account, Caller, arn};
use crate::state::Key;
use crate::wire::{ApiError, Requests};
use selector::Wanted;

/// The way to what Parameter Store remembers of an account.
pub const SSM: Key<State> = Key::new();

/// How requests are read.
const REQUESTS: Requests = Requests::json("ValidationException");

/// The parameters, by name.
#[derive(Debug, Default)]
pub struct State {
    parameters: BTreeMap<String, Parameter>,
    /// What AWS published anew under its public names.
    published: BTreeMap<String, public::Published>,
}

#[derive(Debug, Default)]
struct Parameter {
    /// What people wrote about it: it is in its events.
    description: Option<String>,
    /// The first has number 1.
    versions: Vec<Version>,
}

#[derive(Debug)]
struct Version {
    value: String,
    modified: Timestamp,
    labels: BTreeSet<String>,
}

/// Answers `PutParameter`, `GetParameter`, `LabelParameterVersion` and `DeleteParameter`.
///
/// # Errors
/// `ParameterAlreadyExists`, `ParameterNotFound`, `ParameterVersionNotFound`,
/// `ValidationException`, or `NotImplemented`.
pub fn call(
    account: &mut Account,
    _: &Caller,
    action: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    match action {
        "PutParameter" => put(account, REQUESTS.read(action, input)?),
        "GetParameter" => get(account, REQUESTS.read(action, input)?),
        "LabelParameterVersion" => label(account, REQUESTS.read(action, input)?),
        "DeleteParameter" => delete(account, REQUESTS.read(action, input)?),
        _ => Err(ApiError::not_implemented("ssm", action)),
    }
}

/// AWS says nothing more.
fn not_found() -> ApiError {
    ApiError::client("ParameterNotFound", "")
}

fn parameter_arn(name: &str) -> String {
    arn(
        "ssm",
        &format!("parameter/{}", name.trim_start_matches('/')),
    )
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutParameter<'a> {
    name: &'a str,
    value: String,
    r#type: Option<Type>,
    #[serde(default)]
    overwrite: bool,
    description: Option<String>,
}

#[derive(Deserialize)]
enum Type {
    String,
}

fn put(account: &mut Account, request: PutParameter<'_>) -> Result<Value, ApiError> {
    // Spaces at the beginning and the end are taken away:
    // https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
    let name = request.name.trim_matches(' ');
    names::check(name)?;
    check_value(&request.value)?;
    check_twin(account, name)?;
    let now = account.now;
    let is_new = match account[SSM].parameters.get(name) {
        Some(_) if !request.overwrite => {
            return Err(ApiError::client(
                "ParameterAlreadyExists",
                "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
            ));
        }
        Some(_) => false,
        None if request.r#type.is_none() => {
            return Err(ApiError::client(
                "ValidationException",
                "A parameter type is required when you create a parameter.",
            ));
        }
        None => true,
    };
    let parameter = account[SSM].parameters.entry(name.to_owned()).or_default();
    parameter.versions.push(Version {
        value: request.value,
        modified: now,
        labels: BTreeSet::new(),
    });
    if request.description.is_some() {
        parameter.description = request.description;
    }
    let version = parameter.versions.len();
    let operation = if is_new { "Create" } else { "Update" };
    events::changed(account, name, operation, json!({}));
    Ok(json!({"Version": version, "Tier": "Standard"}))
}

/// The most characters of a standard parameter
/// (<https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html>).
const LONGEST_VALUE: usize = 4096;

/// A value has 1 to 4096 characters
/// (<https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html>).
fn check_value(value: &str) -> Result<(), ApiError> {
    let message = if value.is_empty() {
        "1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have length greater than or equal to 1."
    } else if value.chars().count() > LONGEST_VALUE {
        "Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier."
    } else {
        return Ok(());
    };
    Err(ApiError::client("ValidationException", message))
}

/// assumption: `/NAME` and `NAME` are not unique beside each other, and what AWS answers to the
/// second. The same two calls on AWS prove it.
fn check_twin(account: &Account, name: &str) -> Result<(), ApiError> {
    let twin = match name.strip_prefix('/') {
        Some(bare) if !bare.contains('/') => bare.to_owned(),
        None => format!("/{name}"),
        Some(_) => return Ok(()),
    };
    if account[SSM].parameters.contains_key(&twin) {
        Err(ApiError::not_known(format_args!(
            "a parameter {name} beside {twin}, which are the same parameter to AWS"
        )))
    } else {
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NamedParameter<'a> {
    name: &'a str,
}

fn get(account: &mut Account, request: NamedParameter<'_>) -> Result<Value, ApiError> {
    let given = request.name;
    let mut wanted = Wanted::parse(given)?;
    if wanted.name.starts_with(public::PREFIX) {
        return public::get(account, wanted.name);
    }
    // The ARN of a name without slashes has one too.
    if given.starts_with("arn:") && !account[SSM].parameters.contains_key(wanted.name) {
        wanted.name = wanted.name.trim_start_matches('/');
    }
    let parameter = account[SSM].parameters.get(wanted.name);
    let versions = &parameter.ok_or_else(not_found)?.versions;
    let number = wanted.version_of(versions)?;
    let version = &versions[number - 1];
    let mut answer = json!({
        "Name": wanted.name, "Type": "String", "Value": version.value, "Version": number, "DataType": "text",
        "LastModifiedDate": version.modified.to_string(), "ARN": parameter_arn(wanted.name),
    });
    if let Some(selector) = wanted.selector {
        answer["Selector"] = json!(format!(":{selector}"));
    }
    Ok(json!({"Parameter": answer}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LabelParameterVersion<'a> {
    name: &'a str,
    parameter_version: Option<usize>,
    labels: Vec<String>,
}

/// `LabelParameterVersion`: a label that is on another version moves.
fn label(account: &mut Account, request: LabelParameterVersion<'_>) -> Result<Value, ApiError> {
    let LabelParameterVersion { name, labels, .. } = request;
    let action = "LabelParameterVersion";
    if labels.is_empty() {
        let message = "LabelParameterVersion needs Labels, a list of texts";
        return Err(ApiError::client("ValidationException", message));
    }
    // AWS answers these in InvalidLabels; no recording has by which of its rules.
    if let Some(odd) = labels.iter().find(|label| !selector::is_label(label)) {
        return Err(ApiError::not_known(format_args!(
            "the label {odd:?} of {action}"
        )));
    }
    let parameter = account[SSM].parameters.get_mut(name);
    let versions = &mut parameter.ok_or_else(not_found)?.versions;
    let number = request.parameter_version.unwrap_or(versions.len());
    if !(1..=versions.len()).contains(&number) {
        return Err(selector::no_version(name, &number.to_string()));
    }
    let mut moved = Vec::new();
    for label in labels {
        let holds = |version: &Version| version.labels.contains(&label);
        let from = versions.iter().position(holds).map(|place| place + 1);
        if let Some(from) = from {
            versions[from - 1].labels.remove(&label);
        }
        versions[number - 1].labels.insert(label.clone());
        moved.push((label, from));
    }
    for (label, from) in moved {
        let from = from.map(|number| number.to_string()).unwrap_or_default();
        let more = json!({"label": label, "fromVersion": from, "toVersion": number.to_string()});
        events::changed(account, name, action, more);
    }
    Ok(json!({"InvalidLabels": [], "ParameterVersion": number}))
}

fn delete(account: &mut Account, request: NamedParameter<'_>) -> Result<Value, ApiError> {
    let name = request.name;
    if !account[SSM].parameters.contains_key(name) {
        return Err(not_found());
    }
    events::changed(account, name, "Delete", json!({}));
    account[SSM].parameters.remove(name);
    Ok(json!({}))
}

#[cfg(test)]
mod tests;
