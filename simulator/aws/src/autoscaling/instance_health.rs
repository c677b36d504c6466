//! SetInstanceHealth: a person says how an instance is.
//!
//! Recorded (radkawar/stackd testdata/aws/autoscaling/lifecycle_native.json and
//! failure_boundaries_native_complete.json, 2026-09): one that is set unhealthy is taken out of
//! service about 9 s later, over its terminate hook, though it is protected, unless Terminate is
//! suspended; a retained one takes the call. Documented: the grace period counts unless the call
//! says that it does not
//! (<https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_SetInstanceHealth.html>).
//!
//! assumption: it counts from when the instance came into service, and the call does nothing within
//! it. An instance that goes within its grace period proves it wrong.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::health;
use super::input::not_one_of;
use super::instances::no_such_instance;
use super::transitions::LifecycleState;
use crate::account::Account;
use crate::autoscaling::AUTOSCALING;
use crate::wire::ApiError;

const STATUSES: [&str; 2] = ["Healthy", "Unhealthy"];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SetInstanceHealth<'a> {
    instance_id: &'a str,
    health_status: &'a str,
    should_respect_grace_period: Option<bool>,
}

/// SetInstanceHealth.
pub(super) fn set(
    account: &mut Account,
    request: SetInstanceHealth<'_>,
) -> Result<Value, ApiError> {
    let (id, status) = (request.instance_id, request.health_status);
    if !STATUSES.contains(&status) {
        return Err(not_one_of("HealthStatus", status, &STATUSES));
    }
    let respects = request.should_respect_grace_period.unwrap_or(true);
    let now = account.now;
    let group = account[AUTOSCALING]
        .group_of(id)
        .ok_or_else(|| no_such_instance(id))?;
    let (name, grace) = (
        group.name.clone(),
        group.settings.health_check_grace_seconds,
    );
    let Some(instance) = account[AUTOSCALING].instance_mut(&name, id) else {
        return Err(no_such_instance(id));
    };
    let in_service = instance.state == LifecycleState::InService;
    let spared = respects && now < instance.since + Duration::from_secs(grace.into());
    if status == "Healthy" {
        instance.healthy = true;
    } else if !(in_service && spared) {
        instance.healthy = false;
        if in_service {
            health::check_soon(account, &name, id);
        }
    }
    Ok(json!({}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autoscaling::LifecycleState as S;
    use crate::autoscaling::scene::*;

    fn one(more: Value) -> (Account, String) {
        let mut settings = json!({"DesiredCapacity": 1});
        let members = settings.as_object_mut().expect("an object");
        members.extend(more.as_object().expect("an object").clone());
        let mut account = account(1, settings);
        pass(&mut account, 100);
        let id = only_one(&account, S::InService);
        (account, id)
    }

    fn condemn(account: &mut Account, id: &str, more: Value) -> Result<Value, ApiError> {
        let mut input = json!({"InstanceId": id, "HealthStatus": "Unhealthy"});
        let members = input.as_object_mut().expect("an object");
        members.extend(more.as_object().expect("an object").clone());
        let caller = crate::account::Caller::Operator;
        account.call(&caller, "autoscaling", "SetInstanceHealth", &input)
    }

    #[test]
    fn an_instance_that_a_user_calls_unhealthy_goes_though_it_is_protected() {
        let (mut account, id) = one(json!({"NewInstancesProtectedFromScaleIn": true}));
        condemn(&mut account, &id, json!({})).expect("it is there");
        assert!(!group(&account).instance(&id).expect("there").healthy);
        pass(&mut account, 5);
        assert_eq!(only_one(&account, S::InService), id);
        pass(&mut account, 120);
        assert_ne!(only_one(&account, S::InService), id);
        let all = activities(&mut account);
        let cause = all[1]["Cause"].as_str().expect("a cause");
        assert!(
            cause.ends_with(
                "an instance was taken out of service in response to a user health-check."
            ),
            "{cause}"
        );
        let second = |text: &str| text.split(' ').nth(1).map(str::to_owned);
        let replacement = all[0]["Cause"].as_str().expect("a cause");
        let until = |text: &str| second(text).and_then(|at| at.parse::<jiff::Timestamp>().ok());
        let (goes, comes) = (
            until(cause).expect("a time"),
            until(replacement).expect("a time"),
        );
        assert!(
            comes.duration_since(goes).as_secs() <= 2,
            "{cause} {replacement}"
        );
    }

    #[test]
    fn it_stays_while_terminate_is_suspended_or_its_grace_period_lasts() {
        let (mut account, id) = one(json!({"HealthCheckGracePeriod": 1000}));
        condemn(&mut account, &id, json!({})).expect("it is there");
        assert!(
            group(&account).instance(&id).expect("there").healthy,
            "spared"
        );
        let terminate = json!({"ScalingProcesses": ["Terminate"]});
        call(&mut account, "SuspendProcesses", terminate.clone()).expect("a known process");
        condemn(
            &mut account,
            &id,
            json!({"ShouldRespectGracePeriod": "false"}),
        )
        .expect("there");
        pass(&mut account, 60);
        assert_eq!(only_one(&account, S::InService), id);
        call(&mut account, "ResumeProcesses", terminate).expect("a known process");
        pass(&mut account, 12);
        assert_ne!(only_one(&account, S::Pending), id);
    }

    #[test]
    fn it_may_be_called_healthy_again_and_not_anything_else() {
        let (mut account, id) = one(json!({}));
        condemn(&mut account, &id, json!({})).expect("it is there");
        condemn(&mut account, &id, json!({"HealthStatus": "Healthy"})).expect("it is there");
        pass(&mut account, 60);
        assert_eq!(only_one(&account, S::InService), id);
        let error = condemn(&mut account, &id, json!({"HealthStatus": "Fine"})).expect_err("none");
        assert!(error.message.contains("[Healthy, Unhealthy]"), "{error}");
        let error = condemn(&mut account, "i-0123", json!({})).expect_err("not there");
        assert!(error.message.contains("i-0123"), "{error}");
    }
}
