//! The calls about state machines.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::definition::Definition;
use super::logging;
use super::parse::parse;
use super::request_fields::{ListAll, Page, checked_arn, list};
use crate::account::{Account, arn};
use crate::stepfunctions::STEPFUNCTIONS;
use crate::wire::ApiError;

/// A state machine.
#[derive(Debug)]
pub struct StateMachine {
    /// Its name.
    pub name: String,
    /// ARN of the role that its executions have.
    pub role: String,
    /// The definition that new executions follow, as text.
    pub definition_text: String,
    /// When it was created.
    pub created: Timestamp,
    /// Where it logs to, as it was given.
    pub logging: Option<Value>,
    /// Whether it traces, as it was given.
    pub tracing: Option<Value>,
    /// Its tags, as they were given.
    pub tags: Option<Value>,
    pub(super) definition: Arc<Definition>,
    /// When it was deleted, if it was.
    pub(super) deleted: Option<Timestamp>,
    /// Of its last update that changed something; none before that.
    revision: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateStateMachine<'a> {
    name: &'a str,
    definition: String,
    role_arn: String,
    #[serde(rename = "type")]
    _type: Option<MachineType>,
    logging_configuration: Option<Value>,
    tracing_configuration: Option<Value>,
    tags: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum MachineType {
    Standard,
}

/// `CreateStateMachine`: the same again is answered the same.
pub fn create(account: &mut Account, request: CreateStateMachine<'_>) -> Result<Value, ApiError> {
    forget_deleted(account);
    let name = checked_name(request.name)?;
    let logging = request.logging_configuration;
    let logging = logging.map(|given| logging::checked(account, &given));
    let made = StateMachine {
        name: name.to_owned(),
        role: request.role_arn,
        definition: Arc::new(parse(&request.definition)?),
        definition_text: request.definition,
        created: account.now,
        logging: logging.transpose()?,
        tracing: request.tracing_configuration,
        tags: request.tags,
        deleted: None,
        revision: None,
    };
    let arn = arn("states", &format!("stateMachine:{name}"));
    let machine = match account[STEPFUNCTIONS].machines.get(&arn) {
        None => account[STEPFUNCTIONS]
            .machines
            .entry(arn.clone())
            .or_insert(made),
        Some(old) if old.deleted.is_some() => {
            let message = format!("State Machine is being deleted: '{arn}'");
            return Err(ApiError::client("StateMachineDeleting", message));
        }
        Some(old) if is_same(old, &made) => old,
        Some(_) => {
            let message = format!("State Machine Already Exists: '{arn}'");
            return Err(ApiError::client("StateMachineAlreadyExists", message));
        }
    };
    Ok(json!({"stateMachineArn": arn, "creationDate": machine.created.to_string()}))
}

fn is_same(old: &StateMachine, new: &StateMachine) -> bool {
    old.definition_text == new.definition_text
        && old.role == new.role
        && old.logging == new.logging
        && old.tracing == new.tracing
}

/// Names have 1 to 80 characters, and none of those that AWS forbids.
pub fn checked_name(name: &str) -> Result<&str, ApiError> {
    let forbidden =
        |c: char| c.is_whitespace() || c.is_control() || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(c);
    if (1..=80).contains(&name.chars().count()) && !name.contains(forbidden) {
        return Ok(name);
    }
    Err(ApiError::client(
        "InvalidName",
        format!("Invalid Name: '{name}'"),
    ))
}

/// The state machine with this ARN.
pub fn machine<'a>(account: &'a mut Account, arn: &str) -> Result<&'a mut StateMachine, ApiError> {
    forget_deleted(account);
    let arn = checked_arn(arn)?;
    account[STEPFUNCTIONS].machines.get_mut(arn).ok_or_else(|| {
        ApiError::client(
            "StateMachineDoesNotExist",
            format!("State Machine Does Not Exist: '{arn}'"),
        )
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateStateMachine<'a> {
    state_machine_arn: &'a str,
    definition: Option<String>,
    role_arn: Option<String>,
    logging_configuration: Option<Value>,
    tracing_configuration: Option<Value>,
}

/// `UpdateStateMachine`: running executions keep the definition with which they started. The
/// revision stays if nothing changes (recorded: localstack/localstack
/// tests/aws/services/stepfunctions/v2/test_sfn_api.snapshot.json, 2023-08).
pub fn update(account: &mut Account, request: UpdateStateMachine<'_>) -> Result<Value, ApiError> {
    let (logging, tracing) = (request.logging_configuration, request.tracing_configuration);
    let changes_text = request.definition.is_some() || request.role_arn.is_some();
    if !changes_text && logging.is_none() && tracing.is_none() {
        let message = "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified";
        return Err(ApiError::client("MissingRequiredParameter", message));
    }
    let definition = match request.definition {
        Some(text) => Some((Arc::new(parse(&text)?), text)),
        None => None,
    };
    let logging = logging.map(|given| logging::checked(account, &given));
    let logging = logging.transpose()?;
    let (now, revision) = (account.now, account.uuid());
    let machine = machine(account, request.state_machine_arn)?;
    if machine.deleted.is_some() {
        let message = format!("State Machine is being deleted: '{}'", machine.name);
        return Err(ApiError::client("StateMachineDeleting", message));
    }
    let mut is_changed = false;
    if let Some((read, text)) = definition {
        is_changed |= text != machine.definition_text;
        (machine.definition_text, machine.definition) = (text, read);
    }
    if let Some(role) = request.role_arn {
        is_changed |= role != machine.role;
        machine.role = role;
    }
    for (given, kept) in [
        (logging, &mut machine.logging),
        (tracing, &mut machine.tracing),
    ] {
        if given.is_some() {
            is_changed |= given != *kept;
            *kept = given;
        }
    }
    if is_changed {
        machine.revision = Some(revision);
    }
    let mut answer = json!({"updateDate": now.to_string()});
    if let Some(revision) = &machine.revision {
        answer["revisionId"] = json!(revision);
    }
    Ok(answer)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NamedMachine<'a> {
    state_machine_arn: &'a str,
}

/// `DeleteStateMachine`: it is gone some time after its executions have ended, which they do at
/// their next transition.
pub fn delete(account: &mut Account, request: NamedMachine<'_>) -> Result<Value, ApiError> {
    let (now, arn) = (account.now, request.state_machine_arn);
    if let Some(machine) = account[STEPFUNCTIONS].machines.get_mut(arn) {
        machine.deleted.get_or_insert(now);
    }
    Ok(json!({}))
}

/// Forgets the machines that were deleted, and whose executions have ended, long enough ago.
fn forget_deleted(account: &mut Account) {
    let (now, state) = (account.now, &mut account[STEPFUNCTIONS]);
    let (executions, stays) = (&state.executions, state.timing.deletion);
    state.machines.retain(|arn, machine| {
        let Some(deleted) = machine.deleted else {
            return true;
        };
        let own = executions.iter().filter(|of| of.state_machine == *arn);
        // One that runs has no end, and its machine stays.
        let ends: Option<Vec<Timestamp>> = own.map(|of| of.stop).collect();
        let last = ends.map(|ends| ends.into_iter().fold(deleted, Timestamp::max));
        last.is_none_or(|last| now < last + stays)
    });
}

/// `DescribeStateMachine`.
pub fn describe(account: &mut Account, request: NamedMachine<'_>) -> Result<Value, ApiError> {
    let machine = machine(account, request.state_machine_arn)?;
    let off = json!({"level": "OFF", "includeExecutionData": false});
    let mut answer = json!({
        "stateMachineArn": request.state_machine_arn, "name": machine.name,
        "status": if machine.deleted.is_some() { "DELETING" } else { "ACTIVE" },
        "definition": machine.definition_text, "roleArn": machine.role, "type": "STANDARD",
        "creationDate": machine.created.to_string(),
        "loggingConfiguration": machine.logging.clone().unwrap_or(off),
        "tracingConfiguration": machine.tracing.clone().unwrap_or(json!({"enabled": false})),
    });
    if let Some(revision) = &machine.revision {
        answer["revisionId"] = json!(revision);
    }
    Ok(answer)
}

/// `ListStateMachines`.
pub fn list_all(account: &mut Account, request: ListAll<'_>) -> Result<Value, ApiError> {
    forget_deleted(account);
    let machines = account[STEPFUNCTIONS]
        .machines
        .iter()
        .map(|(arn, machine)| {
            let item = json!({
                "stateMachineArn": arn, "name": machine.name, "type": "STANDARD",
                "creationDate": machine.created.to_string(),
            });
            (arn.clone(), item)
        });
    list("stateMachines", machines, Page::of_list(&request)?)
}

impl super::State {
    pub(super) fn is_deleting(&self, arn: &str) -> bool {
        self.machines
            .get(arn)
            .is_some_and(|machine| machine.deleted.is_some())
    }
}
