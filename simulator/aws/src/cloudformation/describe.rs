//! The calls that only look: DescribeStacks, DescribeStackEvents, DescribeStackResources,
//! ListStackResources.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::evaluate::Scope;
use super::invalid;
use super::operation::Step;
use super::request_fields::NamedStack;
use super::stack::{Stack, StackEvent, Version};
use super::status_reason::StatusReason;
use crate::account::Account;
use crate::cloudformation::CLOUDFORMATION;
use crate::wire::ApiError;
use crate::wire::paging::page;

/// DetailedStatus of what is configured and waits to be seen everywhere.
const CONFIGURED: &str = "CONFIGURATION_COMPLETE";
/// How many stacks, events or resources one answer has at most.
///
/// assumption: 100. A longer page on AWS proves it wrong.
const PAGE: usize = 100;

/// The outputs of a stack at rest, by key.
fn outputs(scope: &Scope<'_>) -> BTreeMap<String, Value> {
    let mut outputs = BTreeMap::new();
    for output in &scope.template.outputs {
        let exists = output
            .condition
            .as_ref()
            .is_none_or(|name| scope.condition(&output.value, name) == Ok(true));
        if let (true, Ok(Some(value))) = (exists, scope.value(&output.value)) {
            outputs.insert(output.name.clone(), value);
        }
    }
    outputs
}

/// The outputs of the stack `id` are those of what it is now.
pub fn renew_outputs(account: &mut Account, id: &str) {
    let stack = account[CLOUDFORMATION].at(id);
    let known = stack.known();
    let renewed = outputs(&stack.scope(&stack.version, &known, false));
    stack.outputs = renewed;
}

/// The request of `DescribeStacks`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeStacks<'a> {
    stack_name: Option<&'a str>,
    next_token: Option<&'a str>,
}

/// `DescribeStacks`: the stack of a name or id; without one every stack that is not deleted, in
/// pages. AWS ends a page at 1 MB of text, this account after 100 stacks
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html>).
///
/// # Errors
/// `ValidationError`, `Stack with id X does not exist`.
pub fn stacks(account: &mut Account, request: DescribeStacks<'_>) -> Result<Value, ApiError> {
    if let Some(name) = request.stack_name {
        return Ok(json!({"Stacks": [described(found(account, name)?)]}));
    }
    let stacks = account[CLOUDFORMATION].stacks.values();
    let there = stacks.filter(|stack| stack.status != "DELETE_COMPLETE");
    let token = request.next_token;
    let page = page(there.map(|stack| (stack.id.clone(), stack)), token, PAGE);
    let (stacks, next) = page.ok_or_else(|| {
        let token = token.unwrap_or_default();
        invalid(format!("NextToken {token} was never given out"))
    })?;
    let mut answer = json!({"Stacks": stacks.into_iter().map(described).collect::<Vec<_>>()});
    put(
        &mut answer,
        "NextToken",
        next.as_deref().unwrap_or_default(),
    );
    Ok(answer)
}

pub(super) fn found<'a>(account: &'a Account, name: &str) -> Result<&'a Stack, ApiError> {
    account[CLOUDFORMATION]
        .stack(name)
        .ok_or_else(|| invalid(format!("Stack with id {name} does not exist")))
}

fn described(stack: &Stack) -> Value {
    let template = &stack.version.template;
    let mut answer = json!({
        "StackId": stack.id, "StackName": stack.name, "CreationTime": milliseconds(stack.created),
        "StackStatus": stack.status, "DisableRollback": false, "NotificationARNs": [], "Tags": [],
        "EnableTerminationProtection": false, "RollbackConfiguration": {}, "Capabilities": stack.capabilities,
        "Parameters": parameters(&stack.version),
        "Outputs": template.outputs.iter().filter_map(|output| {
            let value = stack.outputs.get(&output.name)?;
            let mut answer = json!({"OutputKey": output.name, "OutputValue": super::node::scalar_text(value)});
            put(&mut answer, "Description", &output.description);
            Some(answer)
        }).collect::<Vec<_>>(),
    });
    put(&mut answer, "Description", &template.description);
    put(&mut answer, "StackStatusReason", &stack.reason.to_string());
    put(
        &mut answer,
        "RoleARN",
        stack.role.as_deref().unwrap_or_default(),
    );
    if let Some(asked) = &stack.asked {
        answer["LastOperations"] = json!([{"OperationType": asked.kind, "OperationId": asked.id}]);
    }
    if is_configured(stack) {
        answer["DetailedStatus"] = CONFIGURED.into();
    }
    if let Some(updated) = stack.updated {
        answer["LastUpdatedTime"] = Value::from(milliseconds(updated));
    }
    if let Some((parent, _)) = &stack.parent {
        answer["ParentId"] = Value::from(parent.as_str());
    }
    answer
}

/// Whether all that still happens in the stack is that resources wait to be seen everywhere.
fn is_configured(stack: &Stack) -> bool {
    let waits = |name: &String| {
        let resource = stack.resources.get(name);
        resource.is_some_and(|found| matches!(found.reason, StatusReason::ConsistencyCheck))
    };
    stack.operation.as_ref().is_some_and(|operation| {
        let mut open = operation
            .steps
            .iter()
            .filter(|(_, step)| !matches!(step, Step::Over))
            .peekable();
        open.peek().is_some() && open.all(|(name, _)| waits(name))
    })
}

/// The parameters of `version` as describing calls tell them.
pub(super) fn parameters(version: &Version) -> Vec<Value> {
    let values = &version.parameters;
    let parameters = version.template.parameters.iter().map(|declared| {
        let value = if declared.no_echo {
            "****"
        } else {
            values.given[&declared.name].as_str()
        };
        let mut parameter = json!({"ParameterKey": declared.name, "ParameterValue": value});
        if let Some(stored) = values.stored.get(&declared.name) {
            parameter["ResolvedValue"] = Value::from(stored.as_str());
        }
        parameter
    });
    parameters.collect()
}

/// A time as CloudFormation answers it: always with three digits of a second.
pub(super) fn milliseconds(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// Puts `text` under `member`, unless it is empty: AWS leaves empty members out.
pub(super) fn put(answer: &mut Value, member: &str, text: &str) {
    if !text.is_empty() {
        answer[member] = Value::from(text);
    }
}

/// The request of `DescribeStackEvents`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeStackEvents<'a> {
    stack_name: &'a str,
    next_token: Option<&'a str>,
}

/// `DescribeStackEvents`, newest first.
///
/// # Errors
/// `ValidationError`, `Stack [X] does not exist`.
pub fn events(account: &mut Account, request: DescribeStackEvents<'_>) -> Result<Value, ApiError> {
    let name = request.stack_name;
    let stack = account[CLOUDFORMATION]
        .stack(name)
        .ok_or_else(|| invalid(format!("Stack [{name}] does not exist")))?;
    // The token counts from the oldest event, so that newer ones do not shift the pages.
    let end = match request.next_token {
        None => stack.events.len(),
        Some(token) => {
            let end = token
                .parse::<usize>()
                .ok()
                .filter(|end| *end <= stack.events.len());
            end.ok_or_else(|| invalid(format!("NextToken {token} was never given out")))?
        }
    };
    let start = end.saturating_sub(PAGE);
    let page: Vec<_> = stack.events[start..end]
        .iter()
        .rev()
        .map(|event| event_answer(stack, event))
        .collect();
    let mut answer = json!({"StackEvents": page});
    if start > 0 {
        answer["NextToken"] = Value::from(start.to_string());
    }
    Ok(answer)
}

fn event_answer(stack: &Stack, event: &StackEvent) -> Value {
    let mut answer = json!({
        "StackId": stack.id, "StackName": stack.name, "EventId": event.id, "LogicalResourceId": event.logical_id,
        "PhysicalResourceId": event.physical_id, "ResourceType": event.resource_type, "ResourceStatus": event.status,
        "Timestamp": milliseconds(event.at),
    });
    put(
        &mut answer,
        "ResourceStatusReason",
        &event.reason.to_string(),
    );
    put(&mut answer, "OperationId", &event.operation);
    if event.is_configured() {
        answer["DetailedStatus"] = CONFIGURED.into();
    }
    answer
}

/// The request of `DescribeStackResources`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeStackResources<'a> {
    stack_name: &'a str,
    logical_resource_id: Option<&'a str>,
}

/// `DescribeStackResources` of one stack, optionally of one resource.
///
/// # Errors
/// `ValidationError`, `Stack with id X does not exist`.
pub fn resources(
    account: &mut Account,
    request: DescribeStackResources<'_>,
) -> Result<Value, ApiError> {
    let stack = found(account, request.stack_name)?;
    let wanted = request.logical_resource_id;
    let common = Map::from_iter([
        ("StackId".to_owned(), Value::from(stack.id.as_str())),
        ("StackName".to_owned(), Value::from(stack.name.as_str())),
    ]);
    let all = resource_answers(stack, "Timestamp");
    let all = all
        .into_iter()
        .filter(|answer| wanted.is_none_or(|wanted| answer["LogicalResourceId"] == wanted));
    let all: Vec<Value> = all
        .map(|answer| {
            let mut members = common.clone();
            members.extend(answer);
            Value::Object(members)
        })
        .collect();
    Ok(json!({"StackResources": all}))
}

/// `ListStackResources`.
///
/// # Errors
/// `ValidationError`, `Stack with id X does not exist`.
pub fn resource_list(account: &mut Account, request: NamedStack<'_>) -> Result<Value, ApiError> {
    let stack = found(account, request.stack_name)?;
    Ok(json!({"StackResourceSummaries": resource_answers(stack, "LastUpdatedTimestamp")}))
}

fn resource_answers(stack: &Stack, time: &str) -> Vec<Map<String, Value>> {
    stack
        .resources
        .iter()
        .map(|(name, resource)| {
            let mut answer = json!({
                "LogicalResourceId": name, "PhysicalResourceId": resource.physical_id,
                "ResourceType": resource.kind.name, "ResourceStatus": resource.status,
                time: milliseconds(resource.updated),
            });
            put(
                &mut answer,
                "ResourceStatusReason",
                &resource.reason.to_string(),
            );
            match answer {
                Value::Object(members) => members,
                _ => Map::new(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudformation::scene::Scene;

    #[test]
    fn events_come_newest_first_in_pages_that_do_not_shift() {
        let mut scene = Scene::created(json!([]));
        for ami in [
            "ami-00000002",
            "ami-00000003",
            "ami-00000004",
            "ami-00000005",
            "ami-00000006",
        ] {
            scene.ami(ami);
            scene.update().expect("begun");
            scene.settled();
        }
        let all = scene.record().len();
        let first = scene
            .call("DescribeStackEvents", json!({"StackName": "s"}))
            .expect("a page");
        assert_eq!(first["StackEvents"][0]["ResourceStatus"], "UPDATE_COMPLETE");
        assert_eq!(first["StackEvents"].as_array().map(Vec::len), Some(100));
        let token = first["NextToken"].clone();
        let second = scene
            .call(
                "DescribeStackEvents",
                json!({"StackName": "s", "NextToken": token}),
            )
            .expect("a page");
        assert_eq!(
            second["StackEvents"].as_array().map(Vec::len),
            Some(all - 100)
        );
    }

    #[test]
    fn all_stacks_come_in_pages_whose_tokens_are_checked() {
        let mut scene = Scene::created(json!([]));
        let template = json!({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}).to_string();
        for n in 0..PAGE {
            let stack = json!({"StackName": format!("t-{n}"), "TemplateBody": template});
            scene.call("CreateStack", stack).expect("begun");
        }
        let first = scene.call("DescribeStacks", json!({})).expect("a page");
        assert_eq!(first["Stacks"].as_array().map(Vec::len), Some(PAGE));
        let next = json!({"NextToken": first["NextToken"]});
        let second = scene.call("DescribeStacks", next).expect("a page");
        assert_eq!(second["Stacks"].as_array().map(Vec::len), Some(1));
        assert_eq!(second["NextToken"], Value::Null);
        let unknown = json!({"NextToken": "7"});
        let refused = scene.call("DescribeStacks", unknown).expect_err("no token");
        assert_eq!(refused.code, "ValidationError");
    }
}
