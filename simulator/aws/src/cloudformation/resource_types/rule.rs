//! AWS::Events::Rule: an EventBridge rule with its targets.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Handler, ResourceType};
use crate::account::{Account, arn};
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::evaluate::ResolvedResource;
use crate::cloudformation::handler::{
    CreatedResource, DesiredResource, ExistingResource, NotDeleted, ask, name, raw, record,
};
use crate::cloudformation::node::scalar_text;
use crate::cloudformation::permissions::{Calls, Subject, Verb, each, items, pass_role};
use crate::cloudformation::timing::Timing;
use crate::wire::ApiError;

/// An EventBridge rule.
pub static RULE: ResourceType = ResourceType {
    name: "AWS::Events::Rule",
    name_property: Some("Name"),
    required: &[],
    optional: &[
        "Description",
        "EventBusName",
        "EventPattern",
        "Name",
        "RoleArn",
        "ScheduleExpression",
        "State",
        "Targets",
    ],
    fixed: &["Name", "EventBusName"],
    attributes: &["Arn"],
    handler: &Rule,
};

#[derive(Debug)]
struct Rule;

impl Handler for Rule {
    fn create(
        &self,
        account: &mut Account,
        desired: &DesiredResource,
    ) -> Result<CreatedResource, ResourceError> {
        let name = name(account, desired);
        put(account, desired, &name)?;
        let arn = arn("events", &format!("rule/{name}"));
        Ok(CreatedResource::new(name, [("Arn", arn.into())]))
    }

    fn update(
        &self,
        account: &mut Account,
        desired: &DesiredResource,
        old: &Value,
        known: ResolvedResource,
    ) -> Result<ResolvedResource, ResourceError> {
        let rule = &known.reference;
        put(account, desired, rule)?;
        let kept = target_ids(&desired.properties);
        let gone = target_ids(old)
            .into_iter()
            .filter(|id| !kept.contains(id))
            .collect();
        remove_targets(account, &desired.stack_id, rule, gone)
            .map_err(|error| record(account, "events", error))?;
        Ok(known)
    }

    fn delete(&self, account: &mut Account, existing: &ExistingResource) -> Result<(), NotDeleted> {
        let rule = &existing.physical_id;
        let targets = target_ids(&existing.properties);
        remove_targets(account, &existing.stack_id, rule, targets)
            .map_err(|error| NotDeleted::new(account, "events", error))?;
        existing.delete_by(account, "events", "DeleteRule", &json!({"Name": rule}))
    }

    fn permissions(&self, verb: &Verb<'_>, subject: &Subject<'_>) -> Calls {
        let input = json!({"Name": subject.name});
        let mut calls = each("events", &["DescribeRule", "ListTargetsByRule"], &input);
        if !matches!(verb, Verb::Delete) {
            let targets = items(&subject.properties["Targets"]);
            let roles = targets
                .iter()
                .filter_map(|target| target["RoleArn"].as_str());
            calls.extend(roles.map(|role| pass_role(role, "events")));
        }
        Ok(calls)
    }

    fn creation_time(&self, timing: &Timing) -> Duration {
        timing.workflow
    }
}

/// Makes or changes the rule, and its targets.
fn put(account: &mut Account, desired: &DesiredResource, rule: &str) -> Result<(), ResourceError> {
    let mut input = desired.properties.clone();
    let members = input.as_object_mut().expect("properties are a mapping");
    let targets = members.remove("Targets");
    if let Some(pattern) = members.get_mut("EventPattern") {
        *pattern = Value::from(pattern.to_string());
    }
    input["Name"] = Value::from(rule);
    let stack = &desired.stack_id;
    ask(account, stack, "events", "PutRule", &input)?;
    let Some(targets) = targets else {
        return Ok(());
    };
    let input = json!({"Rule": rule, "Targets": targets});
    ask(account, stack, "events", "PutTargets", &input).map(drop)
}

fn target_ids(properties: &Value) -> Vec<String> {
    let targets = properties["Targets"].as_array().into_iter().flatten();
    targets.map(|target| scalar_text(&target["Id"])).collect()
}

/// Removes the targets with these `ids`, if there are any.
fn remove_targets(
    account: &mut Account,
    stack: &str,
    rule: &str,
    ids: Vec<String>,
) -> Result<(), ApiError> {
    if ids.is_empty() {
        return Ok(());
    }
    let input = json!({"Rule": rule, "Ids": ids});
    raw(account, stack, "events", "RemoveTargets", &input).map(drop)
}
