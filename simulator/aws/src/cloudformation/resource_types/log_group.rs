//! AWS::Logs::LogGroup.

use serde_json::{Value, json};

use super::{Handler, ResourceType};
use crate::account::{Account, arn};
use crate::cloudformation::State;
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::handler::{CreatedResource, DesiredResource, name};
use crate::cloudformation::permissions::{Calls, Subject, Verb, each};

/// A log group.
pub static LOG_GROUP: ResourceType = ResourceType {
    name: "AWS::Logs::LogGroup",
    name_property: Some("LogGroupName"),
    required: &[],
    optional: &[
        "KmsKeyId",
        "LogGroupClass",
        "LogGroupName",
        "RetentionInDays",
        "Tags",
    ],
    fixed: &["LogGroupName"],
    attributes: &["Arn"],
    handler: &LogGroup,
};

#[derive(Debug)]
struct LogGroup;

impl Handler for LogGroup {
    fn create(
        &self,
        account: &mut Account,
        desired: &DesiredResource,
    ) -> Result<CreatedResource, ResourceError> {
        let name = name(account, desired);
        let arn = arn("logs", &format!("log-group:{name}:*"));
        Ok(CreatedResource::new(name, [("Arn", arn.into())]))
    }

    fn is_only_kept(&self) -> bool {
        true
    }

    fn permissions(&self, verb: &Verb<'_>, subject: &Subject<'_>) -> Calls {
        let mut actions = vec!["DescribeLogGroups"];
        match verb {
            Verb::Create => {
                actions.extend(["CreateLogGroup", "ListTagsForResource"]);
                if subject.properties.get("RetentionInDays").is_some() {
                    actions.push("PutRetentionPolicy");
                }
            }
            Verb::Change(_) => actions.extend(["PutRetentionPolicy", "ListTagsForResource"]),
            Verb::Delete => actions.push("DeleteLogGroup"),
        }
        let input = json!({"logGroupName": subject.name});
        Ok(each("logs", &actions, &input))
    }
}

/// The ARNs of the log groups that stacks made.
pub fn log_group_arns(state: &State) -> impl Iterator<Item = &Value> {
    let groups = state.resources_of(&LOG_GROUP);
    groups
        .filter(|group| !group.known.reference.is_empty())
        .filter_map(|group| group.known.attributes.get("Arn"))
}
