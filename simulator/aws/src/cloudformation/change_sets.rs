//! Change sets: what an operation would do, told before it is done. `aws cloudformation deploy`
//! works through them.

mod changes;

use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::operation::{self, Purpose};
use super::request::{self, Next};
use super::request_fields::{ChangeSetType, CreateChangeSet, DesiredStack, NamedStack, refuse};
use super::status_reason::StatusReason::UserInitiated;
use super::{describe, stack};
use crate::account::{Account, arn};
use crate::cloudformation::CLOUDFORMATION;
use crate::wire::ApiError;

/// What a stack is in that only a change set has named.
const IN_REVIEW: &str = "REVIEW_IN_PROGRESS";
/// Why a change set failed that would change nothing.
const NO_CHANGES: &str = "The submitted information didn't contain changes. Submit different information to create a change set.";

/// The execution status of a change set that has been executed.
const EXECUTED: &str = "EXECUTE_COMPLETE";

/// A change set.
#[derive(Debug)]
pub struct ChangeSet {
    name: String,
    description: String,
    created: Timestamp,
    creates: bool,
    next: Next,
    execution_status: &'static str,
    changes: Vec<Value>,
}

impl ChangeSet {
    fn is_executed(&self) -> bool {
        self.execution_status == EXECUTED
    }

    /// A set without changes has failed.
    fn status(&self) -> (&'static str, &'static str) {
        if self.next.changes {
            ("CREATE_COMPLETE", "")
        } else {
            ("FAILED", NO_CHANGES)
        }
    }
}

/// `CreateChangeSet`, of the types CREATE and UPDATE.
///
/// # Errors
/// As CreateStack and UpdateStack.
pub fn create(account: &mut Account, mut request: CreateChangeSet<'_>) -> Result<Value, ApiError> {
    let has_nested = request.include_nested_stacks == Some(true);
    refuse("CreateChangeSet", "IncludeNestedStacks", has_nested)?;
    let name = request.change_set_name.to_owned();
    let description = request.description.take().unwrap_or_default();
    let creates = request.change_set_type == Some(ChangeSetType::Create);
    let keeps_template = request.use_previous_template == Some(true);
    let desired = request.desired_stack();
    let next = if creates {
        reviewed(account, desired)?
    } else {
        request::next(account, desired, keeps_template)?
    };
    if find(account, &name, Some(&next.stack)).is_some() {
        return Err(ApiError {
            status: 409,
            ..ApiError::client(
                "AlreadyExistsException",
                format!(
                    "ChangeSet {name} cannot be created due to a mismatch with existing attribute Template"
                ),
            )
        });
    }
    let id = arn(
        "cloudformation",
        &format!("changeSet/{name}/{}", account.uuid()),
    );
    let answer = json!({"Id": id, "StackId": next.stack});
    let set = ChangeSet {
        name,
        description,
        created: account.now,
        creates,
        changes: changes::of(account, &next.stack, &next.version),
        execution_status: if next.changes {
            "AVAILABLE"
        } else {
            "UNAVAILABLE"
        },
        next,
    };
    account[CLOUDFORMATION].change_sets.insert(id, set);
    Ok(answer)
}

/// The stack that a change set of type CREATE is about, in review.
fn reviewed(account: &mut Account, desired: DesiredStack<'_>) -> Result<Next, ApiError> {
    let name = desired.name;
    let there = account[CLOUDFORMATION].stack(name);
    if there.is_some_and(|stack| stack.status != IN_REVIEW) {
        return Err(request::already_exists(name));
    }
    let there = there.map(|stack| stack.id.clone());
    let made = request::new_stack(account, desired)?;
    let (capabilities, role) = (made.capabilities.clone(), made.role.clone());
    let version = made.version.clone();
    let id = match there {
        Some(id) => id,
        None => {
            let id = made.id.clone();
            account[CLOUDFORMATION].stacks.insert(id.clone(), made);
            stack::enter(account, &id, IN_REVIEW, UserInitiated);
            id
        }
    };
    Ok(Next {
        stack: id,
        version,
        changes: true,
        capabilities,
        role,
    })
}

/// A request about one change set.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NamedChangeSet<'a> {
    change_set_name: &'a str,
    stack_name: Option<&'a str>,
}

/// The id of the change set that has this id, or this name and has not been executed. Recorded
/// (radkawar/stackd testdata/aws/cloudformation/changeset_name_reuse.json, 2026-09): once executed
/// it is known by its ARN alone.
fn find(account: &Account, name: &str, stack: Option<&str>) -> Option<String> {
    let id = stack
        .and_then(|stack| account[CLOUDFORMATION].stack(stack))
        .map(|stack| &stack.id);
    let mut sets = account[CLOUDFORMATION].change_sets.iter();
    let is_named =
        |set: &ChangeSet| !set.is_executed() && set.name == name && Some(&set.next.stack) == id;
    sets.find(|(own, set)| *own == name || is_named(set))
        .map(|(own, _)| own.clone())
}

fn found(account: &Account, name: &str, stack: Option<&str>) -> Result<String, ApiError> {
    find(account, name, stack).ok_or_else(|| ApiError {
        status: 404,
        ..ApiError::client(
            "ChangeSetNotFound",
            format!("ChangeSet [{name}] does not exist"),
        )
    })
}

/// `DescribeChangeSet`.
///
/// # Errors
/// `ChangeSetNotFound`.
pub fn describe(account: &mut Account, request: NamedChangeSet<'_>) -> Result<Value, ApiError> {
    let id = found(account, request.change_set_name, request.stack_name)?;
    let mut answer = summary(account, &id);
    let set = &account[CLOUDFORMATION].change_sets[&id];
    answer["Parameters"] = describe::parameters(&set.next.version).into();
    answer["Capabilities"] = json!(set.next.capabilities);
    answer["Changes"] = json!(set.changes);
    answer["NotificationARNs"] = json!([]);
    answer["RollbackConfiguration"] = json!({});
    answer["Tags"] = json!([]);
    Ok(answer)
}

/// What both describing calls tell.
fn summary(account: &Account, id: &str) -> Value {
    let set = &account[CLOUDFORMATION].change_sets[id];
    let (status, reason) = set.status();
    let mut answer = json!({
        "ChangeSetId": id, "ChangeSetName": set.name, "StackId": set.next.stack,
        "StackName": account[CLOUDFORMATION].stacks[&set.next.stack].name,
        "CreationTime": describe::milliseconds(set.created), "Status": status, "ExecutionStatus": set.execution_status,
        "IncludeNestedStacks": false,
    });
    describe::put(&mut answer, "StatusReason", reason);
    describe::put(&mut answer, "Description", &set.description);
    answer
}

/// `ListChangeSets` of a stack.
///
/// # Errors
/// `ValidationError` for a stack that is not there.
pub fn list(account: &mut Account, request: NamedStack<'_>) -> Result<Value, ApiError> {
    let stack = &describe::found(account, request.stack_name)?.id;
    let sets = account[CLOUDFORMATION].change_sets.iter();
    let summaries: Vec<Value> = sets
        .filter(|(_, set)| set.next.stack == *stack && !set.is_executed())
        .map(|(id, _)| summary(account, id))
        .collect();
    Ok(json!({"Summaries": summaries}))
}

/// `DeleteChangeSet`; one that is not there is deleted already.
///
/// # Errors
/// `InvalidChangeSetStatus` for one that has been executed, `NotImplemented`.
pub fn delete(account: &mut Account, request: NamedChangeSet<'_>) -> Result<Value, ApiError> {
    if let Some(id) = find(account, request.change_set_name, request.stack_name) {
        let sets = &mut account[CLOUDFORMATION].change_sets;
        if sets[&id].is_executed() {
            return Err(ApiError::client(
                "InvalidChangeSetStatus",
                format!("Cannot delete ChangeSet in execution status {EXECUTED}"),
            ));
        }
        sets.remove(&id);
    }
    Ok(json!({}))
}

/// The request of `ExecuteChangeSet`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ExecuteChangeSet<'a> {
    change_set_name: &'a str,
    stack_name: Option<&'a str>,
    disable_rollback: Option<bool>,
}

/// `ExecuteChangeSet`: what it says is begun, and the stack's other change sets are gone.
///
/// # Errors
/// `ChangeSetNotFound`, `InvalidChangeSetStatus`, or `ValidationError` if the stack takes no update
/// now.
pub fn execute(account: &mut Account, request: ExecuteChangeSet<'_>) -> Result<Value, ApiError> {
    let has_no_rollback = request.disable_rollback == Some(true);
    refuse("ExecuteChangeSet", "DisableRollback", has_no_rollback)?;
    let id = found(account, request.change_set_name, request.stack_name)?;
    let set = &account[CLOUDFORMATION].change_sets[&id];
    if set.execution_status != "AVAILABLE" {
        return Err(ApiError::client(
            "InvalidChangeSetStatus",
            format!(
                "ChangeSet [{id}] cannot be executed in its current status of [{}]",
                set.status().0
            ),
        ));
    }
    if !set.creates {
        request::updatable(account, &set.next.stack)?;
    }
    let stack = set.next.stack.clone();
    let sets = &mut account[CLOUDFORMATION].change_sets;
    sets.retain(|own, set| *own == id || set.next.stack != stack || set.is_executed());
    let set = sets.get_mut(&id).expect("it was found above");
    set.execution_status = EXECUTED;
    let next = Next {
        stack: stack.clone(),
        version: Arc::clone(&set.next.version),
        changes: true,
        capabilities: set.next.capabilities.clone(),
        role: set.next.role.clone(),
    };
    if set.creates {
        let created = account[CLOUDFORMATION].at(&next.stack);
        created.version = next.version;
        created.capabilities = next.capabilities;
        created.role = next.role;
        stack::ask_for(account, &next.stack, "CREATE_STACK");
        operation::begin(account, &next.stack, Purpose::Create, None, UserInitiated);
    } else {
        request::begin_update(account, next);
    }
    Ok(json!({}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudformation::scene::Scene;

    fn set(kind: &str) -> Value {
        json!({"StackName": "s", "ChangeSetName": "c", "ChangeSetType": kind, "TemplateURL": "t.yaml"})
    }

    fn named() -> Value {
        json!({"StackName": "s", "ChangeSetName": "c"})
    }

    #[test]
    fn a_stack_is_in_review_until_its_change_set_is_executed() {
        let mut scene = Scene::new();
        scene.call("CreateChangeSet", set("CREATE")).expect("made");
        let stacks = scene
            .call("DescribeStacks", json!({"StackName": "s"}))
            .expect("described");
        assert_eq!(stacks["Stacks"][0]["StackStatus"], "REVIEW_IN_PROGRESS");
        let described = scene.call("DescribeChangeSet", named()).expect("described");
        assert_eq!(described["Changes"].as_array().map(Vec::len), Some(2));
        assert_eq!(described["Changes"][0]["ResourceChange"]["Action"], "Add");
        scene.call("ExecuteChangeSet", named()).expect("executed");
        assert_eq!(scene.settled(), "CREATE_COMPLETE");
        assert_eq!(
            scene
                .call("ExecuteChangeSet", named())
                .expect_err("once")
                .code,
            "ChangeSetNotFound"
        );
    }

    #[test]
    fn a_set_that_was_executed_is_known_by_its_arn_alone_and_its_name_is_free() {
        let mut scene = Scene::new();
        let first = scene.call("CreateChangeSet", set("CREATE")).expect("made");
        let by_arn = json!({"ChangeSetName": first["Id"]});
        scene
            .call("ExecuteChangeSet", by_arn.clone())
            .expect("executed");
        scene.settled();
        let gone = scene.call("DescribeChangeSet", named()).expect_err("gone");
        assert_eq!(gone.message, "ChangeSet [c] does not exist");
        let listed = scene.call("ListChangeSets", json!({"StackName": "s"}));
        assert_eq!(listed.expect("listed")["Summaries"], json!([]));
        scene
            .call("DeleteChangeSet", named())
            .expect("nothing of that name");
        let kept = scene
            .call("DescribeChangeSet", by_arn.clone())
            .expect("kept");
        assert_eq!(kept["ExecutionStatus"], "EXECUTE_COMPLETE");
        let refused = scene.call("DeleteChangeSet", by_arn).expect_err("refused");
        assert_eq!(
            refused.to_string(),
            "InvalidChangeSetStatus: Cannot delete ChangeSet in execution status EXECUTE_COMPLETE"
        );
        scene.ami("ami-00000002");
        let second = scene
            .call("CreateChangeSet", set("UPDATE"))
            .expect("the name is free");
        let described = scene.call("DescribeChangeSet", named()).expect("described");
        assert_eq!(described["ChangeSetId"], second["Id"]);
    }

    #[test]
    fn a_set_without_changes_fails_and_one_with_changes_rolls() {
        let mut scene = Scene::created(json!([]));
        scene.call("CreateChangeSet", set("UPDATE")).expect("made");
        let described = scene.call("DescribeChangeSet", named()).expect("described");
        assert_eq!(described["Status"], "FAILED");
        assert_eq!(described["StatusReason"], NO_CHANGES);
        scene.call("DeleteChangeSet", named()).expect("deleted");
        assert_eq!(
            scene
                .call("DescribeChangeSet", named())
                .expect_err("gone")
                .code,
            "ChangeSetNotFound"
        );
        scene.ami("ami-00000002");
        scene.call("CreateChangeSet", set("UPDATE")).expect("made");
        scene.call("ExecuteChangeSet", named()).expect("executed");
        assert_eq!(scene.settled(), "UPDATE_COMPLETE");
    }

    #[test]
    fn a_name_that_is_taken_is_refused() {
        let mut scene = Scene::created(json!([]));
        let refused = scene
            .call("CreateChangeSet", set("CREATE"))
            .expect_err("it exists");
        assert_eq!(refused.code, "AlreadyExistsException");
        let other = scene
            .call("CreateChangeSet", set("IMPORT"))
            .expect_err("not known");
        assert_eq!(other.code, "NotImplemented");
    }
}
