//! Reading what CreateService and UpdateService say.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::definition::TaskDefinition;
use super::super::input::{invalid, within};
use super::super::launch_type::LaunchType;
use super::super::placement::Rules;
use super::super::provider::{Share, StrategyItem, strategy};
use super::request::{DeploymentConfiguration, DeploymentController, LoadBalancerRequest};
use super::{LoadBalancer, Service};
use crate::account::Account;
use crate::ecs::ECS;
use crate::wire::ApiError;

/// The placementConstraints and the placementStrategy of a call, if they are there.
pub(super) struct Placement<'a> {
    pub(super) constraints: Option<&'a [Value]>,
    pub(super) strategy: Option<&'a [Value]>,
}

/// The target groups of `loadBalancers`, which must be known, of containers that `definition` has.
pub(super) fn load_balancers(
    account: &Account,
    given: &[LoadBalancerRequest<'_>],
    definition: &Arc<TaskDefinition>,
) -> Result<Vec<LoadBalancer>, ApiError> {
    let mut balancers = Vec::new();
    for balancer in given {
        let target_group = balancer.target_group_arn;
        if !account[ECS].target_groups.contains_key(target_group) {
            return Err(invalid(format!(
                "The target group {target_group} does not exist."
            )));
        }
        let container = balancer.container_name;
        let port = within("containerPort", balancer.container_port, 1..=65_535)?.unwrap_or(0);
        let Some(defined) = definition
            .containers
            .iter()
            .find(|defined| defined.name == container)
        else {
            return Err(invalid(format!(
                "The container {container} does not exist in the task definition."
            )));
        };
        if !defined
            .ports
            .iter()
            .any(|defined| i64::from(defined.container) == port)
        {
            return Err(invalid(format!(
                "The container {container} did not have a container port {port} defined."
            )));
        }
        balancers.push(LoadBalancer {
            target_group: target_group.to_owned(),
            container: container.to_owned(),
            port: port as u16,
        });
    }
    Ok(balancers)
}

/// Takes minimumHealthyPercent and maximumPercent over, if they are there.
pub(super) fn percentages(
    service: &mut Service,
    given: &DeploymentConfiguration<'_>,
) -> Result<(), ApiError> {
    let breaker = given.deployment_circuit_breaker.as_ref();
    if breaker.is_some_and(|breaker| breaker["enable"] == true) {
        return Err(ApiError::not_known("a deployment circuit breaker"));
    }
    if let Some(other) = given.strategy.filter(|strategy| *strategy != "ROLLING") {
        return Err(ApiError::not_known(format_args!(
            "deployment strategy {other:?}"
        )));
    }
    if given
        .bake_time_in_minutes
        .is_some_and(|minutes| minutes != 0)
    {
        return Err(ApiError::not_known("bakeTimeInMinutes"));
    }
    let bounds = 0..=i64::from(i32::MAX);
    let (minimum, maximum) = (given.minimum_healthy_percent, given.maximum_percent);
    let minimum = within("minimumHealthyPercent", minimum, bounds.clone())?;
    let minimum = minimum.unwrap_or(service.minimum_percent as i64);
    let maximum = within("maximumPercent", maximum, bounds)?;
    let maximum = maximum.unwrap_or(service.maximum_percent as i64);
    if service.daemon && maximum != 100 {
        return Err(invalid(
            "The daemon scheduling strategy requires a maximumPercent of 100.",
        ));
    }
    if maximum < minimum.max(1) {
        return Err(invalid(
            "maximumPercent must not be less than minimumHealthyPercent.",
        ));
    }
    (service.minimum_percent, service.maximum_percent) = (minimum as u64, maximum as u64);
    Ok(())
}

/// Takes over who deploys the service: ECS, or CodeDeploy, which needs a load balancer. With the
/// controller EXTERNAL nothing runs until somebody calls CreateTaskSet, which the account does not
/// know
/// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html>).
///
/// assumption: the texts of the refusals. The same calls on AWS prove them.
pub(super) fn controller(
    service: &mut Service,
    given: &DeploymentController<'_>,
) -> Result<(), ApiError> {
    match given.r#type {
        "ECS" => {}
        "CODE_DEPLOY" if service.daemon => {
            return Err(invalid(
                "The daemon scheduling strategy does not support the CODE_DEPLOY deployment controller.",
            ));
        }
        "CODE_DEPLOY" if service.load_balancers.is_empty() => {
            return Err(invalid(
                "The CODE_DEPLOY deployment controller requires a load balancer.",
            ));
        }
        "CODE_DEPLOY" => service.by_code_deploy = true,
        "EXTERNAL" => {
            return Err(ApiError::not_known(
                "the deployment controller EXTERNAL, whose tasks are of task sets (CreateTaskSet); use ECS or CODE_DEPLOY",
            ));
        }
        other => {
            return Err(invalid(format!(
                "Invalid deployment controller type: {other}"
            )));
        }
    }
    Ok(())
}

/// Refuses to begin a deployment of a service that CodeDeploy deploys. The words are those that
/// users report.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html>
pub(super) fn left_to_code_deploy(definition: bool, force: bool) -> Result<(), ApiError> {
    let what = match (definition, force) {
        (true, _) => "Unable to update task definition",
        (false, true) => "Cannot force a new deployment",
        (false, false) => return Ok(()),
    };
    Err(invalid(format!(
        "{what} on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment."
    )))
}

/// The placement constraints and strategy, if a service of this kind may have them.
pub(super) fn permitted(daemon: bool, given: &Placement<'_>) -> Result<Rules, ApiError> {
    let (constraints, strategy) = (given.constraints, given.strategy);
    let rules = Rules::read(
        constraints.unwrap_or_default(),
        strategy.unwrap_or_default(),
    )?;
    if daemon && (!rules.strategy.is_empty() || rules.distinct) {
        return Err(invalid(
            "The daemon scheduling strategy supports neither placement strategies nor distinctInstance.",
        ));
    }
    Ok(rules)
}

/// Takes placement constraints and strategy over, those that are there.
pub(super) fn placement(service: &mut Service, given: &Placement<'_>) -> Result<(), ApiError> {
    let rules = permitted(service.daemon, given)?;
    if let Some(constraints) = given.constraints {
        service.rules.distinct = rules.distinct;
        service.rules.member_of = rules.member_of;
        service.as_given["placementConstraints"] = constraints.into();
    }
    if let Some(strategy) = given.strategy {
        service.rules.strategy = rules.strategy;
        service.as_given["placementStrategy"] = strategy.into();
    }
    Ok(())
}

/// Takes the launch type over. What Fargate does not do is refused: daemons, placement, host ports;
/// and what the account does not know of it, by name: targets by address.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html>
pub(super) fn launch_type(
    service: &mut Service,
    given: Option<&str>,
    has_network: bool,
) -> Result<(), ApiError> {
    service.launch = LaunchType::named(given)?.unwrap_or(LaunchType::Ec2);
    service
        .launch
        .permits(&service.primary().definition, has_network)?;
    if service.launch == LaunchType::Ec2 {
        return Ok(());
    }
    let rules = &service.rules;
    if service.daemon {
        return Err(invalid(
            "The daemon scheduling strategy is not supported for the FARGATE launch type.",
        ));
    }
    if rules.distinct || !rules.member_of.is_empty() || !rules.strategy.is_empty() {
        return Err(invalid(
            "Placement constraints and placement strategies are not supported with FARGATE launch type.",
        ));
    }
    if !service.load_balancers.is_empty() {
        return Err(ApiError::not_known(
            "a load balancer of a service on Fargate, whose targets are addresses; leave loadBalancers out",
        ));
    }
    Ok(())
}

/// Takes the capacity provider strategy over: the call's own, or, without a launch type, the
/// cluster's.
///
/// assumption: a DAEMON service has none of its own, and the cluster's means nothing to it.
/// DescribeServices of a daemon in such a cluster proves it.
pub(super) fn capacity(
    account: &Account,
    cluster: &str,
    service: &mut Service,
    list: &[StrategyItem<'_>],
    has_launch_type: bool,
) -> Result<(), ApiError> {
    let Some(share) = share(account, cluster, list, has_launch_type)? else {
        return Ok(());
    };
    if service.daemon {
        return if list.is_empty() {
            Ok(())
        } else {
            Err(ApiError::not_known(
                "a capacity provider strategy of a DAEMON service",
            ))
        };
    }
    service.as_given["capacityProviderStrategy"] = json!([share.described]);
    service.provider = Some(share.provider);
    Ok(())
}

/// The capacity provider that a call asks for: in its strategy, or by having neither that nor a
/// launch type.
pub(in crate::ecs) fn share(
    account: &Account,
    cluster: &str,
    list: &[StrategyItem<'_>],
    has_launch_type: bool,
) -> Result<Option<Share>, ApiError> {
    let known = account[ECS].cluster(cluster);
    match (list.is_empty(), has_launch_type) {
        (false, true) => Err(invalid(
            "Specifying both a launch type and capacity provider strategy is not supported.",
        )),
        (true, true) => Ok(None),
        (true, false) => Ok(known.default_strategy.clone()),
        (false, false) => strategy(&account[ECS], cluster, &known.providers, list),
    }
}

/// Takes over members that decide nothing here, and are answered as they were given.
pub(super) fn as_given<const N: usize>(service: &mut Service, given: [(&str, Option<Value>); N]) {
    for (member, value) in given {
        if let Some(value) = value {
            service.as_given[member] = value;
        }
    }
}
