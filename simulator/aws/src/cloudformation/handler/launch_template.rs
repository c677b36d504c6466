//! Launch templates and their versions.

use serde_json::Value;

use super::super::error::ResourceError;
use super::super::evaluate::ResolvedResource;
use super::super::node::scalar_text;
use super::{CreatedResource, DesiredResource, ask, name};
use crate::account::Account;

pub(super) fn launch_template(
    account: &mut Account,
    wanted: &DesiredResource,
) -> Result<CreatedResource, ResourceError> {
    let name = name(account, wanted, "LaunchTemplateName");
    let mut input = wanted.properties.clone();
    input["LaunchTemplateName"] = Value::from(name);
    let answer = ask(
        account,
        &wanted.stack_id,
        "ec2",
        "CreateLaunchTemplate",
        &input,
    )?;
    let id = scalar_text(&answer["LaunchTemplate"]["LaunchTemplateId"]);
    // CloudFormation answers version numbers as text.
    let attributes = [
        ("LaunchTemplateId", id.clone().into()),
        ("LatestVersionNumber", "1".into()),
        ("DefaultVersionNumber", "1".into()),
    ];
    Ok(CreatedResource::new(id, attributes))
}

pub(super) fn launch_template_version(
    account: &mut Account,
    wanted: &DesiredResource,
    mut known: ResolvedResource,
) -> Result<ResolvedResource, ResourceError> {
    let mut input = wanted.properties.clone();
    let members = input.as_object_mut().expect("properties are a mapping");
    members.retain(|member, _| member == "LaunchTemplateData" || member == "VersionDescription");
    input["LaunchTemplateId"] = Value::from(known.reference.clone());
    let answer = ask(
        account,
        &wanted.stack_id,
        "ec2",
        "CreateLaunchTemplateVersion",
        &input,
    )?;
    let number = scalar_text(&answer["LaunchTemplateVersion"]["VersionNumber"]);
    known
        .attributes
        .insert("LatestVersionNumber".to_owned(), Value::from(number));
    Ok(known)
}
