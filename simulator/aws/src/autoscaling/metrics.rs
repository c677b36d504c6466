//! Which of its metrics a group publishes, and their values.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::found;
use super::group::Group;
use super::input::validation;
use super::transitions::LifecycleState;
use crate::account::Account;
use crate::autoscaling::AUTOSCALING;
use crate::cloudwatch::CLOUDWATCH;
use crate::wire::ApiError;
use crate::wire::request::missing;

/// All that a group can publish (Amazon EC2 Auto Scaling User Guide, "CloudWatch metrics for Amazon
/// EC2 Auto Scaling").
const ALL: [&str; 22] = [
    "GroupAndWarmPoolDesiredCapacity",
    "GroupAndWarmPoolTotalCapacity",
    "GroupDesiredCapacity",
    "GroupInServiceCapacity",
    "GroupInServiceInstances",
    "GroupMaxSize",
    "GroupMinSize",
    "GroupPendingCapacity",
    "GroupPendingInstances",
    "GroupStandbyCapacity",
    "GroupStandbyInstances",
    "GroupTerminatingCapacity",
    "GroupTerminatingInstances",
    "GroupTerminatingRetainedCapacity",
    "GroupTerminatingRetainedInstances",
    "GroupTotalCapacity",
    "GroupTotalInstances",
    "WarmPoolDesiredCapacity",
    "WarmPoolPendingCapacity",
    "WarmPoolTerminatingCapacity",
    "WarmPoolTotalCapacity",
    "WarmPoolWarmedCapacity",
];

/// The metrics whose values are worked out here, each with the states that it counts.
const COUNTED: [(&str, &[LifecycleState]); 4] = {
    use LifecycleState as S;
    [
        ("GroupInServiceInstances", &[S::InService]),
        (
            "GroupPendingInstances",
            &[S::Pending, S::PendingWait, S::PendingProceed],
        ),
        (
            "GroupTerminatingInstances",
            &[S::Terminating, S::TerminatingWait, S::TerminatingProceed],
        ),
        (
            "GroupTerminatingRetainedInstances",
            &[S::TerminatingRetained],
        ),
    ]
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct MetricsRequest<'a> {
    auto_scaling_group_name: &'a str,
    granularity: Option<&'a str>,
    #[serde(default)]
    metrics: Vec<String>,
}

/// EnableMetricsCollection. Without Metrics all are enabled
/// (<https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_EnableMetricsCollection.html>).
pub(super) fn enable(
    account: &mut Account,
    request: MetricsRequest<'_>,
) -> Result<Value, ApiError> {
    match request.granularity {
        Some("1Minute") => {}
        Some(_) => return Err(validation("Granularity must be 1Minute")),
        None => return Err(missing("ValidationError", "granularity")),
    }
    let (group, metrics) = named(account, request)?;
    let enabled = account[AUTOSCALING]
        .metrics
        .entry(group.clone())
        .or_default();
    enabled.extend(metrics);
    publish(account, &group);
    Ok(json!({}))
}

/// DisableMetricsCollection. Without Metrics all are disabled
/// (<https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DisableMetricsCollection.html>).
pub(super) fn disable(
    account: &mut Account,
    request: MetricsRequest<'_>,
) -> Result<Value, ApiError> {
    if request.granularity.is_some() {
        return Err(ApiError::not_known(
            "Granularity of DisableMetricsCollection",
        ));
    }
    let (group, metrics) = named(account, request)?;
    let enabled = account[AUTOSCALING]
        .metrics
        .entry(group.clone())
        .or_default();
    enabled.retain(|metric| !metrics.contains(metric));
    publish(account, &group);
    Ok(json!({}))
}

/// The group and the metrics that a call names.
fn named(
    account: &Account,
    request: MetricsRequest<'_>,
) -> Result<(String, BTreeSet<String>), ApiError> {
    let group = &found(&account[AUTOSCALING], request.auto_scaling_group_name)?.name;
    let metrics = request.metrics;
    if let Some(other) = metrics
        .iter()
        .find(|metric| !ALL.contains(&metric.as_str()))
    {
        return Err(validation(format!("{other} is no metric of a group")));
    }
    let all = ALL.map(str::to_owned);
    let metrics = if metrics.is_empty() {
        BTreeSet::from(all)
    } else {
        metrics.into_iter().collect()
    };
    Ok((group.clone(), metrics))
}

/// The group's EnabledMetrics, as DescribeAutoScalingGroups answers them.
pub fn enabled(account: &Account, group: &str) -> Vec<Value> {
    let metrics = account[AUTOSCALING]
        .metrics
        .get(group)
        .into_iter()
        .flatten();
    metrics
        .map(|metric| json!({"Metric": metric, "Granularity": "1Minute"}))
        .collect()
}

/// Publishes the metrics of the group as they are now, if it publishes them.
pub fn publish(account: &mut Account, group: &str) {
    let Some(enabled) = account[AUTOSCALING].metrics.get(group) else {
        return;
    };
    let Some(found) = account[AUTOSCALING].group(group) else {
        return;
    };
    let values = COUNTED.map(|(name, states)| {
        let value = enabled.contains(name).then(|| count(found, states) as f64);
        (name, value)
    });
    for (name, value) in values {
        let now = account.now;
        account[CLOUDWATCH].services.level(now, name, group, value);
    }
}

fn count(group: &Group, states: &[LifecycleState]) -> usize {
    let instances = group.instances.iter();
    instances.filter(|one| states.contains(&one.state)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Caller;
    use crate::autoscaling::scene::{GROUP, account};

    fn call(account: &mut Account, action: &str, input: Value) -> Result<Value, ApiError> {
        account.call(&Caller::Operator, "autoscaling", action, &input)
    }

    fn shown(account: &mut Account) -> usize {
        let group = json!({"AutoScalingGroupNames": [GROUP]});
        let answer = call(account, "DescribeAutoScalingGroups", group).expect("it is there");
        let metrics = &answer["AutoScalingGroups"][0]["EnabledMetrics"];
        metrics.as_array().map_or(0, Vec::len)
    }

    #[test]
    fn metrics_are_switched_on_and_off() {
        let mut account = account(1, json!({"DesiredCapacity": 1}));
        assert_eq!(shown(&mut account), 0);
        let all = json!({"AutoScalingGroupName": GROUP, "Granularity": "1Minute"});
        call(&mut account, "EnableMetricsCollection", all).expect("good");
        assert_eq!(shown(&mut account), ALL.len());
        let one = json!({"AutoScalingGroupName": GROUP, "Metrics": ["GroupMinSize"]});
        call(&mut account, "DisableMetricsCollection", one).expect("good");
        assert_eq!(shown(&mut account), ALL.len() - 1);
        let mutation =
            json!({"AutoScalingGroupName": GROUP, "Metrics": ["Moon"], "Granularity": "1Minute"});
        let refused = call(&mut account, "EnableMetricsCollection", mutation);
        assert_eq!(refused.expect_err("no metric").code, "ValidationError");
    }
}
