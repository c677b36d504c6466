//! Parameters: what a template declares, what the caller gives, and what `Ref` makes of it.
//!
//! Messages are CloudFormation's own where they are known.

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde_json::{Value, json};

use super::node::{Node, Position, Refusal, scalar_text};
use super::template::{Template, unknown};
use crate::account::{Account, Caller};
use crate::wire::ApiError;

/// A parameter as the template declares it.
#[derive(Debug, Clone, PartialEq)]
pub struct Declaration {
    /// Its key.
    pub name: String,
    /// Where it stands.
    pub at: Position,
    /// Its type.
    pub kind: ParameterKind,
    /// Its Default.
    pub default: Option<String>,
    /// Whether describing calls hide its value.
    pub no_echo: bool,
    allowed_values: Vec<String>,
    allowed_pattern: Option<String>,
    length: (usize, usize),
    range: (f64, f64),
    constraint: String,
}

/// The type of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParameterKind {
    /// One value.
    One(Scalar),
    /// A list of values with commas between them.
    List(Scalar),
    /// The name of a Parameter Store parameter, which holds the value.
    Stored(Box<ParameterKind>),
}

/// The type of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalar {
    /// Any text.
    Text,
    /// A number.
    Number,
    /// An id of something in the account that begins with this, or a name if this is empty.
    Id(&'static str),
}

impl ParameterKind {
    fn named(name: &str) -> Option<Self> {
        let inner = |prefix: &str| name.strip_prefix(prefix)?.strip_suffix('>');
        if let Some(of) = inner("AWS::SSM::Parameter::Value<") {
            return Self::named(of).map(|kind| Self::Stored(Box::new(kind)));
        }
        if let Some(of) = inner("List<") {
            return Scalar::named(of).map(Self::List);
        }
        match name {
            "CommaDelimitedList" => Some(Self::List(Scalar::Text)),
            _ => Scalar::named(name).map(Self::One),
        }
    }
}

impl Scalar {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "String" | "AWS::SSM::Parameter::Name" => Self::Text,
            "Number" => Self::Number,
            "AWS::EC2::Image::Id" => Self::Id("ami-"),
            "AWS::EC2::Instance::Id" => Self::Id("i-"),
            "AWS::EC2::SecurityGroup::Id" => Self::Id("sg-"),
            "AWS::EC2::Subnet::Id" => Self::Id("subnet-"),
            "AWS::EC2::VPC::Id" => Self::Id("vpc-"),
            "AWS::EC2::KeyPair::KeyName" | "AWS::EC2::AvailabilityZone::Name" => Self::Id(""),
            _ => return None,
        })
    }

    fn holds(self, value: &str) -> bool {
        match self {
            Self::Text => true,
            Self::Number => value.parse::<f64>().is_ok(),
            Self::Id("") => !value.is_empty(),
            Self::Id(prefix) => value.strip_prefix(prefix).is_some_and(|digits| {
                (8..=17).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_hexdigit())
            }),
        }
    }
}

impl Declaration {
    /// Reads the declaration of the parameter `name`.
    ///
    /// # Errors
    /// A refusal of what is not known of a parameter.
    pub fn read(name: &str, at: &Position, node: &Node) -> Result<Self, Refusal> {
        let mut declaration = Self {
            name: name.to_owned(),
            at: at.clone(),
            kind: ParameterKind::One(Scalar::Text),
            default: None,
            no_echo: false,
            allowed_values: Vec::new(),
            allowed_pattern: None,
            length: (0, usize::MAX),
            range: (f64::NEG_INFINITY, f64::INFINITY),
            constraint: String::new(),
        };
        if node.get("Type").is_none() {
            return Err(Refusal::new(
                at,
                format!("the parameter {name} has no Type"),
                "give it one",
            ));
        }
        for (key, at, value) in node.entries(name)? {
            declaration.member(key, at, value)?;
        }
        if let Some(default) = declaration.default.clone()
            && !matches!(declaration.kind, ParameterKind::Stored(_))
        {
            declaration.check(&default).map_err(|why| {
                Refusal::new(
                    at,
                    format!("the Default {default:?}: {why}"),
                    "correct one of the two",
                )
            })?;
        }
        Ok(declaration)
    }

    fn member(&mut self, key: &str, at: &Position, value: &Node) -> Result<(), Refusal> {
        let number = || {
            let text = value.text(key)?;
            text.parse::<f64>().map_err(|_| {
                Refusal::new(
                    &value.at,
                    format!("{key} {text:?} is no number"),
                    "write a number",
                )
            })
        };
        match key {
            "Type" => {
                let text = value.text(key)?;
                self.kind = ParameterKind::named(&text).ok_or_else(|| {
                    Refusal::new(
                        &value.at,
                        format!("the account in memory does not know the parameter type {text}"),
                        "known are String, Number, CommaDelimitedList, AWS::EC2::….Id, List<…> and \
                         AWS::SSM::Parameter::Value<…> of them",
                    )
                })?;
            }
            "Default" => self.default = Some(value.text(key)?),
            "NoEcho" => self.no_echo = value.text(key)? == "true",
            "AllowedValues" => {
                let values = value.plain()?;
                self.allowed_values = values
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(scalar_text)
                    .collect();
            }
            "AllowedPattern" => {
                let pattern = value.text(key)?;
                Regex::new(&pattern).map_err(|error| {
                    Refusal::new(
                        &value.at,
                        format!("AllowedPattern {pattern:?}: {error}"),
                        "correct it",
                    )
                })?;
                self.allowed_pattern = Some(pattern);
            }
            "MinLength" => self.length.0 = number()? as usize,
            "MaxLength" => self.length.1 = number()? as usize,
            "MinValue" => self.range.0 = number()?,
            "MaxValue" => self.range.1 = number()?,
            "ConstraintDescription" => self.constraint = value.text(key)?,
            "Description" => drop(value.text(key)?),
            _ => {
                let known = [
                    "Type",
                    "Default",
                    "AllowedValues",
                    "AllowedPattern",
                    "MinLength",
                    "MaxLength",
                    "MinValue",
                    "MaxValue",
                    "NoEcho",
                    "Description",
                    "ConstraintDescription",
                ];
                return Err(unknown(
                    at,
                    key,
                    &format!("the parameter {}", self.name),
                    &known,
                ));
            }
        }
        Ok(())
    }

    /// Checks the value that a caller gives.
    fn check(&self, value: &str) -> Result<(), String> {
        self.check_members(value)
            .map_err(|message| match self.constraint.as_str() {
                "" => message,
                text => format!(
                    "Parameter {} failed to satisfy constraint: {text}",
                    self.name
                ),
            })
    }

    fn check_members(&self, value: &str) -> Result<(), String> {
        let name = &self.name;
        let scalar = match &self.kind {
            ParameterKind::One(scalar) | ParameterKind::List(scalar) => *scalar,
            ParameterKind::Stored(_) => Scalar::Text,
        };
        for member in self.members(value) {
            if !scalar.holds(&member) {
                return Err(match scalar {
                    Scalar::Number => format!("Parameter '{name}' must be a number"),
                    _ => format!(
                        "Parameter validation failed: parameter value {member} for parameter name {name} does not exist"
                    ),
                });
            }
            if !self.allowed_values.is_empty() && !self.allowed_values.contains(&member) {
                return Err(format!("Parameter '{name}' must be one of AllowedValues"));
            }
            if let Some(pattern) = &self.allowed_pattern {
                let whole = Regex::new(&format!("^(?:{pattern})$"))
                    .expect("it compiled when the template was read");
                if !whole.is_match(&member) {
                    return Err(format!("Parameter '{name}' must match pattern {pattern}"));
                }
            }
            let length = member.chars().count();
            if length < self.length.0 {
                return Err(format!(
                    "Parameter '{name}' must contain at least {} characters",
                    self.length.0
                ));
            }
            if length > self.length.1 {
                return Err(format!(
                    "Parameter '{name}' must contain at most {} characters",
                    self.length.1
                ));
            }
            let number = member
                .parse::<f64>()
                .ok()
                .filter(|_| scalar == Scalar::Number);
            if number.is_some_and(|number| number < self.range.0) {
                return Err(format!(
                    "Parameter '{name}' must be a number not less than {}",
                    self.range.0
                ));
            }
            if number.is_some_and(|number| number > self.range.1) {
                return Err(format!(
                    "Parameter '{name}' must be a number not greater than {}",
                    self.range.1
                ));
            }
        }
        Ok(())
    }

    fn members(&self, value: &str) -> Vec<String> {
        match self.kind {
            ParameterKind::List(_) => list(value),
            _ => vec![value.to_owned()],
        }
    }
}

fn list(value: &str) -> Vec<String> {
    value
        .split(',')
        .map(|member| member.trim().to_owned())
        .collect()
}

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

/// Puts together the parameters of an operation on `template`: `input` is the call's `Parameters`, `previous` what
/// the stack had before. Stored parameters are fetched anew at each operation (documented), also with
/// UsePreviousValue.
///
/// # Errors
/// `ValidationError` with CloudFormation's message.
pub fn gather(
    account: &mut Account,
    template: &Template,
    input: &Value,
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
pub fn names(template: &Template, input: &Value) -> Result<(), ApiError> {
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
    input: &Value,
    previous: Option<&Parameters>,
) -> Result<BTreeMap<String, String>, ApiError> {
    let mut given = BTreeMap::new();
    for item in input.as_array().into_iter().flatten() {
        let Some(key) = item["ParameterKey"].as_str() else {
            return Err(invalid(
                "Each Parameters object must contain a ParameterKey".to_owned(),
            ));
        };
        let use_previous = scalar_text(&item["UsePreviousValue"]) == "true";
        let value = match (use_previous, &item["ParameterValue"]) {
            (true, Value::Null) => match previous.and_then(|previous| previous.given.get(key)) {
                Some(value) => value.clone(),
                None => {
                    return Err(invalid(format!(
                        "Invalid input for parameter key {key}. Cannot specify usePreviousValue as true for a parameter key not in the previous template"
                    )));
                }
            },
            (true, _) => {
                return Err(invalid(format!(
                    "Invalid input for parameter key {key}. Cannot specify usePreviousValue as true and non empty value for a parameter"
                )));
            }
            (false, Value::Null) => {
                return Err(invalid(format!(
                    "Parameter {key} must have a ParameterValue or UsePreviousValue"
                )));
            }
            (false, value) => scalar_text(value),
        };
        given.insert(key.to_owned(), value);
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
    declared.check(&text).map_err(invalid)?;
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
        ParameterKind::List(_) => list(&value),
        _ => vec![value.clone()],
    };
    if let Some(wrong) = members.iter().find(|member| !scalar.holds(member)) {
        return Err(invalid(format!(
            "Parameter validation failed: parameter value {wrong} for parameter name {name} does not exist"
        )));
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
        Err(error) if error.code == "ParameterNotFound" => Err(invalid(format!(
            "Unable to fetch parameters [{name}] from parameter store for this account."
        ))),
        Err(error) => Err(error),
    }
}

fn invalid(message: String) -> ApiError {
    ApiError::client("ValidationError", message)
}
