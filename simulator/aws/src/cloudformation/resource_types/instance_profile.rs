//! AWS::IAM::InstanceProfile.

use std::time::Duration;

use serde_json::json;

use super::identity::{identity_arn, identity_capability, path};
use super::role::role_arn;
use super::{Handler, ResourceType};
use crate::account::Account;
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::handler::{CreatedResource, DesiredResource, name};
use crate::cloudformation::node::scalar_text;
use crate::cloudformation::permissions::{Calls, Subject, Verb, each, items, pass_role};
use crate::cloudformation::template::{Declared, Template};
use crate::cloudformation::timing::Timing;
use crate::cloudformation::{CLOUDFORMATION, State};

/// An instance profile.
pub static INSTANCE_PROFILE: ResourceType = ResourceType {
    name: "AWS::IAM::InstanceProfile",
    name_property: Some("InstanceProfileName"),
    required: &["Roles"],
    optional: &["InstanceProfileName", "Path"],
    fixed: &["InstanceProfileName", "Path"],
    attributes: &["Arn"],
    handler: &InstanceProfile,
};

#[derive(Debug)]
struct InstanceProfile;

impl Handler for InstanceProfile {
    fn create(
        &self,
        account: &mut Account,
        desired: &DesiredResource,
    ) -> Result<CreatedResource, ResourceError> {
        let name = name(account, desired);
        let arn = identity_arn(desired, "instance-profile", &name);
        Ok(CreatedResource::new(name, [("Arn", arn)]))
    }

    fn is_only_kept(&self) -> bool {
        true
    }

    fn permissions(&self, verb: &Verb<'_>, subject: &Subject<'_>) -> Calls {
        let (name, path) = (subject.name, path(subject.properties));
        let input = json!({"InstanceProfileName": name, "Path": path});
        let own: &[&str] = match verb {
            Verb::Create => &[
                "CreateInstanceProfile",
                "AddRoleToInstanceProfile",
                "GetInstanceProfile",
            ],
            Verb::Change(_) => &[
                "RemoveRoleFromInstanceProfile",
                "AddRoleToInstanceProfile",
                "GetInstanceProfile",
            ],
            Verb::Delete => &[
                "GetInstanceProfile",
                "RemoveRoleFromInstanceProfile",
                "DeleteInstanceProfile",
            ],
        };
        let mut calls = each("iam", own, &input);
        if !matches!(verb, Verb::Delete) {
            let state = &subject.account[CLOUDFORMATION];
            let roles = items(&subject.properties["Roles"]).into_iter();
            let arns = roles.filter_map(|role| role_arn(state, &scalar_text(role)));
            calls.extend(arns.map(|role| pass_role(role, "ec2")));
        }
        Ok(calls)
    }

    fn capability(&self, _: &Account, _: &Template, declared: &Declared) -> Option<&'static str> {
        Some(identity_capability(declared))
    }

    fn creation_time(&self, timing: &Timing) -> Duration {
        timing.identity
    }

    fn deletion_time(&self, timing: &Timing) -> Duration {
        timing.identity_deletion
    }
}

/// The ARN of the role in the instance profile of this name, if a stack made both.
pub(super) fn role_arn_of_profile<'a>(state: &'a State, profile: &str) -> Option<&'a str> {
    let profile = state
        .resources_of(&INSTANCE_PROFILE)
        .find(|found| found.physical_id == profile)?;
    role_arn(state, profile.properties["Roles"][0].as_str()?)
}
