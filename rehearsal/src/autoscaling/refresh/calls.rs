//! The calls about instance refreshes.

use serde_json::{Value, json};

use super::{Preferences, Refresh, Status, act, end};
use crate::account::Account;
use crate::autoscaling::group::{Group, TemplateChoice};
use crate::autoscaling::input::{boolean, page, required, texts, validation};
use crate::autoscaling::settings::template;
use crate::autoscaling::{found, found_mut, warm_pool};
use crate::wire::{ApiError, only};

/// StartInstanceRefresh.
pub fn start(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    let name = required(input, "AutoScalingGroupName")?.to_owned();
    let (preferences, desired) = asked(account, input)?;
    let (now, id) = (account.now, account.uuid());
    let group = found(&account.autoscaling, &name)?;
    may_begin(group)?;
    let has_pool = group.warm_pool.is_some();
    let before = group.template.clone();
    let wanted = desired.as_ref().unwrap_or(&before);
    if preferences.auto_rollback && !end::may_go_back(desired.as_ref(), &before) {
        return Err(validation(
            "AutoRollback needs a DesiredConfiguration, and a group that names its launch template's version by number.",
        ));
    }
    let (target, data) = account.ec2.template_version(&wanted.id, &wanted.version)?;
    if has_pool {
        warm_pool::agents_wait(&data)?;
    }
    let refresh = Refresh {
        id: id.clone(),
        status: Status::InProgress,
        reason: None,
        started: now,
        ended: None,
        preferences,
        desired,
        before,
        target,
        to_replace: None,
        total: 0,
        pool: Default::default(),
        surge: 0,
        percent: 0,
        checkpoints: 0,
        until: None,
        blocked_since: None,
        waits_for_moves: true,
    };
    found_mut(&mut account.autoscaling, &name)?
        .refreshes
        .push(refresh);
    act::set_out_to(account, &name);
    act::tell(account, &name);
    act::look_again(account, &name, &id);
    Ok(json!({"InstanceRefreshId": id}))
}

/// What StartInstanceRefresh is asked for: how to go about it, and to which template.
fn asked(
    account: &Account,
    input: &Value,
) -> Result<(Preferences, Option<TemplateChoice>), ApiError> {
    let known = [
        "AutoScalingGroupName",
        "Strategy",
        "DesiredConfiguration",
        "Preferences",
    ];
    only("StartInstanceRefresh", input, &known)?;
    if let Some(other) = input.get("Strategy").filter(|it| *it != "Rolling") {
        return Err(ApiError::not_known(format_args!(
            "the Strategy {other} of StartInstanceRefresh; only Rolling"
        )));
    }
    let preferences = Preferences::read(input.get("Preferences").unwrap_or(&json!({})))?;
    let Some(desired) = input.get("DesiredConfiguration") else {
        return Ok((preferences, None));
    };
    only("DesiredConfiguration", desired, &["LaunchTemplate"])?;
    Ok((preferences, template(account, desired)?))
}

/// Whether a group may be refreshed now.
fn may_begin(group: &Group) -> Result<(), ApiError> {
    if group.active_refresh().is_some() {
        // The code is documented; the text is assumed.
        return Err(ApiError::client(
            "InstanceRefreshInProgress",
            "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.",
        ));
    }
    Ok(())
}

/// DescribeInstanceRefreshes, the newest first.
pub fn describe(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    let known = [
        "AutoScalingGroupName",
        "InstanceRefreshIds",
        "MaxRecords",
        "NextToken",
    ];
    only("DescribeInstanceRefreshes", input, &known)?;
    let group = found(
        &account.autoscaling,
        required(input, "AutoScalingGroupName")?,
    )?;
    let wanted = texts(input, "InstanceRefreshIds")?;
    let all: Vec<&Refresh> = group
        .refreshes
        .iter()
        .rev()
        .filter(|refresh| wanted.is_empty() || wanted.contains(&refresh.id))
        .collect();
    let (page, next) = page(input, all, 50, 100)?;
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

/// CancelInstanceRefresh. What it has replaced stays as it is.
pub fn cancel(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    let known = ["AutoScalingGroupName", "WaitForTransitioningInstances"];
    only("CancelInstanceRefresh", input, &known)?;
    let name = required(input, "AutoScalingGroupName")?.to_owned();
    let waits = boolean(input, "WaitForTransitioningInstances")?.unwrap_or(true);
    let group = found_mut(&mut account.autoscaling, &name)?;
    let refresh = group.active_refresh_mut().ok_or_else(none_active)?;
    refresh.waits_for_moves = waits;
    let id = refresh.id.clone();
    if refresh.status != Status::Cancelling {
        refresh.status = Status::Cancelling;
        // The text is assumed.
        refresh.reason = Some("Cancelled due to user request.".to_owned());
        refresh.surge = 0;
        act::tell(account, &name);
    }
    Ok(json!({"InstanceRefreshId": id}))
}

/// RollbackInstanceRefresh.
pub fn roll_back(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    only("RollbackInstanceRefresh", input, &["AutoScalingGroupName"])?;
    let name = required(input, "AutoScalingGroupName")?.to_owned();
    let group = found_mut(&mut account.autoscaling, &name)?;
    let refresh = group
        .active_refresh_mut()
        .filter(|it| matches!(it.status, Status::InProgress | Status::Baking))
        .ok_or_else(none_active)?;
    if !end::may_go_back(refresh.desired.as_ref(), &refresh.before) {
        return Err(ApiError::client(
            "IrreversibleInstanceRefresh",
            "The instance refresh has no desired configuration, or the group named no launch template version by number before it, so that there is nothing to go back to.",
        ));
    }
    let id = refresh.id.clone();
    // The text is assumed.
    end::turn_round(account, &name, "A user asked for the rollback.".to_owned());
    Ok(json!({"InstanceRefreshId": id}))
}

/// The code is documented; the text is assumed.
fn none_active() -> ApiError {
    ApiError::client(
        "ActiveInstanceRefreshNotFound",
        "No in progress or pending Instance Refresh found for Auto Scaling group.",
    )
}
