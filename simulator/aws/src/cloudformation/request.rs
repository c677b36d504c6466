//! The calls that begin something: CreateStack, UpdateStack, DeleteStack, CancelUpdateStack,
//! ContinueUpdateRollback.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::operation::{self, Purpose};
use super::request_fields::{
    CreateStack, DesiredStack, NamedStack, REQUESTS, UpdateStack, no_template, refuse,
};
use super::resource_types::nested_stack;
use super::stack::{self, Stack, Version};
use super::status_reason::StatusReason::UserInitiated;
use super::{invalid, parameters, permissions, validate};
use crate::account::Account;
use crate::cloudformation::CLOUDFORMATION;
use crate::wire::ApiError;

/// Checks the parameters of a `CreateStack` alone: those of a template that can be read.
///
/// # Errors
/// `ValidationError` with CloudFormation's message about a parameter.
pub fn check_parameters(account: &mut Account, input: &Value) -> Result<(), ApiError> {
    // What is wrong with the template, CreateStack says.
    let request: CreateStack<'_> = REQUESTS.read("CreateStack", input)?;
    let desired = request.desired_stack();
    let Ok(Some(template)) = desired.template.given(account) else {
        return Ok(());
    };
    parameters::gather(account, &template, &desired.parameters, None).map(drop)
}

/// `CreateStack`.
///
/// # Errors
/// `AlreadyExistsException`, `InsufficientCapabilitiesException`, `ValidationError`, or
/// `NotImplemented`.
pub fn create(account: &mut Account, request: CreateStack<'_>) -> Result<Value, ApiError> {
    let has_no_rollback = request.disable_rollback == Some(true);
    refuse("CreateStack", "DisableRollback", has_no_rollback)?;
    let desired = request.desired_stack();
    if account[CLOUDFORMATION].stack(desired.name).is_some() {
        return Err(already_exists(desired.name));
    }
    let stack = new_stack(account, desired)?;
    let id = stack.id.clone();
    account[CLOUDFORMATION].stacks.insert(id.clone(), stack);
    let operation = stack::ask_for(account, &id, "CREATE_STACK");
    operation::begin(account, &id, Purpose::Create, None, UserInitiated);
    Ok(json!({"StackId": id, "OperationId": operation}))
}

/// AWS's answer to a name that is taken.
pub(super) fn already_exists(name: &str) -> ApiError {
    ApiError::client(
        "AlreadyExistsException",
        format!("Stack [{name}] already exists"),
    )
}

/// The stack that a call wants, checked, but with nothing of it made.
pub(super) fn new_stack(
    account: &mut Account,
    desired: DesiredStack<'_>,
) -> Result<Stack, ApiError> {
    let name = desired.name.to_owned();
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.len() <= 128
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if !plain {
        return Err(invalid(format!(
            "1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
        )));
    }
    let role = desired.role()?;
    let template = desired.template.required(account)?;
    desired.check_capabilities(account, &template)?;
    let parameters = parameters::gather(account, &template, &desired.parameters, None)?;
    let version = Version {
        template,
        parameters,
    };
    permissions::of_parameters(account, role.as_deref(), &version.parameters)?;
    validate::check(account, &name, &version, &BTreeMap::new())?;
    let id = nested_stack::new_id(account, &name);
    let mut stack = Stack::new(id.clone(), name, account.now, Arc::new(version));
    stack.capabilities = desired.capabilities;
    stack.role = role;
    Ok(stack)
}

/// `UpdateStack`.
///
/// # Errors
/// `InsufficientCapabilitiesException`, `ValidationError` (`No updates are to be performed.` among
/// them), or `NotImplemented`.
pub fn update(account: &mut Account, request: UpdateStack<'_>) -> Result<Value, ApiError> {
    let has_no_rollback = request.disable_rollback == Some(true);
    refuse("UpdateStack", "DisableRollback", has_no_rollback)?;
    let keeps_template = request.use_previous_template == Some(true);
    let next = next(account, request.desired_stack(), keeps_template)?;
    if !next.changes {
        return Err(invalid("No updates are to be performed."));
    }
    let id = next.stack.clone();
    let operation = begin_update(account, next);
    Ok(json!({"StackId": id, "OperationId": operation}))
}

/// What an update would make of a stack.
#[derive(Debug)]
pub(super) struct Next {
    /// Id of the stack.
    pub stack: String,
    /// What it shall be.
    pub version: Arc<Version>,
    /// Whether that changes anything.
    pub changes: bool,
    /// The capabilities that were acknowledged.
    pub capabilities: Vec<String>,
    /// The role, if another one was named.
    pub role: Option<String>,
}

/// What a call would make of its stack, checked.
pub(super) fn next(
    account: &mut Account,
    desired: DesiredStack<'_>,
    keeps_template: bool,
) -> Result<Next, ApiError> {
    let role = desired.role()?;
    let (id, name) = updatable(account, desired.name)?;
    let stack = account[CLOUDFORMATION].at(&id);
    let (before, known) = (stack.version.clone(), stack.known());
    let template = match (desired.template.given(account)?, keeps_template) {
        (Some(_), true) => {
            return Err(invalid(
                "You cannot specify both usePreviousTemplate and Template Body/Template URL.",
            ));
        }
        (Some(template), false) => template,
        (None, true) => before.template.clone(),
        (None, false) => return Err(no_template()),
    };
    desired.check_capabilities(account, &template)?;
    let parameters = parameters::gather(
        account,
        &template,
        &desired.parameters,
        Some(&before.parameters),
    )?;
    let version = Version {
        template,
        parameters,
    };
    let kept = account[CLOUDFORMATION].at(&id).role.clone();
    let works_as = role.clone().or(kept);
    permissions::of_parameters(account, works_as.as_deref(), &version.parameters)?;
    validate::check(account, &name, &version, &known)?;
    Ok(Next {
        changes: validate::changes(account, &id, &version)?,
        stack: id,
        version: Arc::new(version),
        capabilities: desired.capabilities,
        role,
    })
}

/// Begins to bring a stack to what it shall be; answers the OperationId.
pub(super) fn begin_update(account: &mut Account, next: Next) -> String {
    let asked = stack::ask_for(account, &next.stack, "UPDATE_STACK");
    let stack = account[CLOUDFORMATION].at(&next.stack);
    let before = std::mem::replace(&mut stack.version, next.version);
    stack.capabilities = next.capabilities;
    stack.role = next.role.or(stack.role.take());
    operation::begin(
        account,
        &next.stack,
        Purpose::Update,
        Some(before),
        UserInitiated,
    );
    asked
}

/// Id and name of a stack that takes an update now.
pub(super) fn updatable(account: &Account, wanted: &str) -> Result<(String, String), ApiError> {
    let Some(stack) = account[CLOUDFORMATION].stack(wanted) else {
        return Err(invalid(format!("Stack [{wanted}] does not exist")));
    };
    if stack.parent.is_some() {
        return Err(ApiError::not_known(format_args!(
            "an update of {} but through its parent stack",
            stack.name
        )));
    }
    let ready = [
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
    ];
    if !ready.contains(&stack.status.as_str()) {
        return Err(invalid(format!(
            "Stack:{} is in {} state and can not be updated.",
            stack.id, stack.status
        )));
    }
    Ok((stack.id.clone(), stack.name.clone()))
}

/// The request of `DeleteStack`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteStack<'a> {
    stack_name: &'a str,
    #[serde(rename = "RoleARN")]
    _role: Option<&'a str>,
}

/// `DeleteStack`. A stack that does not exist is deleted already.
///
/// # Errors
/// `ValidationError` while an operation goes on.
pub fn delete(account: &mut Account, request: DeleteStack<'_>) -> Result<Value, ApiError> {
    let Some(stack) = account[CLOUDFORMATION].stack(request.stack_name) else {
        return Ok(json!({}));
    };
    let (id, status) = (stack.id.clone(), stack.status.clone());
    if status == "DELETE_COMPLETE" {
        return Ok(json!({}));
    }
    // assumption: a creation is overtaken by a deletion, an update is not. DeleteStack during an
    // update on AWS proves it.
    if stack.operation.is_some() && status != "CREATE_IN_PROGRESS" {
        return Err(invalid(format!(
            "Stack [{id}] cannot be deleted while in status {status}"
        )));
    }
    stack::ask_for(account, &id, "DELETE_STACK");
    operation::begin(account, &id, Purpose::Delete, None, UserInitiated);
    Ok(json!({}))
}

/// `CancelUpdateStack`: the update turns round.
///
/// # Errors
/// `ValidationError` if no update goes forward.
pub fn cancel(account: &mut Account, request: NamedStack<'_>) -> Result<Value, ApiError> {
    let wanted = request.stack_name;
    let Some(stack) = account[CLOUDFORMATION].stack(wanted) else {
        return Err(invalid(format!("Stack [{wanted}] does not exist")));
    };
    let id = stack.id.clone();
    if stack.status != "UPDATE_IN_PROGRESS" {
        return Err(invalid(
            "CancelUpdateStack cannot be called from current stack status",
        ));
    }
    operation::stop(account, &id);
    operation::go(account, &id);
    Ok(json!({}))
}

/// `ContinueUpdateRollback`: a rollback that failed is tried again, from where it failed.
///
/// # Errors
/// `ValidationError` if no rollback has failed; `NotImplemented` for resources to skip.
pub fn go_on_back(account: &mut Account, request: NamedStack<'_>) -> Result<Value, ApiError> {
    let wanted = request.stack_name;
    let Some(stack) = account[CLOUDFORMATION].stack(wanted) else {
        return Err(invalid(format!("Stack [{wanted}] does not exist")));
    };
    let (id, status) = (stack.id.clone(), stack.status.clone());
    let left = account[CLOUDFORMATION].at(&id).left.take();
    let Some(left) = left.filter(|_| status == "UPDATE_ROLLBACK_FAILED") else {
        return Err(invalid(format!(
            "Stack:{id} is in {status} state and can not continue rollback."
        )));
    };
    stack::ask_for(account, &id, "CONTINUE_ROLLBACK");
    operation::begin(account, &id, Purpose::RollBack, left.before, UserInitiated);
    operation::of(account, &id).children = left.children;
    Ok(json!({}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudformation::scene::Scene;

    #[test]
    fn nothing_new_is_no_update_and_a_busy_stack_takes_none() {
        let mut scene = Scene::created(json!([]));
        assert_eq!(
            scene.update().expect_err("nothing").message,
            "No updates are to be performed."
        );
        scene.ami("ami-00000002");
        scene.update().expect("begun");
        let busy = scene.update().expect_err("busy").message;
        assert!(
            busy.ends_with(" is in UPDATE_IN_PROGRESS state and can not be updated."),
            "{busy}"
        );
        let stacks = scene
            .call("DescribeStacks", json!({"StackName": "s"}))
            .expect("described");
        let ami = &stacks["Stacks"][0]["Parameters"][0];
        assert_eq!(
            ami,
            &json!({"ParameterKey": "Ami", "ParameterValue": "/ami", "ResolvedValue": "ami-00000002"})
        );
    }

    #[test]
    fn only_a_rollback_that_failed_is_continued_and_only_a_creation_is_overtaken_by_a_deletion() {
        let mut scene = Scene::created(json!([]));
        let stack = json!({"StackName": "s"});
        let refused = scene.call("ContinueUpdateRollback", stack.clone());
        let refused = refused.expect_err("nothing failed").message;
        assert!(
            refused.ends_with(" is in CREATE_COMPLETE state and can not continue rollback."),
            "{refused}"
        );
        scene.ami("ami-00000002");
        scene.update().expect("begun");
        let refused = scene.call("DeleteStack", stack.clone());
        let refused = refused.expect_err("busy").message;
        assert!(
            refused.ends_with(" cannot be deleted while in status UPDATE_IN_PROGRESS"),
            "{refused}"
        );
        let mut scene = Scene::new();
        let create = json!({"StackName": "s", "TemplateURL": "t.yaml"});
        scene.call("CreateStack", create).expect("begun");
        scene.pass(std::time::Duration::from_secs(20));
        scene.call("DeleteStack", stack).expect("overtaken");
        assert_eq!(scene.settled(), "DELETE_COMPLETE");
    }

    #[test]
    fn a_new_stack_is_checked_before_anything_is_made() {
        let mut scene = Scene::new();
        let mut refused = |input: Value| {
            let error = scene.call("CreateStack", input).expect_err("refused");
            assert!(scene.account[CLOUDFORMATION].stacks.is_empty());
            format!("{}: {}", error.code, error.message)
        };
        let size = |value: &str| json!([{"ParameterKey": "Size", "ParameterValue": value}]);
        let given = |parameters: Value| json!({"StackName": "s", "TemplateURL": "t.yaml", "Parameters": parameters});
        assert_eq!(
            refused(given(size("many"))),
            "ValidationError: Parameter 'Size' must be a number"
        );
        assert_eq!(
            refused(given(
                json!([{"ParameterKey": "Colour", "ParameterValue": "red"}])
            )),
            "ValidationError: Parameters: [Colour] do not exist in the template"
        );
        assert_eq!(
            refused(given(
                json!([{"ParameterKey": "Ami", "ParameterValue": "/none"}])
            )),
            "ValidationError: Unable to fetch parameters [/none] from parameter store for this account."
        );
        let body = "Resources: {R: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}, RoleName: r}}}";
        assert_eq!(
            refused(
                json!({"StackName": "s", "TemplateBody": body, "Capabilities": ["CAPABILITY_IAM"]})
            ),
            "InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_NAMED_IAM]"
        );
        let unknown = json!({"StackName": "s", "TemplateURL": "t.yaml", "Tags": [{"Key": "a", "Value": "b"}]});
        assert!(refused(unknown).starts_with("NotImplemented"));
        let role = json!({"StackName": "s", "TemplateURL": "t.yaml", "RoleARN": "r"});
        assert_eq!(
            refused(role),
            "ValidationError: Role r is invalid or cannot be assumed"
        );
    }
}
