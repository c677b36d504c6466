//! AWS::CloudFormation::Stack: a nested stack, whose operations are steps of its
//! parent's.

mod check;
mod error;
mod resource_type;

use std::sync::Arc;

use crate::account::{Account, arn};
use crate::cloudformation::CLOUDFORMATION;
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::handler::{CreatedResource, DesiredResource};
use crate::cloudformation::operation::{self, Purpose, Step, Work};
use crate::cloudformation::stack::{Stack, Version};
use crate::cloudformation::status_reason::StatusReason;
use crate::cloudformation::{describe, files, parameters, validate};

use check::call_parameters;
pub use error::ChildError;
pub use resource_type::NESTED_STACK;

/// Puts a child stack beside its parent, without beginning anything.
///
/// # Errors
/// Why its template or its parameters are refused.
fn make(account: &mut Account, wanted: &DesiredResource) -> Result<CreatedResource, ResourceError> {
    let version = Arc::new(version(account, wanted)?);
    let suffix = account.hex(12).to_uppercase();
    let name = format!("{}-{}-{suffix}", wanted.stack_name, wanted.name);
    let id = new_id(account, &name);
    let mut child = Stack::new(id.clone(), name, account.now, version);
    child.parent = Some((wanted.stack_id.clone(), wanted.name.clone()));
    account[CLOUDFORMATION].stacks.insert(id.clone(), child);
    Ok(CreatedResource::new(id, []))
}

/// A new stack's ARN.
pub fn new_id(account: &mut Account, name: &str) -> String {
    let uuid = account.uuid();
    arn("cloudformation", &format!("stack/{name}/{uuid}"))
}

/// What the child shall be.
///
/// # Errors
/// Why its template or its parameters are refused.
fn version(account: &mut Account, wanted: &DesiredResource) -> Result<Version, ResourceError> {
    let path = files::local(
        &wanted.base,
        "TemplateURL",
        &wanted.properties["TemplateURL"],
    )?;
    let template = account[CLOUDFORMATION]
        .template(&path)
        .map_err(ResourceError::ChildRefused)?;
    let input = call_parameters(&wanted.properties);
    let parameters = parameters::gather(account, &template, &input, None)
        .map_err(ResourceError::ChildRefused)?;
    Ok(Version {
        template,
        parameters,
    })
}

/// Begins to create the child.
fn begin_creation(account: &mut Account, wanted: &DesiredResource) {
    let (id, name) = (&wanted.stack_id, &wanted.name);
    waits(account, id, name);
    let child = child_of(account, id, name);
    operation::begin(account, &child, Purpose::Create, None, StatusReason::None);
}

/// Begins to bring the child to what the parent now says, forward or back.
fn begin_update(account: &mut Account, wanted: &DesiredResource) {
    let (id, name) = (wanted.stack_id.clone(), wanted.name.clone());
    let child = child_of(account, &id, &name);
    let rolls_back = operation::of(account, &id).purpose == Purpose::RollBack;
    let next = if rolls_back {
        // The very version that it had: what Parameter Store held then is not asked for again.
        let before = operation::of(account, &id).children.get(&name).cloned();
        Ok(before.unwrap_or_else(|| account[CLOUDFORMATION].at(&child).version.clone()))
    } else {
        version(account, wanted).map(Arc::new)
    };
    let next = match next {
        Ok(next) => next,
        Err(error) => return operation::finished(account, &id, &name, Err(error)),
    };
    let now = account[CLOUDFORMATION].at(&child).version.clone();
    if !rolls_back {
        operation::of(account, &id)
            .children
            .insert(name.clone(), now.clone());
    }
    let changes = now != next && validate::changes(account, &child, &next).unwrap_or(true);
    let stack = account[CLOUDFORMATION].at(&child);
    stack.version = next;
    if changes {
        waits(account, &id, &name);
        let purpose = if rolls_back {
            Purpose::RollBack
        } else {
            Purpose::Update
        };
        operation::begin(account, &child, purpose, Some(now), StatusReason::None);
    } else {
        describe::renew_outputs(account, &child);
        pass_outputs(account, &child);
        let delay = account[CLOUDFORMATION].timing.other;
        operation::takes(account, &id, &name, delay);
    }
}

/// Begins to delete the child.
fn begin_deletion(account: &mut Account, id: &str, name: &str) {
    let child = child_of(account, id, name);
    if account[CLOUDFORMATION].at(&child).status == "DELETE_COMPLETE" {
        return operation::finished(account, id, name, Ok(()));
    }
    waits(account, id, name);
    operation::begin(account, &child, Purpose::Delete, None, StatusReason::None);
}

/// Stops what the child is at, because its parent's operation has failed; it then turns round by
/// itself.
pub fn cancel(account: &mut Account, id: &str, name: &str) {
    let child = child_of(account, id, name);
    let operation = account[CLOUDFORMATION].at(&child).operation.as_ref();
    if operation
        .is_some_and(|operation| matches!(operation.purpose, Purpose::Create | Purpose::Update))
    {
        operation::stop(account, &child);
        operation::go(account, &child);
    }
}

/// A stack has come to rest: its parent, if it has one that waits for it, goes on.
pub fn settled(account: &mut Account, child: &str) {
    let stack = account[CLOUDFORMATION].at(child);
    let (status, parent) = (stack.status.clone(), stack.parent.clone());
    let Some((id, name)) = parent else {
        return;
    };
    let operation = account[CLOUDFORMATION].at(&id).operation.as_ref();
    let Some(operation) = operation.filter(|operation| {
        matches!(
            operation.steps.get(&name),
            Some(Step::Running(Work::Nested))
        )
    }) else {
        return;
    };
    let rolls_back = operation.purpose == Purpose::RollBack;
    pass_outputs(account, child);
    let result = match status.as_str() {
        "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "DELETE_COMPLETE" => Ok(()),
        "UPDATE_ROLLBACK_COMPLETE" if rolls_back => Ok(()),
        _ => Err(why(account[CLOUDFORMATION].at(child), child).into()),
    };
    operation::finished(account, &id, &name, result);
}

/// Why a child failed, as its parent tells it.
fn why(stack: &Stack, child: &str) -> ChildError {
    let turned = ["ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"];
    let turn =
        stack.events.iter().rev().find(|event| {
            event.logical_id == stack.name && turned.contains(&event.status.as_str())
        });
    let child = child.to_owned();
    match turn {
        Some(turn) if turn.status == "ROLLBACK_IN_PROGRESS" => ChildError::NotCreated {
            child,
            reason: turn.reason.clone(),
        },
        Some(turn) => ChildError::NotUpdated {
            child,
            status: turn.status.clone(),
            reason: turn.reason.clone(),
        },
        None => ChildError::Failed {
            child,
            status: stack.status.clone(),
            reason: stack.reason.clone(),
        },
    }
}

fn pass_outputs(account: &mut Account, child: &str) {
    let stack = account[CLOUDFORMATION].at(child);
    let outputs = stack.outputs.clone();
    if let Some((id, name)) = stack.parent.clone()
        && let Some(resource) = account[CLOUDFORMATION].at(&id).resources.get_mut(&name)
    {
        resource.known.attributes = outputs
            .into_iter()
            .map(|(key, value)| (format!("Outputs.{key}"), value))
            .collect();
    }
}

fn waits(account: &mut Account, id: &str, name: &str) {
    operation::of(account, id)
        .steps
        .insert(name.to_owned(), Step::Running(Work::Nested));
}

fn child_of(account: &mut Account, id: &str, name: &str) -> String {
    account[CLOUDFORMATION].at(id).resources[name]
        .physical_id
        .clone()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cloudformation::scene::Scene;

    const CHILD: &str = "
Parameters: {Ami: {Type: AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>}}
Resources:
  Template:
    Type: AWS::EC2::LaunchTemplate
    Properties: {LaunchTemplateData: {ImageId: !Ref Ami, InstanceType: m7g.large}}
Outputs:
  Version: {Value: !GetAtt Template.LatestVersionNumber}
";
    const PARENT: &str = "
Parameters: {Ami: {Type: String}, Colour: {Type: String, Default: red}}
Resources:
  Child:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: child.yaml, Parameters: {Ami: !Ref Ami}}
  Queue:
    Type: AWS::SQS::Queue
    Properties: {QueueName: !Sub 'q-${Colour}', Tags: [{Key: v, Value: !GetAtt Child.Outputs.Version}]}
";

    fn scene() -> Scene {
        let mut scene = Scene::new();
        for (path, text) in [("n/child.yaml", CHILD), ("n/parent.yaml", PARENT)] {
            scene.account[CLOUDFORMATION]
                .files
                .insert(path.to_owned(), text.to_owned());
        }
        let parameters = json!([{"ParameterKey": "Ami", "ParameterValue": "/ami"}]);
        let input =
            json!({"StackName": "s", "TemplateURL": "n/parent.yaml", "Parameters": parameters});
        scene.call("CreateStack", input).expect("begun");
        scene.settled();
        scene
    }

    fn child_version(scene: &mut Scene) -> (String, Value) {
        let stacks = scene.call("DescribeStacks", json!({})).expect("described");
        let stacks = stacks["Stacks"].as_array().cloned().unwrap_or_default();
        let child = stacks
            .iter()
            .find(|stack| stack.get("ParentId").is_some())
            .expect("a child");
        (
            child["StackStatus"].as_str().unwrap_or_default().to_owned(),
            child["Outputs"][0]["OutputValue"].clone(),
        )
    }

    #[test]
    fn a_child_sees_what_parameter_store_holds_now_and_its_parent_its_outputs() {
        let mut scene = scene();
        assert_eq!(
            child_version(&mut scene),
            ("CREATE_COMPLETE".to_owned(), json!("1"))
        );
        assert_eq!(
            scene.update().expect_err("nothing").message,
            "No updates are to be performed."
        );
        scene.ami("ami-00000002");
        scene.update().expect("begun");
        scene.settled();
        assert_eq!(
            child_version(&mut scene),
            ("UPDATE_COMPLETE".to_owned(), json!("2"))
        );
        let queue = &scene.account[CLOUDFORMATION]
            .stack("s")
            .expect("a stack")
            .resources["Queue"];
        assert_eq!(queue.properties["Tags"][0]["Value"], "2");
        assert_eq!(queue.status, "UPDATE_COMPLETE");
    }

    #[test]
    fn a_parent_is_deleted_after_its_child() {
        let mut scene = scene();
        scene
            .call("DeleteStack", json!({"StackName": "s"}))
            .expect("begun");
        scene.settled();
        let stacks = scene.account[CLOUDFORMATION].stacks.values();
        assert!(
            stacks
                .clone()
                .all(|stack| stack.status == "DELETE_COMPLETE" && stack.resources.is_empty())
        );
        assert_eq!(stacks.count(), 2);
    }

    #[test]
    fn a_cancelled_parent_takes_its_child_back() {
        let mut scene = scene();
        scene.ami("ami-00000002");
        scene.update().expect("begun");
        scene.pass(std::time::Duration::from_secs(6));
        scene
            .call("CancelUpdateStack", json!({"StackName": "s"}))
            .expect("cancelled");
        scene.settled();
        assert_eq!(
            child_version(&mut scene),
            ("UPDATE_ROLLBACK_COMPLETE".to_owned(), json!("1"))
        );
        let parent = scene.account[CLOUDFORMATION].stack("s").expect("a stack");
        assert_eq!(parent.status, "UPDATE_ROLLBACK_COMPLETE");
        let why = parent
            .events
            .iter()
            .find(|event| event.status == "UPDATE_FAILED")
            .expect("a failure");
        let reason = why.reason.to_string();
        assert!(reason.starts_with("Embedded stack arn:"), "{reason}");
    }

    #[test]
    fn a_change_that_cannot_be_made_in_place_is_refused_before_anything_happens() {
        let mut scene = scene();
        let parameters = json!([{"ParameterKey": "Ami", "UsePreviousValue": true},
            {"ParameterKey": "Colour", "ParameterValue": "blue"}]);
        let input =
            json!({"StackName": "s", "UsePreviousTemplate": true, "Parameters": parameters});
        let refused = scene.call("UpdateStack", input).expect_err("refused");
        assert_eq!(refused.code, "NotImplemented");
        assert!(
            refused.message.contains("QueueName of Queue"),
            "{}",
            refused.message
        );
    }

    #[test]
    fn an_output_that_the_child_does_not_have_is_refused() {
        let mut scene = Scene::new();
        let parent = PARENT.replace("Outputs.Version", "Outputs.Colour");
        scene.account[CLOUDFORMATION]
            .files
            .insert("n/child.yaml".to_owned(), CHILD.to_owned());
        scene.account[CLOUDFORMATION]
            .files
            .insert("n/parent.yaml".to_owned(), parent);
        let parameters = json!([{"ParameterKey": "Ami", "ParameterValue": "/ami"}]);
        let input =
            json!({"StackName": "s", "TemplateURL": "n/parent.yaml", "Parameters": parameters});
        let refused = scene.call("CreateStack", input).expect_err("refused");
        assert!(
            refused
                .message
                .contains("n/child.yaml has no output Colour"),
            "{}",
            refused.message
        );
    }
}
