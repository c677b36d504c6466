//! Tags of a group that somebody puts on it or takes away by hand.

use serde_json::{Value, json};

use super::found_mut;
use super::input::{list, required};
use super::settings;
use crate::account::Account;
use crate::autoscaling::AUTOSCALING;
use crate::wire::{ApiError, only};

/// CreateOrUpdateTags.
pub fn put(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    only("CreateOrUpdateTags", input, &["Tags"])?;
    for tag in list(input, "Tags")? {
        let (group, key) = named(tag)?;
        let new = settings::tags(&group, &json!({"Tags": [tag]}))?;
        let group = found_mut(&mut account[AUTOSCALING], &group)?;
        group.settings.tags.retain(|old| old["Key"] != key);
        group.settings.tags.extend(new);
    }
    Ok(json!({}))
}

/// DeleteTags. One that is not there is no error.
pub fn delete(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    only("DeleteTags", input, &["Tags"])?;
    for tag in list(input, "Tags")? {
        let (group, key) = named(tag)?;
        let group = found_mut(&mut account[AUTOSCALING], &group)?;
        group.settings.tags.retain(|old| old["Key"] != key);
    }
    Ok(json!({}))
}

/// The group and the key that a tag names.
fn named(tag: &Value) -> Result<(String, String), ApiError> {
    if required(tag, "ResourceType")? != "auto-scaling-group" {
        return Err(ApiError::client(
            "ValidationError",
            format!(
                "'{}' is not a valid resource type; the only one is auto-scaling-group",
                tag["ResourceType"]
            ),
        ));
    }
    let (group, key) = (required(tag, "ResourceId")?, required(tag, "Key")?);
    Ok((group.to_owned(), key.to_owned()))
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
