//! The calls about state machines.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::asked::{list, page, text};
use super::definition::Definition;
use super::execution::Status;
use super::parse::parse;
use crate::account::{Account, arn};
use crate::wire::{ApiError, only};

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
    pub(super) deleting: bool,
}

/// `CreateStateMachine`: the same again is answered the same.
pub fn create(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    let action = "CreateStateMachine";
    let known = [
        "name",
        "definition",
        "roleArn",
        "type",
        "loggingConfiguration",
        "tracingConfiguration",
        "tags",
    ];
    only(action, input, &known)?;
    if !matches!(input["type"].as_str(), None | Some("STANDARD")) {
        return Err(ApiError::not_known(format_args!(
            "type {} of CreateStateMachine",
            input["type"]
        )));
    }
    let name = checked_name(text(action, input, "name")?)?;
    let (definition_text, role) = (
        text(action, input, "definition")?,
        text(action, input, "roleArn")?,
    );
    let made = StateMachine {
        name: name.to_owned(),
        role: role.to_owned(),
        definition_text: definition_text.to_owned(),
        created: account.now,
        logging: input.get("loggingConfiguration").cloned(),
        tracing: input.get("tracingConfiguration").cloned(),
        tags: input.get("tags").cloned(),
        definition: Arc::new(parse(definition_text)?),
        deleting: false,
    };
    let arn = arn("states", &format!("stateMachine:{name}"));
    let machine = match account.stepfunctions.machines.get(&arn) {
        None => account
            .stepfunctions
            .machines
            .entry(arn.clone())
            .or_insert(made),
        Some(old) if old.deleting => {
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

/// The state machine that `input` names.
pub fn machine<'a>(
    account: &'a mut Account,
    action: &str,
    input: &Value,
) -> Result<&'a mut StateMachine, ApiError> {
    let arn = text(action, input, "stateMachineArn")?;
    account.stepfunctions.machines.get_mut(arn).ok_or_else(|| {
        ApiError::client(
            "StateMachineDoesNotExist",
            format!("State Machine Does Not Exist: '{arn}'"),
        )
    })
}

/// `UpdateStateMachine`: running executions keep the definition with which they started.
pub fn update(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    let action = "UpdateStateMachine";
    let known = [
        "stateMachineArn",
        "definition",
        "roleArn",
        "loggingConfiguration",
        "tracingConfiguration",
    ];
    only(action, input, &known)?;
    if !known[1..].iter().any(|member| input.get(member).is_some()) {
        let message = "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified";
        return Err(ApiError::client("MissingRequiredParameter", message));
    }
    let definition = match input["definition"].as_str() {
        Some(text) => Some((text.to_owned(), Arc::new(parse(text)?))),
        None => None,
    };
    let (now, revision) = (account.now, account.uuid());
    let machine = machine(account, action, input)?;
    if machine.deleting {
        let message = format!("State Machine is being deleted: '{}'", machine.name);
        return Err(ApiError::client("StateMachineDeleting", message));
    }
    if let Some((text, read)) = definition {
        (machine.definition_text, machine.definition) = (text, read);
    }
    if let Some(role) = input["roleArn"].as_str() {
        machine.role = role.to_owned();
    }
    for (member, kept) in [
        ("loggingConfiguration", &mut machine.logging),
        ("tracingConfiguration", &mut machine.tracing),
    ] {
        if let Some(given) = input.get(member) {
            *kept = Some(given.clone());
        }
    }
    Ok(json!({"updateDate": now.to_string(), "revisionId": revision}))
}

/// `DeleteStateMachine`: it is gone once its executions have ended, which they do at their next transition.
pub fn delete(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    only("DeleteStateMachine", input, &["stateMachineArn"])?;
    let arn = text("DeleteStateMachine", input, "stateMachineArn")?.to_owned();
    if let Some(machine) = account.stepfunctions.machines.get_mut(&arn) {
        machine.deleting = true;
    }
    account.stepfunctions.forget_if_deleted(&arn);
    Ok(json!({}))
}

/// `DescribeStateMachine`.
pub fn describe(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    only("DescribeStateMachine", input, &["stateMachineArn"])?;
    let machine = machine(account, "DescribeStateMachine", input)?;
    let off = json!({"level": "OFF", "includeExecutionData": false});
    Ok(json!({
        "stateMachineArn": input["stateMachineArn"], "name": machine.name,
        "status": if machine.deleting { "DELETING" } else { "ACTIVE" },
        "definition": machine.definition_text, "roleArn": machine.role, "type": "STANDARD",
        "creationDate": machine.created.to_string(),
        "loggingConfiguration": machine.logging.clone().unwrap_or(off),
        "tracingConfiguration": machine.tracing.clone().unwrap_or(json!({"enabled": false})),
    }))
}

/// `ListStateMachines`.
pub fn list_all(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    only("ListStateMachines", input, &["maxResults", "nextToken"])?;
    let machines = account.stepfunctions.machines.iter().map(|(arn, machine)| {
        json!({
            "stateMachineArn": arn, "name": machine.name, "type": "STANDARD",
            "creationDate": machine.created.to_string(),
        })
    });
    list("stateMachines", machines.collect(), page(input, 1000)?)
}

impl super::State {
    pub(super) fn is_deleting(&self, arn: &str) -> bool {
        self.machines
            .get(arn)
            .is_some_and(|machine| machine.deleting)
    }

    pub(super) fn forget_if_deleted(&mut self, arn: &str) {
        let runs = |of: &super::Execution| of.state_machine == arn && of.status == Status::Running;
        if self.is_deleting(arn) && !self.executions.iter().any(runs) {
            self.machines.remove(arn);
        }
    }
}
