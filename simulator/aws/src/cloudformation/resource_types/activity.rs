//! AWS::StepFunctions::Activity.

use std::time::Duration;

use serde_json::json;

use super::{Handler, ResourceType};
use crate::account::Account;
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::handler::{
    CreatedResource, DesiredResource, ExistingResource, NotDeleted, ask, lower_camel, name,
};
use crate::cloudformation::node::scalar_text;
use crate::cloudformation::permissions::{Calls, Subject, Verb, each};
use crate::cloudformation::timing::Timing;

/// An activity.
pub static ACTIVITY: ResourceType = ResourceType {
    name: "AWS::StepFunctions::Activity",
    name_property: Some("Name"),
    required: &["Name"],
    optional: &["Tags"],
    fixed: &["Name"],
    attributes: &["Arn", "Name"],
    handler: &Activity,
};

#[derive(Debug)]
struct Activity;

impl Handler for Activity {
    fn create(
        &self,
        account: &mut Account,
        desired: &DesiredResource,
    ) -> Result<CreatedResource, ResourceError> {
        let name = name(account, desired);
        let mut input = json!({"name": name});
        if let Some(tags) = desired.properties.get("Tags") {
            input["tags"] = lower_camel(tags);
        }
        let stack = &desired.stack_id;
        let answer = ask(account, stack, "states", "CreateActivity", &input)?;
        let arn = scalar_text(&answer["activityArn"]);
        Ok(CreatedResource::new(
            arn.clone(),
            [("Arn", arn.into()), ("Name", name.into())],
        ))
    }

    fn delete(&self, account: &mut Account, existing: &ExistingResource) -> Result<(), NotDeleted> {
        let input = json!({"activityArn": existing.physical_id});
        existing.delete_by(account, "states", "DeleteActivity", &input)
    }

    fn permissions(&self, _: &Verb<'_>, subject: &Subject<'_>) -> Calls {
        let input = json!({"activityArn": subject.name, "name": subject.name});
        Ok(each("states", &["DescribeActivity"], &input))
    }

    fn creation_time(&self, timing: &Timing) -> Duration {
        timing.workflow
    }
}
