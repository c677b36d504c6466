//! A service as DescribeServices shows it, by whatever controller it is deployed.

use aws_sdk_ecs::types::{
    self, CapacityProviderStrategyItem, DeploymentControllerType, LaunchType, SchedulingStrategy,
    StabilityStatus,
};

/// Where ECS runs the tasks of a service.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html>
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Compute {
    /// On any EC2 instance of the cluster: the launch type EC2.
    #[default]
    Ec2,
    /// On compute of another launch type, such as FARGATE, EXTERNAL or MANAGED_INSTANCES.
    LaunchType(String),
    /// Where the capacity providers of its strategy put them. A strategy excludes a launch type.
    Providers(Vec<String>),
}

/// A service of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceSettings {
    /// Its name.
    pub name: String,
    /// Whether it has one task on each instance.
    pub is_daemon: bool,
    /// Where its tasks run.
    pub compute: Compute,
    /// Whether it is being deployed, whoever deploys it.
    pub is_deploying: bool,
    /// How many tasks it wants.
    pub desired: i64,
    /// minimumHealthyPercent.
    pub minimum_percent: i64,
    /// maximumPercent.
    pub maximum_percent: i64,
    /// Its placement constraints: type, and expression if it is of type memberOf.
    pub constraints: Vec<(String, Option<String>)>,
    /// Its task definition; empty if it has none yet.
    pub definition: String,
    /// Its target groups.
    pub target_groups: Vec<String>,
}

/// The services of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Services {
    /// Those that ECS keeps running.
    pub active: Vec<ServiceSettings>,
    /// The names of those that were deleted and whose tasks ECS stops: it starts none for them
    /// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html>).
    pub draining: Vec<String>,
}

impl Compute {
    fn of(strategy: &[CapacityProviderStrategyItem], launch_type: Option<&LaunchType>) -> Self {
        if !strategy.is_empty() {
            let names = strategy
                .iter()
                .map(|one| one.capacity_provider().to_owned());
            return Self::Providers(names.collect());
        }
        match launch_type {
            None | Some(LaunchType::Ec2) => Self::Ec2,
            Some(other) => Self::LaunchType(other.as_str().to_owned()),
        }
    }
}

impl ServiceSettings {
    /// With the controller EXTERNAL a service has no task definition, launch type and load balancer
    /// of its own: its task sets have them, and the service shows those of its primary task set, if
    /// it has one.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-external.html>
    pub(super) fn of(service: &types::Service) -> Self {
        let primary = primary(service.task_sets());
        let rules = service.deployment_configuration();
        let percent = |percent: Option<i32>, usual: i64| percent.map_or(usual, i64::from);
        let is_daemon = service.scheduling_strategy() == Some(&SchedulingStrategy::Daemon);
        let constraints = service.placement_constraints().iter().map(|one| {
            let kind = one.r#type().map_or("", |kind| kind.as_str());
            (kind.to_owned(), one.expression().map(str::to_owned))
        });
        let of_task_sets = service
            .task_sets()
            .iter()
            .flat_map(|one| one.load_balancers());
        let balancers = service.load_balancers().iter().chain(of_task_sets);
        let mut target_groups: Vec<String> = balancers
            .filter_map(|one| Some(one.target_group_arn()?.to_owned()))
            .collect();
        target_groups.sort_unstable();
        target_groups.dedup();
        let strategy = match service.capacity_provider_strategy() {
            [] => primary.map_or(&[][..], |one| one.capacity_provider_strategy()),
            own => own,
        };
        let launch_type = service
            .launch_type()
            .or(primary.and_then(|one| one.launch_type()));
        let definition = service.task_definition().filter(|arn| !arn.is_empty());
        let definition = definition.or(primary.and_then(|one| one.task_definition()));
        Self {
            name: service.service_name().unwrap_or_default().to_owned(),
            is_daemon,
            compute: Compute::of(strategy, launch_type),
            is_deploying: is_deploying(service),
            desired: i64::from(service.desired_count()),
            minimum_percent: percent(
                rules.and_then(|it| it.minimum_healthy_percent()),
                if is_daemon { 0 } else { 100 },
            ),
            maximum_percent: percent(
                rules.and_then(|it| it.maximum_percent()),
                if is_daemon { 100 } else { 200 },
            ),
            constraints: constraints.collect(),
            definition: definition.unwrap_or_default().to_owned(),
            target_groups,
        }
    }
}

/// The task set that serves, or else the only one.
fn primary(sets: &[types::TaskSet]) -> Option<&types::TaskSet> {
    let mut all = sets.iter();
    let primary = all.find(|one| one.status() == Some("PRIMARY"));
    primary.or(sets.first())
}

/// With ECS as controller a second deployment is the sign. CODE_DEPLOY and EXTERNAL have task sets
/// instead of deployments: a second one, or one that is not steady, is the sign.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskSet.html>
fn is_deploying(service: &types::Service) -> bool {
    let controller = service.deployment_controller().map(|one| one.r#type());
    if matches!(controller, None | Some(DeploymentControllerType::Ecs)) {
        return service.deployments().len() > 1;
    }
    let stabilizes =
        |one: &types::TaskSet| one.stability_status() == Some(&StabilityStatus::Stabilizing);
    service.task_sets().len() > 1 || service.task_sets().iter().any(stabilizes)
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::{DeploymentController, Service, TaskSet};

    use super::*;

    fn provider(name: &str) -> CapacityProviderStrategyItem {
        let item = CapacityProviderStrategyItem::builder().capacity_provider(name);
        item.build().expect("it has a name")
    }

    fn deployed_by(controller: DeploymentControllerType) -> DeploymentController {
        let built = DeploymentController::builder().r#type(controller).build();
        built.expect("it has a type")
    }

    #[test]
    fn a_strategy_comes_before_a_launch_type_and_ec2_is_the_default() {
        let of = |service: Service| ServiceSettings::of(&service).compute;
        assert_eq!(of(Service::builder().build()), Compute::Ec2);
        let ec2 = Service::builder().launch_type(LaunchType::Ec2).build();
        assert_eq!(of(ec2), Compute::Ec2);
        for (kind, name) in [
            (LaunchType::External, "EXTERNAL"),
            (LaunchType::Fargate, "FARGATE"),
            (LaunchType::ManagedInstances, "MANAGED_INSTANCES"),
        ] {
            let other = Service::builder().launch_type(kind).build();
            assert_eq!(of(other), Compute::LaunchType(name.to_owned()));
        }
        let two = Service::builder()
            .capacity_provider_strategy(provider("cp-a"))
            .capacity_provider_strategy(provider("FARGATE"))
            .build();
        let names = vec!["cp-a".to_owned(), "FARGATE".to_owned()];
        assert_eq!(of(two), Compute::Providers(names));
    }

    #[test]
    fn an_external_service_is_what_its_primary_task_set_is() {
        let set = |status: &str, definition: &str| {
            TaskSet::builder()
                .status(status)
                .task_definition(definition)
                .launch_type(LaunchType::Fargate)
        };
        let steady = set("PRIMARY", "arn:new").stability_status(StabilityStatus::SteadyState);
        let service = |sets: Vec<TaskSet>| {
            let service = Service::builder()
                .deployment_controller(deployed_by(DeploymentControllerType::External))
                .set_task_sets(Some(sets))
                .build();
            ServiceSettings::of(&service)
        };
        let one = service(vec![steady.clone().build()]);
        assert_eq!(one.definition, "arn:new");
        assert_eq!(one.compute, Compute::LaunchType("FARGATE".to_owned()));
        assert!(!one.is_deploying);
        let two = service(vec![set("ACTIVE", "arn:old").build(), steady.build()]);
        assert_eq!(two.definition, "arn:new");
        assert!(two.is_deploying);
        let begun = set("PRIMARY", "arn:new").stability_status(StabilityStatus::Stabilizing);
        assert!(service(vec![begun.build()]).is_deploying);
        assert!(!service(Vec::new()).is_deploying);
    }
}
