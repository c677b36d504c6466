//! AWS::CloudWatch::Alarm.

use serde_json::json;

use super::{Handler, ResourceType};
use crate::account::{Account, arn};
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::handler::{CreatedResource, DesiredResource, name};
use crate::cloudformation::permissions::{Calls, Subject, Verb, each};

/// A CloudWatch alarm.
pub static ALARM: ResourceType = ResourceType {
    name: "AWS::CloudWatch::Alarm",
    name_property: Some("AlarmName"),
    required: &["ComparisonOperator", "EvaluationPeriods"],
    optional: &[
        "ActionsEnabled",
        "AlarmActions",
        "AlarmDescription",
        "AlarmName",
        "DatapointsToAlarm",
        "Dimensions",
        "InsufficientDataActions",
        "MetricName",
        "Metrics",
        "Namespace",
        "OKActions",
        "Period",
        "Statistic",
        "Tags",
        "Threshold",
        "TreatMissingData",
        "Unit",
    ],
    fixed: &["AlarmName"],
    attributes: &["Arn"],
    handler: &Alarm,
};

#[derive(Debug)]
struct Alarm;

impl Handler for Alarm {
    fn create(
        &self,
        account: &mut Account,
        desired: &DesiredResource,
    ) -> Result<CreatedResource, ResourceError> {
        let name = name(account, desired);
        let arn = arn("cloudwatch", &format!("alarm:{name}"));
        Ok(CreatedResource::new(name, [("Arn", arn.into())]))
    }

    fn is_only_kept(&self) -> bool {
        true
    }

    fn permissions(&self, verb: &Verb<'_>, subject: &Subject<'_>) -> Calls {
        let action = match verb {
            Verb::Delete => "DeleteAlarms",
            Verb::Create | Verb::Change(_) => "PutMetricAlarm",
        };
        let input = json!({"AlarmName": subject.name});
        Ok(each("cloudwatch", &[action, "DescribeAlarms"], &input))
    }
}
