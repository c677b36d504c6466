//! AWS::EC2::LaunchTemplate: a launch template and its versions.

use serde_json::{Value, json};

use super::{Handler, ResourceType};
use crate::account::Account;
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::evaluate::ResolvedResource;
use crate::cloudformation::handler::{
    CreatedResource, DesiredResource, ExistingResource, NotDeleted, ask, name,
};
use crate::cloudformation::node::scalar_text;
use crate::cloudformation::permissions::{Calls, Subject, Verb, call, each};
use crate::cloudformation::timing::Timing;

/// A launch template.
pub static LAUNCH_TEMPLATE: ResourceType = ResourceType {
    name: "AWS::EC2::LaunchTemplate",
    name_property: Some("LaunchTemplateName"),
    required: &["LaunchTemplateData"],
    optional: &[
        "LaunchTemplateName",
        "TagSpecifications",
        "VersionDescription",
    ],
    fixed: &["LaunchTemplateName"],
    attributes: &[
        "LaunchTemplateId",
        "LatestVersionNumber",
        "DefaultVersionNumber",
    ],
    handler: &LaunchTemplate,
};

#[derive(Debug)]
struct LaunchTemplate;

impl Handler for LaunchTemplate {
    fn create(
        &self,
        account: &mut Account,
        desired: &DesiredResource,
    ) -> Result<CreatedResource, ResourceError> {
        let name = name(account, desired);
        let mut input = desired.properties.clone();
        input["LaunchTemplateName"] = Value::from(name);
        let stack = &desired.stack_id;
        let answer = ask(account, stack, "ec2", "CreateLaunchTemplate", &input)?;
        let id = scalar_text(&answer["LaunchTemplate"]["LaunchTemplateId"]);
        // CloudFormation answers version numbers as text.
        let attributes = [
            ("LaunchTemplateId", id.clone().into()),
            ("LatestVersionNumber", "1".into()),
            ("DefaultVersionNumber", "1".into()),
        ];
        Ok(CreatedResource::new(id, attributes))
    }

    /// Makes one more version.
    fn update(
        &self,
        account: &mut Account,
        desired: &DesiredResource,
        _: &Value,
        mut known: ResolvedResource,
    ) -> Result<ResolvedResource, ResourceError> {
        let mut input = desired.properties.clone();
        let members = input.as_object_mut().expect("properties are a mapping");
        members
            .retain(|member, _| member == "LaunchTemplateData" || member == "VersionDescription");
        input["LaunchTemplateId"] = Value::from(known.reference.clone());
        let stack = &desired.stack_id;
        let answer = ask(account, stack, "ec2", "CreateLaunchTemplateVersion", &input)?;
        let number = scalar_text(&answer["LaunchTemplateVersion"]["VersionNumber"]);
        known
            .attributes
            .insert("LatestVersionNumber".to_owned(), Value::from(number));
        Ok(known)
    }

    fn delete(&self, account: &mut Account, existing: &ExistingResource) -> Result<(), NotDeleted> {
        let input = json!({"LaunchTemplateId": existing.physical_id});
        existing.delete_by(account, "ec2", "DeleteLaunchTemplate", &input)
    }

    fn permissions(&self, verb: &Verb<'_>, subject: &Subject<'_>) -> Calls {
        let reads = ["DescribeLaunchTemplates", "DescribeLaunchTemplateVersions"];
        let mut calls = each("ec2", &reads, &json!({}));
        let tags = subject.properties.get("TagSpecifications");
        if let (Verb::Create, Some(tags)) = (verb, tags) {
            let input = json!({"TagSpecifications": tags, "CreateAction": "CreateLaunchTemplate"});
            calls.push(call("ec2", "CreateTags", input));
        }
        Ok(calls)
    }

    /// What the version before was called is what it is called again.
    fn is_restored_without_calls(&self, timing: &Timing) -> bool {
        !timing.rollback_makes_version
    }
}
