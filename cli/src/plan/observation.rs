//! What is there before a rollout.

mod group;
mod services;

use std::collections::BTreeMap;

use jiff::Timestamp;
use workers::Error;
use workers::model::cluster::Service as Counted;
use workers::model::{ClusterName, ProtectedTask, ServiceName, TaskArn};

use crate::aws::{
    Access, Aws, Capacity, Definition, Group, Hook, Machine, Parameter, ServiceSettings, Services,
    Stack, StartedTask, error_text, missing_group,
};
use crate::failure::Failure;
use crate::plan::ami::why_no_id;

pub use group::{Method, is_leaving};

/// The template's parameter that says how many instances are replaced at a time.
pub const BATCH_SIZE: &str = "BatchSize";

/// The deregistration delay of a target group that nobody has set, in seconds (documented).
const USUAL_DELAY: u64 = 300;

/// What the operator asks for.
#[derive(Debug, Clone, Default)]
pub struct PlanRequest {
    /// The AMI to roll to, if it is not the one in the parameter.
    pub ami: Option<String>,
    /// How many instances are to be replaced at a time, if not as many as the stack says.
    pub batch: Option<u32>,
}

/// What is there.
#[derive(Debug, Clone)]
pub struct Observation {
    /// Account, profile and Region.
    pub place: String,
    /// AWS's time.
    pub now: Timestamp,
    /// The stack.
    pub stack: Stack,
    /// Its cluster.
    pub cluster: String,
    /// What the SSM parameter that names the AMI holds now.
    pub ami: Option<Parameter>,
    /// The group.
    pub group: Group,
    /// What that may do.
    pub capacity: Capacity,
    /// Its hooks.
    pub hooks: Vec<Hook>,
    /// The cluster's instances.
    pub machines: Vec<Machine>,
    /// Its services.
    pub services: Vec<ServiceSettings>,
    /// The names of those that were deleted, and whose tasks ECS stops.
    pub draining_services: Vec<String>,
    /// The services' counts and rules, as the workers see them.
    pub counted: Vec<Counted>,
    /// The tasks that run.
    pub tasks: Vec<StartedTask>,
    /// Those that are protected from scale-in.
    pub protected: Vec<ProtectedTask>,
    /// Task definitions of services and of standalone tasks, by ARN.
    pub definitions: BTreeMap<String, Definition>,
    /// Deregistration delays in seconds, by target group.
    pub delays: BTreeMap<String, u64>,
}

impl PlanRequest {
    /// How many instances are replaced at a time.
    pub fn batch(&self, seen: &Observation) -> i64 {
        let of_stack = || seen.number(BATCH_SIZE, 1);
        self.batch.map_or_else(of_stack, i64::from).max(1)
    }

    /// What is to be rolled to: the AMI that was given, or whatever the parameter holds.
    pub fn wanted<'a>(&'a self, seen: &'a Observation) -> Option<&'a str> {
        let held = seen.ami.as_ref().map(|it| it.value.as_str());
        self.ami.as_deref().or(held)
    }

    /// The AMI that the rollout would bring; nothing if the parameter holds no AMI id.
    pub fn new_ami<'a>(&'a self, seen: &'a Observation) -> Option<&'a str> {
        self.wanted(seen).filter(|it| why_no_id(it).is_none())
    }
}

impl Observation {
    /// A parameter of the stack as a number.
    pub fn number(&self, name: &str, usual: i64) -> i64 {
        let value = self.stack.parameter(name);
        value.and_then(|value| value.parse().ok()).unwrap_or(usual)
    }

    /// A deadline of the template, in seconds.
    pub fn deadline(&self, name: &str) -> i64 {
        let usual = match name {
            "JoinDeadlineSeconds" => 900,
            _ => 3000,
        };
        self.number(name, usual)
    }

    /// A parameter of the stack.
    pub fn word<'a>(&'a self, name: &str, usual: &'a str) -> &'a str {
        self.stack.parameter(name).unwrap_or(usual)
    }

    /// The cluster's member that an instance is.
    pub fn machine(&self, instance: &str) -> Option<&Machine> {
        self.machines.iter().find(|one| one.id == instance)
    }

    /// The cluster's members that are instances of the group.
    pub fn own_machines(&self) -> impl Iterator<Item = &Machine> {
        let members = self.group.members.iter();
        members.filter_map(|member| self.machine(&member.id))
    }

    /// Running tasks that no service replaces, on the instances that an update finds in the group.
    pub fn standalone(&self) -> impl Iterator<Item = (&StartedTask, &Machine)> {
        self.standalone_tasks().filter_map(|task| {
            let mut staying = self.staying_machines();
            Some((task, staying.find(|machine| machine.arn == task.on)?))
        })
    }

    /// The same on the instances that are on their way out, or retained.
    pub fn standalone_leaving(&self) -> usize {
        let leaving = self.leaving().filter_map(|one| self.machine(&one.id));
        let leaving: Vec<&Machine> = leaving.collect();
        let alone = self.standalone_tasks();
        alone
            .filter(|task| leaving.iter().any(|machine| machine.arn == task.on))
            .count()
    }

    /// Whether a running task that no service replaces is on this instance.
    pub fn has_standalone(&self, instance: &str) -> bool {
        let machine = self.machine(instance);
        machine.is_some_and(|it| self.standalone_tasks().any(|task| task.on == it.arn))
    }

    fn standalone_tasks(&self) -> impl Iterator<Item = &StartedTask> {
        let all = self.tasks.iter();
        all.filter(|task| !task.group.starts_with("service:"))
    }

    /// The task definition of a service or a task.
    pub fn definition(&self, arn: &str) -> Option<&Definition> {
        self.definitions.get(arn)
    }

    /// The longest deregistration delay of a service's target groups, in seconds.
    pub fn delay(&self, service: &ServiceSettings) -> Option<u64> {
        let groups = service.target_groups.iter();
        let delays = groups.map(|group| self.delays.get(group).copied().unwrap_or(USUAL_DELAY));
        delays.max()
    }
}

/// Looks at all there is, and names what could not be looked at.
///
/// # Errors
/// If there is no such stack, no access to it, or no group.
pub async fn look(access: &Access, stack: &str) -> Result<(Observation, Vec<String>), Failure> {
    let aws = access.connect().await?;
    look_at(&aws, stack, &|| aws.now()).await
}

/// The same of an account, in which it is `now`.
///
/// # Errors
/// As [`look`].
pub async fn look_at(
    aws: &Aws,
    name: &str,
    now: &impl Fn() -> Timestamp,
) -> Result<(Observation, Vec<String>), Failure> {
    let stack = aws.stack(name).await?;
    let name = stack.group()?;
    // Before its hooks: of a group that is gone Auto Scaling refuses those without a code.
    let group = aws.group(&name).await;
    let group = group.map_err(|error| missing_group(&stack, error))?;
    Ok(seen(aws, stack, &name, group, now).await?)
}

async fn seen(
    aws: &Aws,
    stack: Stack,
    group: &str,
    found: Group,
    now: &impl Fn() -> Timestamp,
) -> Result<(Observation, Vec<String>), Error> {
    let mut unseen = Vec::new();
    let hooks = aws.all_hooks(group).await?;
    let named = hooks.iter().find_map(|hook| hook.ours.as_ref());
    let cluster = named.map(|ours| ours.cluster.as_str());
    let cluster = cluster.or(stack.parameter("EcsClusterName"));
    let cluster = cluster.unwrap_or(group).to_owned();
    let Services {
        active: services,
        draining: draining_services,
    } = aws.all_services(&cluster).await?;
    let tasks = aws.started_tasks(&cluster).await?;
    let (counted, protected) = counted(aws, &cluster, &services, &tasks).await?;
    Ok((
        Observation {
            place: aws.account(&stack.id),
            ami: aws.parameter(stack.ami_parameter()).await?,
            group: found,
            capacity: aws.capacity(group).await?,
            machines: aws.machines(&cluster).await?,
            definitions: definitions(aws, &services, &tasks).await?,
            delays: delays(aws, &services, &mut unseen).await?,
            now: now(),
            stack,
            cluster,
            hooks,
            services,
            draining_services,
            counted,
            tasks,
            protected,
        },
        unseen,
    ))
}

/// What the workers see of the services, and which tasks are protected.
async fn counted(
    aws: &Aws,
    cluster: &str,
    services: &[ServiceSettings],
    tasks: &[StartedTask],
) -> Result<(Vec<Counted>, Vec<ProtectedTask>), Error> {
    let (ecs, cluster) = (&aws.clients.ecs, ClusterName::new(cluster));
    let names = services.iter().map(|one| ServiceName::new(&one.name));
    let names: Vec<ServiceName> = names.collect();
    let of_services = tasks.iter().filter(|it| it.group.starts_with("service:"));
    let arns: Vec<TaskArn> = of_services.map(|it| TaskArn::new(&it.arn)).collect();
    let counted = ecs.services(&cluster, &names).await?;
    Ok((counted, ecs.protected(&cluster, &arns).await?))
}

async fn definitions(
    aws: &Aws,
    services: &[ServiceSettings],
    tasks: &[StartedTask],
) -> Result<BTreeMap<String, Definition>, Error> {
    let mut definitions = BTreeMap::new();
    let of_services = services.iter().map(|one| &one.definition);
    let alone = tasks.iter().filter(|it| !it.group.starts_with("service:"));
    for arn in of_services.chain(alone.map(|it| &it.definition)) {
        if !arn.is_empty() && !definitions.contains_key(arn) {
            definitions.insert(arn.clone(), aws.task_definition(arn).await?);
        }
    }
    Ok(definitions)
}

/// Nobody has to be allowed to look at load balancers: then the usual delay is taken, and said.
async fn delays(
    aws: &Aws,
    services: &[ServiceSettings],
    unseen: &mut Vec<String>,
) -> Result<BTreeMap<String, u64>, Error> {
    let mut delays = BTreeMap::new();
    for group in services.iter().flat_map(|one| &one.target_groups) {
        if delays.contains_key(group) {
            continue;
        }
        match aws.deregistration_delay(group).await {
            Ok(seconds) => {
                delays.insert(group.clone(), seconds);
            }
            Err(error @ Error::AccessDenied { .. }) => {
                let why = error_text(&error);
                unseen.push(format!(
                    "deregistration delays of load balancers, assumed to be {USUAL_DELAY} s: {why}"
                ));
                break;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(delays)
}
