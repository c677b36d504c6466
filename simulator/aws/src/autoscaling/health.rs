//! Health checks, and the processes that a user may suspend.
//!
//! Only EC2's own check is modelled: it finds instances that are dead. There is nothing to do for
//! the processes AddToLoadBalancer, AZRebalance and ScheduledActions, suspended or not.
//! AlarmNotification is ECS's managed scaling.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::input::not_one_of;
use super::lifecycle::begin_transition;
use super::transitions::{LifecycleState, Move};
use super::{Event, capacity, found, found_mut, rebalance};
use crate::account::Account;
use crate::autoscaling::AUTOSCALING;
use crate::ec2::EC2;
use crate::trace::Cause;
use crate::wire::ApiError;

/// Every process that can be suspended.
pub const PROCESSES: [&str; 9] = [
    "AZRebalance",
    "AddToLoadBalancer",
    "AlarmNotification",
    "HealthCheck",
    "InstanceRefresh",
    "Launch",
    "ReplaceUnhealthy",
    "ScheduledActions",
    "Terminate",
];

/// The health check will look at an instance that has died in service.
pub fn check_later(account: &mut Account, group: &str, id: &str) {
    check_within(account, group, id, account[AUTOSCALING].timing.health_check);
}

/// The health check will look at an instance of which a user has spoken.
pub fn check_soon(account: &mut Account, group: &str, id: &str) {
    check_within(
        account,
        group,
        id,
        account[AUTOSCALING].timing.user_health_check,
    );
}

fn check_within(account: &mut Account, group: &str, id: &str, within: (Duration, Duration)) {
    let delay = account.between(within.0, within.1);
    let event = Event::HealthCheck {
        group: group.to_owned(),
        instance: id.to_owned(),
    };
    account.after(delay, event);
}

/// Looks at an instance: if it is in service and dead it is unhealthy, and is replaced. The grace
/// period does not matter: an instance that is not running is unhealthy at once
/// (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-health-checks.html>).
pub fn check(account: &mut Account, group: &str, id: &str) {
    let dead = !account[EC2].is_alive(id);
    let Some(found) = account[AUTOSCALING].group_mut(group) else {
        return;
    };
    let may_check = !found.is_suspended("HealthCheck");
    let may_replace = !found.is_suspended("ReplaceUnhealthy") && !found.is_suspended("Terminate");
    let Some(instance) = found.instance_mut(id) else {
        return;
    };
    if instance.state != LifecycleState::InService {
        return;
    }
    if may_check && dead {
        instance.healthy = false;
    }
    if may_replace && !instance.healthy {
        let cause = if dead {
            Cause::HealthCheck
        } else {
            Cause::UserHealthCheck
        };
        begin_transition(account, group, id, Move::Terminate, &cause.into());
        capacity::schedule_replacement(account, group, true);
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ScalingProcessQuery<'a> {
    auto_scaling_group_name: &'a str,
    #[serde(default)]
    scaling_processes: Vec<String>,
}

/// SuspendProcesses; without ScalingProcesses all of them.
pub(super) fn suspend(
    account: &mut Account,
    request: ScalingProcessQuery<'_>,
) -> Result<Value, ApiError> {
    let processes = checked(request.scaling_processes)?;
    let now = account.now;
    let suspended =
        &mut found_mut(&mut account[AUTOSCALING], request.auto_scaling_group_name)?.suspended;
    for process in processes {
        suspended.entry(process).or_insert(now);
    }
    Ok(json!({}))
}

/// ResumeProcesses; without ScalingProcesses all of them. What was left undone is done now.
pub(super) fn resume(
    account: &mut Account,
    request: ScalingProcessQuery<'_>,
) -> Result<Value, ApiError> {
    let name = request.auto_scaling_group_name;
    let processes = checked(request.scaling_processes)?;
    let group = found_mut(&mut account[AUTOSCALING], name)?;
    group
        .suspended
        .retain(|process, _| !processes.contains(process));
    let in_service = found(&account[AUTOSCALING], name)?
        .instances
        .iter()
        .filter(|instance| instance.state == LifecycleState::InService);
    let dead: Vec<String> = in_service
        .filter(|instance| !instance.healthy || !account[EC2].is_alive(&instance.id))
        .map(|instance| instance.id.clone())
        .collect();
    for id in dead {
        check_soon(account, name, &id);
    }
    capacity::reconcile_later(account, name);
    rebalance::go_on(account, name);
    Ok(json!({}))
}

/// The processes that a call names, or all.
fn checked(processes: Vec<String>) -> Result<Vec<String>, ApiError> {
    if processes.is_empty() {
        return Ok(PROCESSES.map(str::to_owned).to_vec());
    }
    let unknown = processes
        .iter()
        .find(|process| !PROCESSES.contains(&process.as_str()));
    match unknown {
        Some(process) => Err(not_one_of("ScalingProcesses", process, &PROCESSES)),
        None => Ok(processes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autoscaling::scene::*;
    use crate::ec2;

    #[test]
    fn a_dead_instance_is_found_and_replaced() {
        let mut account = account(1, json!({"DesiredCapacity": 1}));
        pass(&mut account, 100);
        let id = only_one(&account, LifecycleState::InService);
        ec2::kill(&mut account, &id);
        pass(&mut account, 29);
        assert_eq!(
            only_one(&account, LifecycleState::InService),
            id,
            "nobody told the group"
        );
        pass(&mut account, 120);
        assert_ne!(only_one(&account, LifecycleState::InService), id);
        let all = activities(&mut account);
        let cause = |place: usize| all[place]["Cause"].as_str().expect("a cause");
        assert!(cause(0).ends_with("an instance was launched in response to an unhealthy instance needing to be replaced."), "{}", cause(0));
        assert!(cause(1).ends_with("terminated or stopped."), "{}", cause(1));
    }

    #[test]
    fn a_dead_instance_stays_while_its_check_or_its_replacement_is_suspended() {
        for process in ["HealthCheck", "ReplaceUnhealthy"] {
            let mut account = account(1, json!({"DesiredCapacity": 1}));
            pass(&mut account, 100);
            let id = only_one(&account, LifecycleState::InService);
            let processes = json!({"ScalingProcesses": [process]});
            call(&mut account, "SuspendProcesses", processes.clone()).expect("a known process");
            ec2::kill(&mut account, &id);
            pass(&mut account, 600);
            assert_eq!(only_one(&account, LifecycleState::InService), id);
            let healthy = group(&account).instances[0].healthy;
            assert_eq!(healthy, process == "HealthCheck");
            call(&mut account, "ResumeProcesses", processes).expect("a known process");
            pass(&mut account, 200);
            assert_ne!(only_one(&account, LifecycleState::InService), id);
        }
    }

    #[test]
    fn an_instance_that_dies_before_it_runs_is_a_failed_launch() {
        let mut account = account(1, json!({"DesiredCapacity": 1}));
        let id = until_in(&mut account, LifecycleState::Pending);
        ec2::kill(&mut account, &id);
        pass(&mut account, 100);
        assert_ne!(only_one(&account, LifecycleState::InService), id);
        assert!(
            activities(&mut account)
                .iter()
                .any(|activity| activity["StatusCode"] == "Failed")
        );
    }

    #[test]
    fn an_instance_that_dies_at_its_launch_hook_is_found_in_service() {
        let more = json!({"DesiredCapacity": 1, "LifecycleHookSpecificationList": hooks()});
        let mut account = account(1, more);
        pass(&mut account, 60);
        let id = only_one(&account, LifecycleState::PendingWait);
        ec2::kill(&mut account, &id);
        pass(&mut account, 300);
        assert_eq!(only_one(&account, LifecycleState::PendingWait), id);
        let_in(&mut account);
        pass(&mut account, 70);
        assert_eq!(only_one(&account, LifecycleState::TerminatingWait), id);
    }
}
