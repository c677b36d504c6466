//! AWS::CloudFormation::Stack: the schema and the handler.

use serde_json::{Value, json};

use super::check;
use crate::account::Account;
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::handler::{CreatedResource, DesiredResource, Handler};
use crate::cloudformation::permissions::{Calls, Subject, Verb, each, pass_role, read_object};
use crate::cloudformation::resource_types::ResourceType;
use crate::cloudformation::template::{Declared, Template};
use crate::cloudformation::validate::{self, Declaration};
use crate::wire::ApiError;

/// A nested stack.
pub static NESTED_STACK: ResourceType = ResourceType {
    name: "AWS::CloudFormation::Stack",
    name_property: None,
    required: &["TemplateURL"],
    optional: &["Parameters", "Tags", "TimeoutInMinutes"],
    fixed: &[],
    attributes: &[],
    handler: &NestedStack,
};

#[derive(Debug)]
struct NestedStack;

impl Handler for NestedStack {
    fn create(
        &self,
        account: &mut Account,
        desired: &DesiredResource,
    ) -> Result<CreatedResource, ResourceError> {
        super::make(account, desired)
    }

    fn permissions(&self, verb: &Verb<'_>, subject: &Subject<'_>) -> Calls {
        let action = match verb {
            Verb::Create => "CreateStack",
            Verb::Change(_) => "UpdateStack",
            Verb::Delete => "DeleteStack",
        };
        let input = json!({"StackName": subject.name});
        let mut calls = each("cloudformation", &[action, "DescribeStacks"], &input);
        if !matches!(verb, Verb::Delete) {
            // Reported (aws-samples/sample-autonomous-cloud-coding-agents#865, 2026-09): a nested
            // stack gets the service role, and the role must be allowed to pass itself.
            calls.push(pass_role(subject.role, "cloudformation"));
            calls.extend(read_object(subject, "TemplateURL"));
        }
        Ok(calls)
    }

    fn validate(
        &self,
        account: &mut Account,
        declaration: &Declaration<'_>,
    ) -> Result<(), ApiError> {
        check::check(account, declaration)
    }

    fn capability(
        &self,
        account: &Account,
        template: &Template,
        declared: &Declared,
    ) -> Option<&'static str> {
        check::nested_template(account, template, declared)
            .and_then(|child| validate::capability(account, &child))
    }

    fn has_attribute(&self, attribute: &str) -> bool {
        attribute.starts_with("Outputs.")
    }

    fn may_change_inside(&self) -> bool {
        true
    }

    fn changes_inside(
        &self,
        account: &mut Account,
        physical_id: &str,
        desired: &DesiredResource,
    ) -> Result<bool, ApiError> {
        match super::version(account, desired) {
            Ok(version) => validate::changes(account, physical_id, &version),
            Err(_) => Ok(true),
        }
    }

    fn await_creation(&self, account: &mut Account, desired: &DesiredResource) {
        super::begin_creation(account, desired);
    }

    fn await_update(&self, account: &mut Account, desired: &DesiredResource, _: &Value) {
        super::begin_update(account, desired);
    }

    fn begin_deletion(&self, account: &mut Account, id: &str, name: &str) {
        super::begin_deletion(account, id, name);
    }
}
