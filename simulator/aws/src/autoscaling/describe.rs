//! DescribeAutoScalingGroups.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::capacity::{zone, zone_id};
use super::group::{Group, Instance, OnAbandon};
use super::input::page;
use super::metrics;
use super::transitions::LifecycleState;
use super::whole_seconds;
use crate::account::{ACCOUNT_ID, Account, PARTITION};
use crate::autoscaling::AUTOSCALING;
use crate::wire::{ApiError, WIRE, lists, query};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DescribeAutoScalingGroups<'a> {
    #[serde(default)]
    auto_scaling_group_names: Vec<&'a str>,
    max_records: Option<u32>,
    next_token: Option<&'a str>,
}

/// DescribeAutoScalingGroups.
///
/// assumption: a name that there is not is left out. An error for it on AWS proves it wrong.
pub(super) fn groups(
    account: &mut Account,
    request: DescribeAutoScalingGroups<'_>,
) -> Result<Value, ApiError> {
    let wanted = request.auto_scaling_group_names;
    let all = account[AUTOSCALING]
        .groups()
        .filter(|group| wanted.is_empty() || wanted.contains(&group.name.as_str()))
        .map(|group| (group.name.clone(), group));
    let (page, next) = page(request.max_records, request.next_token, all, 50, 100)?;
    let written = account[WIRE].answers_written;
    let page: Vec<Value> = page
        .into_iter()
        .map(|one| group(one, metrics::enabled(account, &one.name), written))
        .collect();
    let mut answer = lists([("AutoScalingGroups", page)]);
    if let Some(next) = next {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}

fn group(group: &Group, enabled: Vec<Value>, written: bool) -> Value {
    let settings = &group.settings;
    let zones: Vec<String> = (0..group.subnets.len().min(3)).map(zone).collect();
    let zone_ids: Vec<String> = zones.iter().map(|zone| zone_id(zone)).collect();
    let in_group = |instance: &&Instance| !instance.state.is_warm();
    let instances = group.instances.iter().filter(in_group);
    let suspended: Vec<Value> = group
        .suspended
        .iter()
        .map(|(process, at)| {
            let reason = format!("User suspended at {}", whole_seconds(*at));
            json!({"ProcessName": process, "SuspensionReason": reason})
        })
        .collect();
    let mut answer = json!({
        "AutoScalingGroupName": group.name,
        "AutoScalingGroupARN": group.arn,
        "LaunchTemplate": {
            "LaunchTemplateId": group.template.id,
            "LaunchTemplateName": group.template.name,
            "Version": group.template.version,
        },
        "MinSize": group.min_size,
        "MaxSize": group.max_size,
        "DesiredCapacity": group.desired,
        "DefaultCooldown": settings.default_cooldown_seconds,
        "AvailabilityZones": zones,
        "AvailabilityZoneIds": zone_ids,
        "LoadBalancerNames": [],
        "TargetGroupARNs": [],
        "HealthCheckType": "EC2",
        "HealthCheckGracePeriod": settings.health_check_grace_seconds,
        "Instances": [],
        "CreatedTime": group.created.to_string(),
        "SuspendedProcesses": suspended,
        "VPCZoneIdentifier": group.subnets.join(","),
        "EnabledMetrics": enabled,
        "Tags": settings.tags,
        "TerminationPolicies": settings.termination_policies,
        "NewInstancesProtectedFromScaleIn": settings.protect_new,
        "ServiceLinkedRoleARN": format!(
            "arn:{PARTITION}:iam::{ACCOUNT_ID}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
        ),
        "TrafficSources": [],
        "InstanceLifecyclePolicy": lifecycle_policy(settings.on_terminate_abandon),
        "AvailabilityZoneDistribution": {"CapacityDistributionStrategy": "balanced-best-effort"},
        "CapacityReservationSpecification": {"CapacityReservationPreference": "default"},
    });
    // Put in as they are: json! would copy what may be a thousand instances.
    answer["Instances"] = if written {
        query::written(instances.map(written_instance))
    } else {
        Value::Array(instances.map(instance).collect())
    };
    if let Some(seconds) = settings.max_lifetime.filter(|seconds| *seconds > 0) {
        answer["MaxInstanceLifetime"] = json!(seconds);
    }
    add_optional_members(group, &mut answer);
    if group.deleting {
        answer["Status"] = json!("Delete in progress");
    }
    answer
}

/// It is always answered (recorded: radkawar/stackd
/// testdata/aws/autoscaling/termination_native.json, 2026-09).
fn lifecycle_policy(on_abandon: Option<OnAbandon>) -> Value {
    let word = match on_abandon {
        Some(OnAbandon::Retain) => "retain",
        Some(OnAbandon::Terminate) | None => "terminate",
    };
    json!({"RetentionTriggers": {"TerminateHookAbandon": word}})
}

/// What a group has only if it was asked for.
fn add_optional_members(group: &Group, answer: &mut Value) {
    if group.settings.rebalances {
        answer["CapacityRebalance"] = json!(true);
    }
    if let Some(pool) = &group.warm_pool {
        let inside = |instance: &&Instance| instance.state.is_warm();
        answer["WarmPoolConfiguration"] = pool.to_json();
        answer["WarmPoolSize"] = json!(group.instances.iter().filter(inside).count());
    }
}

/// What changes about an instance that is described.
#[derive(Debug, Clone, PartialEq)]
pub struct Changing {
    state: LifecycleState,
    healthy: bool,
    protected: bool,
}

fn written_instance(one: &Instance) -> Arc<str> {
    let changing = Changing {
        state: one.state,
        healthy: one.healthy,
        protected: one.protected,
    };
    one.written.of(&changing, || instance(one))
}

/// An instance, as DescribeAutoScalingGroups and DescribeWarmPool answer it.
pub fn instance(instance: &Instance) -> Value {
    json!({
        "InstanceId": instance.id,
        "InstanceType": instance.instance_type,
        "AvailabilityZone": instance.availability_zone,
        "AvailabilityZoneId": zone_id(&instance.availability_zone),
        "LifecycleState": instance.state.as_str(),
        "HealthStatus": health(instance),
        "LaunchTemplate": {
            "LaunchTemplateId": instance.template.id,
            "LaunchTemplateName": instance.template.name,
            "Version": instance.template.version.to_string(),
        },
        "ProtectedFromScaleIn": instance.protected,
    })
}

/// What the health check has found; a terminated instance is always unhealthy.
pub fn health(instance: &Instance) -> &'static str {
    if instance.healthy && instance.state != LifecycleState::Terminated {
        "Healthy"
    } else {
        "Unhealthy"
    }
}
