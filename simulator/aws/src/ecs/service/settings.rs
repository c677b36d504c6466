//! Reading what CreateService and UpdateService say.

use std::sync::Arc;

use serde_json::json;

use super::super::definition::TaskDefinition;
use super::super::input::{Input, invalid};
use super::super::launch_type::LaunchType;
use super::super::placement::Rules;
use super::super::provider::{Share, strategy};
use super::{LoadBalancer, Service};
use crate::account::Account;
use crate::ecs::ECS;
use crate::wire::ApiError;

/// Members that decide nothing here, and are answered as they were given: tags, and how long
/// failing health checks are overlooked (in the account in memory none fails), and the network of
/// tasks on Fargate.
pub(super) const AS_GIVEN: [&str; 5] = [
    "enableECSManagedTags",
    "healthCheckGracePeriodSeconds",
    "networkConfiguration",
    "propagateTags",
    "tags",
];

/// The target groups of `loadBalancers`, which must be known, of containers that `definition` has.
pub(super) fn load_balancers(
    account: &Account,
    input: &Input<'_>,
    definition: &Arc<TaskDefinition>,
) -> Result<Vec<LoadBalancer>, ApiError> {
    let mut balancers = Vec::new();
    for balancer in input.list("loadBalancers")? {
        let known = ["targetGroupArn", "containerName", "containerPort"];
        let input = Input::new("loadBalancers", balancer, &known)?;
        let target_group = input.needed("targetGroupArn")?;
        if !account[ECS].target_groups.contains_key(target_group) {
            return Err(invalid(format!(
                "The target group {target_group} does not exist."
            )));
        }
        let (container, port) = (
            input.needed("containerName")?,
            input.within("containerPort", 1..=65_535, 0)?,
        );
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
pub(super) fn percentages(service: &mut Service, input: &Input<'_>) -> Result<(), ApiError> {
    if !input.has("deploymentConfiguration") {
        return Ok(());
    }
    let known = [
        "minimumHealthyPercent",
        "maximumPercent",
        "deploymentCircuitBreaker",
        "strategy",
        "bakeTimeInMinutes",
    ];
    let input = Input::new(
        "deploymentConfiguration",
        input.value("deploymentConfiguration"),
        &known,
    )?;
    if input.value("deploymentCircuitBreaker")["enable"] == true {
        return Err(ApiError::not_known("a deployment circuit breaker"));
    }
    if input
        .text("strategy")?
        .is_some_and(|strategy| strategy != "ROLLING")
    {
        return Err(ApiError::not_known(format_args!(
            "deployment strategy {}",
            input.value("strategy")
        )));
    }
    if input
        .number("bakeTimeInMinutes")?
        .is_some_and(|minutes| minutes != 0)
    {
        return Err(ApiError::not_known("bakeTimeInMinutes"));
    }
    let minimum = input.within(
        "minimumHealthyPercent",
        0..=i64::from(i32::MAX),
        service.minimum_percent as i64,
    )?;
    let maximum = input.within(
        "maximumPercent",
        0..=i64::from(i32::MAX),
        service.maximum_percent as i64,
    )?;
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
/// know. The words of the refusals are assumed.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html>
pub(super) fn controller(service: &mut Service, input: &Input<'_>) -> Result<(), ApiError> {
    if !input.has("deploymentController") {
        return Ok(());
    }
    let given = input.value("deploymentController");
    let kind = Input::new("deploymentController", given, &["type"])?.needed("type")?;
    match kind {
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
pub(super) fn permitted(daemon: bool, input: &Input<'_>) -> Result<Rules, ApiError> {
    let rules = Rules::read(input)?;
    if daemon && (!rules.strategy.is_empty() || rules.distinct) {
        return Err(invalid(
            "The daemon scheduling strategy supports neither placement strategies nor distinctInstance.",
        ));
    }
    Ok(rules)
}

/// Takes placement constraints and strategy over, those that are there.
pub(super) fn placement(service: &mut Service, input: &Input<'_>) -> Result<(), ApiError> {
    let rules = permitted(service.daemon, input)?;
    if input.has("placementConstraints") {
        service.rules.distinct = rules.distinct;
        service.rules.member_of = rules.member_of;
        service.as_given["placementConstraints"] = input.value("placementConstraints").clone();
    }
    if input.has("placementStrategy") {
        service.rules.strategy = rules.strategy;
        service.as_given["placementStrategy"] = input.value("placementStrategy").clone();
    }
    Ok(())
}

/// Takes the launch type over. What Fargate does not do is refused: daemons, placement, host ports;
/// and what the account does not know of it, by name: targets by address.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html>
pub(super) fn launch_type(service: &mut Service, input: &Input<'_>) -> Result<(), ApiError> {
    service.launch = LaunchType::named(input)?.unwrap_or(LaunchType::Ec2);
    service
        .launch
        .permits(&service.primary().definition, input)?;
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
/// cluster's. Assumed: a DAEMON service has none of its own, and the cluster's means nothing to it.
pub(super) fn capacity(
    account: &Account,
    cluster: &str,
    service: &mut Service,
    input: &Input<'_>,
) -> Result<(), ApiError> {
    let Some(share) = share(account, cluster, input)? else {
        return Ok(());
    };
    if service.daemon {
        return if input.has("capacityProviderStrategy") {
            Err(ApiError::not_known(
                "a capacity provider strategy of a DAEMON service",
            ))
        } else {
            Ok(())
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
    input: &Input<'_>,
) -> Result<Option<Share>, ApiError> {
    let known = account[ECS].cluster(cluster);
    let list = input.list("capacityProviderStrategy")?;
    match (list.is_empty(), input.has("launchType")) {
        (false, true) => Err(invalid(
            "Specifying both a launch type and capacity provider strategy is not supported.",
        )),
        (true, true) => Ok(None),
        (true, false) => Ok(known.default_strategy.clone()),
        (false, false) => strategy(&account[ECS], cluster, &known.providers, list),
    }
}

/// Takes over the members that are answered as they were given.
pub(super) fn as_given(service: &mut Service, input: &Input<'_>) {
    for member in AS_GIVEN.iter().filter(|member| input.has(member)) {
        service.as_given[*member] = input.value(member).clone();
    }
}
