//! Tags of a group that somebody puts on it or takes away by hand.

use serde::Deserialize;
use serde_json::{Value, json};

use super::found_mut;
use super::input::validation;
use super::settings::{self, Tag};
use crate::account::Account;
use crate::autoscaling::AUTOSCALING;
use crate::wire::ApiError;
use crate::wire::request::missing;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TagsRequest<'a> {
    #[serde(borrow, default)]
    tags: Vec<Tag<'a>>,
}

/// CreateOrUpdateTags.
pub(super) fn put(account: &mut Account, request: TagsRequest<'_>) -> Result<Value, ApiError> {
    for tag in &request.tags {
        let name = group_of(tag)?;
        let group = found_mut(&mut account[AUTOSCALING], name)?;
        group.settings.tags.retain(|old| old["Key"] != tag.key);
        let new = settings::tags(name, std::slice::from_ref(tag));
        group.settings.tags.extend(new);
    }
    Ok(json!({}))
}

/// DeleteTags. One that is not there is no error.
pub(super) fn delete(account: &mut Account, request: TagsRequest<'_>) -> Result<Value, ApiError> {
    for tag in &request.tags {
        let group = found_mut(&mut account[AUTOSCALING], group_of(tag)?)?;
        group.settings.tags.retain(|old| old["Key"] != tag.key);
    }
    Ok(json!({}))
}

/// The group that a tag names.
fn group_of<'a>(tag: &Tag<'a>) -> Result<&'a str, ApiError> {
    match tag.resource_type {
        Some("auto-scaling-group") => {}
        Some(other) => {
            return Err(validation(format!(
                "'{other}' is not a valid resource type; the only one is auto-scaling-group"
            )));
        }
        None => return Err(missing("ValidationError", "tags.member.resourceType")),
    }
    let group = tag.resource_id;
    group.ok_or_else(|| missing("ValidationError", "tags.member.resourceId"))
}

#[cfg(test)]
mod tests {
    use super::super::scene::{GROUP, account, must};
    use super::*;

    #[test]
    fn a_tag_is_put_replaced_and_deleted() {
        let mut account = account(1, json!({}));
        let tag = |value: &str| {
            json!({"Tags": [{"ResourceId": GROUP, "ResourceType": "auto-scaling-group", "Key": "k", "Value": value,
                "PropagateAtLaunch": false}]})
        };
        let mut ask = |action: &str, input: Value| {
            must(&mut account, "autoscaling", action, input);
            let record = must(
                &mut account,
                "autoscaling",
                "DescribeAutoScalingGroups",
                json!({}),
            );
            record["AutoScalingGroups"][0]["Tags"].clone()
        };
        for value in ["a", "b"] {
            let tags = ask("CreateOrUpdateTags", tag(value));
            let values: Vec<&Value> = tags
                .as_array()
                .into_iter()
                .flatten()
                .map(|one| &one["Value"])
                .collect();
            assert_eq!(values, [value]);
        }
        assert_eq!(ask("DeleteTags", tag("b")), json!([]));
    }
}
