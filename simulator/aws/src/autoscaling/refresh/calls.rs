//! The calls about instance refreshes.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Preferences, Refresh, Status, act, end, texts};
use crate::account::Account;
use crate::autoscaling::AUTOSCALING;
use crate::autoscaling::group::{Group, TemplateChoice};
use crate::autoscaling::input::{page, validation};
use crate::autoscaling::settings::{LaunchTemplateSpecification, template};
use crate::autoscaling::{found, found_mut, warm_pool};
use crate::ec2::EC2;
use crate::wire::{ApiError, paging};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StartInstanceRefresh<'a> {
    auto_scaling_group_name: &'a str,
    strategy: Option<&'a str>,
    #[serde(borrow)]
    desired_configuration: Option<DesiredConfiguration<'a>>,
    preferences: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DesiredConfiguration<'a> {
    #[serde(borrow)]
    launch_template: Option<LaunchTemplateSpecification<'a>>,
}

/// StartInstanceRefresh.
pub fn start(account: &mut Account, request: StartInstanceRefresh<'_>) -> Result<Value, ApiError> {
    let name = request.auto_scaling_group_name;
    let (preferences, desired) = wishes(account, &request)?;
    let id = account.uuid();
    let group = found(&account[AUTOSCALING], name)?;
    may_begin(group)?;
    let has_pool = group.warm_pool.is_some();
    let before = group.template.clone();
    let wanted = desired.as_ref().unwrap_or(&before);
    if preferences.auto_rollback {
        may_roll_back(desired.as_ref(), &before)?;
    }
    let (target, data) = account[EC2].template_version(&wanted.id, &wanted.version)?;
    if has_pool {
        warm_pool::agents_wait(&data)?;
    }
    let refresh = Refresh {
        id: id.clone(),
        status: Status::Pending,
        reason: None,
        started: None,
        ended: None,
        preferences,
        desired,
        before,
        target,
        to_replace: None,
        going: 0,
        total: 0,
        done: 0,
        back: None,
        health_checks: Duration::ZERO,
        pool: Default::default(),
        surge: 0,
        checkpoints: 0,
        until: None,
        blocked_since: None,
        waits_for_moves: true,
    };
    found_mut(&mut account[AUTOSCALING], name)?
        .refreshes
        .push(refresh);
    act::record_refresh(account, name);
    act::begin_later(account, name, &id);
    Ok(json!({"InstanceRefreshId": id}))
}

/// A rollback needs a desired configuration, and a group that names its template's version by
/// number
/// (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-rollback.html>). The
/// first text is recorded (refresh_native.json).
///
/// assumption: the second text. The same call on AWS proves it.
fn may_roll_back(
    desired: Option<&TemplateChoice>,
    before: &TemplateChoice,
) -> Result<(), ApiError> {
    if desired.is_none() {
        return Err(validation(
            "The request isn’t valid. The AutoRollback parameter cannot be set to true when the DesiredConfiguration parameter is empty. Set AutoRollback to false or specify a desired configuration and try again.",
        ));
    }
    if !end::may_go_back(desired, before) {
        return Err(validation(
            "AutoRollback needs a group that names its launch template's version by number.",
        ));
    }
    Ok(())
}

/// What StartInstanceRefresh is asked for: how to go about it, and to which template.
fn wishes(
    account: &Account,
    request: &StartInstanceRefresh<'_>,
) -> Result<(Preferences, Option<TemplateChoice>), ApiError> {
    if let Some(other) = request.strategy.filter(|it| *it != "Rolling") {
        if other == "ReplaceRootVolume" && request.desired_configuration.is_none() {
            return Err(validation(
                "The request isn't valid. The DesiredConfiguration parameter must be specified when using ReplaceRootVolume. Add the DesiredConfiguration parameter and try again.",
            ));
        }
        return Err(ApiError::not_known(format_args!(
            "the Strategy {other:?} of StartInstanceRefresh; only Rolling"
        )));
    }
    let none = json!({});
    let preferences = Preferences::read(request.preferences.as_ref().unwrap_or(&none))?;
    let desired = request.desired_configuration.as_ref();
    let desired = desired.and_then(|desired| desired.launch_template.as_ref());
    Ok((preferences, template(account, desired)?))
}

/// Whether a group may be refreshed now.
fn may_begin(group: &Group) -> Result<(), ApiError> {
    if group.active_refresh().is_some() {
        return Err(ApiError::client(
            "InstanceRefreshInProgress",
            "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.",
        ));
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeInstanceRefreshes<'a> {
    auto_scaling_group_name: &'a str,
    #[serde(default)]
    instance_refresh_ids: Vec<String>,
    max_records: Option<u32>,
    next_token: Option<&'a str>,
}

/// DescribeInstanceRefreshes, the newest first.
pub fn describe(
    account: &mut Account,
    request: DescribeInstanceRefreshes<'_>,
) -> Result<Value, ApiError> {
    let group = found(&account[AUTOSCALING], request.auto_scaling_group_name)?;
    let wanted = request.instance_refresh_ids;
    let all = group
        .refreshes
        .iter()
        .zip(0..)
        .filter(|(refresh, _)| wanted.is_empty() || wanted.contains(&refresh.id))
        .map(|(refresh, n)| (paging::newest_first(n), refresh));
    let (page, next) = page(request.max_records, request.next_token, all, 50, 100)?;
    let page: Vec<Value> = page
        .into_iter()
        .map(|refresh| refresh.to_json(group))
        .collect();
    let mut answer = json!({"InstanceRefreshes": page});
    if let Some(next) = next {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CancelInstanceRefresh<'a> {
    auto_scaling_group_name: &'a str,
    wait_for_transitioning_instances: Option<bool>,
}

/// CancelInstanceRefresh. What it has replaced stays as it is.
pub fn cancel(
    account: &mut Account,
    request: CancelInstanceRefresh<'_>,
) -> Result<Value, ApiError> {
    let name = request.auto_scaling_group_name;
    let waits = request.wait_for_transitioning_instances.unwrap_or(true);
    let group = found_mut(&mut account[AUTOSCALING], name)?;
    let refresh = group
        .active_refresh_mut()
        .ok_or_else(|| none_active("in progress, baking, pending, or cancelling", name))?;
    refresh.waits_for_moves = waits;
    let id = refresh.id.clone();
    if refresh.status != Status::Cancelling {
        refresh.status = Status::Cancelling;
        refresh.reason = Some(texts::cancelled(waits).to_owned());
        refresh.surge = 0;
        act::record_refresh(account, name);
    }
    Ok(json!({"InstanceRefreshId": id}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RollbackInstanceRefresh<'a> {
    auto_scaling_group_name: &'a str,
}

/// RollbackInstanceRefresh.
pub fn roll_back(
    account: &mut Account,
    request: RollbackInstanceRefresh<'_>,
) -> Result<Value, ApiError> {
    let name = request.auto_scaling_group_name;
    let group = found_mut(&mut account[AUTOSCALING], name)?;
    let refresh = group
        .active_refresh_mut()
        .filter(|it| matches!(it.status, Status::InProgress | Status::Baking))
        .ok_or_else(|| none_active("in progress or baking", name))?;
    if !end::may_go_back(refresh.desired.as_ref(), &refresh.before) {
        return Err(ApiError::client(
            "IrreversibleInstanceRefresh",
            "The instance refresh has no desired configuration, or the group named no launch template version by number before it, so that there is nothing to go back to.",
        ));
    }
    let id = refresh.id.clone();
    end::turn_round(account, name, texts::ROLLED_BACK_BY_USER.to_owned());
    Ok(json!({"InstanceRefreshId": id}))
}

/// Recorded (refresh_native.json): each call names the states that it looks for.
fn none_active(states: &str, group: &str) -> ApiError {
    ApiError::client(
        "ActiveInstanceRefreshNotFound",
        format!("No {states} Instance Refresh found for Auto Scaling group {group}."),
    )
}
