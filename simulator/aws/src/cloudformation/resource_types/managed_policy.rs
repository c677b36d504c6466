//! AWS::IAM::ManagedPolicy: a policy that stands by itself.

use std::time::Duration;

use serde_json::{Value, json};

use super::identity::{identity_arn, path};
use super::{Handler, ResourceType};
use crate::account::Account;
use crate::cloudformation::State;
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::handler::{CreatedResource, DesiredResource, name};
use crate::cloudformation::node::scalar_text;
use crate::cloudformation::permissions::{Calls, Subject, Verb, each, last};
use crate::cloudformation::timing::Timing;

/// A policy that stands by itself.
pub static MANAGED_POLICY: ResourceType = ResourceType {
    name: "AWS::IAM::ManagedPolicy",
    name_property: Some("ManagedPolicyName"),
    required: &["PolicyDocument"],
    optional: &["Description", "ManagedPolicyName", "Path", "Roles"],
    fixed: &["Description", "ManagedPolicyName", "Path"],
    attributes: &["PolicyArn", "PolicyId"],
    handler: &ManagedPolicy,
};

#[derive(Debug)]
struct ManagedPolicy;

impl Handler for ManagedPolicy {
    fn create(
        &self,
        account: &mut Account,
        desired: &DesiredResource,
    ) -> Result<CreatedResource, ResourceError> {
        let name = name(account, desired);
        let id = format!("ANPA{}", account.hex(17).to_uppercase());
        let arn = identity_arn(desired, "policy", &name);
        let attributes = [("PolicyArn", arn.clone()), ("PolicyId", id.into())];
        Ok(CreatedResource::new(scalar_text(&arn), attributes))
    }

    fn is_only_kept(&self) -> bool {
        true
    }

    fn permissions(&self, verb: &Verb<'_>, subject: &Subject<'_>) -> Calls {
        let input = json!({"PolicyName": last(subject.name), "Path": path(subject.properties)});
        let actions: &[&str] = match verb {
            Verb::Create => &["CreatePolicy", "GetPolicy"],
            Verb::Change(_) => &[
                "GetPolicy",
                "ListPolicyVersions",
                "CreatePolicyVersion",
                "DeletePolicyVersion",
            ],
            Verb::Delete => &[
                "GetPolicy",
                "ListEntitiesForPolicy",
                "ListPolicyVersions",
                "DeletePolicyVersion",
                "DeletePolicy",
            ],
        };
        Ok(each("iam", actions, &input))
    }

    fn creation_time(&self, timing: &Timing) -> Duration {
        timing.identity
    }

    fn deletion_time(&self, timing: &Timing) -> Duration {
        timing.identity_deletion
    }
}

/// A managed policy that a stack made.
#[derive(Debug)]
pub struct ManagedPolicyDocument<'a> {
    /// Its ARN.
    pub arn: &'a str,
    /// Its PolicyDocument.
    pub document: &'a Value,
}

/// The managed policies that stacks made.
pub fn managed_policies(state: &State) -> impl Iterator<Item = ManagedPolicyDocument<'_>> {
    let policies = state.resources_of(&MANAGED_POLICY);
    policies
        .filter(|policy| !policy.known.reference.is_empty())
        .map(|policy| ManagedPolicyDocument {
            arn: policy.physical_id.as_str(),
            document: &policy.properties["PolicyDocument"],
        })
}
