//! Placement: on which instance does a task go, and if on none, why not?

use std::collections::BTreeMap;

use serde_json::Value;

use super::cluster::Cluster;
use super::definition::{TaskDefinition, parse_member_of};
use super::filter::Expression;
use super::input::{Input, failure, invalid};
use super::instance::{ContainerInstance, InCluster, Status};
use super::task::Task;
use crate::wire::ApiError;

/// Placement constraints and strategy, as CreateService and RunTask give them.
#[derive(Debug, Clone, Default)]
pub(super) struct Rules {
    pub(super) distinct: bool,
    pub(super) member_of: Vec<Expression>,
    pub(super) strategy: Vec<Strategy>,
}

/// One step of a placement strategy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Strategy {
    /// Where the fewest tasks of the group are, by instance or by an attribute's value.
    Spread(Field),
    /// Where the least is left, of cpu or of memory.
    Binpack(Resource),
    /// Anywhere.
    Random,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Field {
    Instance,
    Attribute(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource {
    Cpu,
    Memory,
}

impl Rules {
    /// Reads `placementConstraints` and `placementStrategy`.
    pub(super) fn read(input: &Input<'_>) -> Result<Self, ApiError> {
        let mut rules = Self::default();
        for constraint in input.list("placementConstraints")? {
            match constraint["type"].as_str() {
                Some("distinctInstance") => rules.distinct = true,
                Some("memberOf") => rules.member_of.push(parse_member_of(constraint)?),
                _ => {
                    return Err(invalid(format!(
                        "Invalid placement constraint: {constraint}"
                    )));
                }
            }
        }
        let strategy = input.list("placementStrategy")?;
        rules.strategy = strategy
            .iter()
            .map(Strategy::read)
            .collect::<Result<_, _>>()?;
        Ok(rules)
    }
}

impl Strategy {
    fn read(step: &Value) -> Result<Self, ApiError> {
        let field = step["field"].as_str().unwrap_or_default();
        match (step["type"].as_str().unwrap_or_default(), field) {
            ("random", "") => Ok(Self::Random),
            ("spread", "instanceId" | "host") => Ok(Self::Spread(Field::Instance)),
            ("spread", field) if field.starts_with("attribute:") => Ok(Self::Spread(
                Field::Attribute(field["attribute:".len()..].to_owned()),
            )),
            ("binpack", "cpu" | "CPU") => Ok(Self::Binpack(Resource::Cpu)),
            ("binpack", "memory" | "MEMORY") => Ok(Self::Binpack(Resource::Memory)),
            _ => Err(invalid(format!("Invalid placement strategy: {step}"))),
        }
    }
}

/// What is to be placed.
pub(super) struct Demand<'a> {
    pub(super) definition: &'a TaskDefinition,
    pub(super) rules: &'a Rules,
    /// The tasks of the same group, for spreading and for distinctInstance.
    pub(super) peers: Vec<&'a Task>,
}

/// Why nothing was found: the instance that came closest, if there is any, and what it lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unplaced {
    pub(super) closest: Option<(String, Lack)>,
}

/// What an instance lacks, in the order in which it is looked at: the later the lack, the closer the instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lack {
    Agent,
    MemberOf,
    Distinct,
    Ports,
    Cpu,
    Memory,
}

impl Unplaced {
    /// The service event's text, after the service's name.
    pub(super) fn message(&self) -> String {
        let why = match &self.closest {
            None => "Reason: No Container Instances were found in your cluster.".to_owned(),
            Some((instance, lack)) => {
                let lack = match lack {
                    Lack::Agent => "encountered error \"AGENT\"",
                    Lack::MemberOf => {
                        "encountered error \"MemberOf placement constraint unsatisfied.\""
                    }
                    Lack::Distinct => {
                        "encountered error \"DistinctInstance placement constraint unsatisfied.\""
                    }
                    Lack::Ports => "is already using a port required by your task",
                    Lack::Cpu => "has insufficient CPU units available",
                    Lack::Memory => "has insufficient memory available",
                };
                format!("The closest matching (container-instance {instance}) {lack}.")
            }
        };
        format!(
            "was unable to place a task because no container instance met all of its requirements. {why} For more \
             information, see the Troubleshooting section of the Amazon ECS Developer Guide."
        )
    }

    /// The failure that RunTask answers.
    pub(super) fn failure(&self, cluster: &Cluster) -> Value {
        let (id, reason) = match &self.closest {
            None => ("", "No Container Instances were found in your cluster."),
            Some((id, lack)) => {
                let reason = match lack {
                    Lack::Agent => "AGENT",
                    Lack::MemberOf => "MemberOf placement constraint unsatisfied.",
                    Lack::Distinct => "DistinctInstance placement constraint unsatisfied.",
                    Lack::Ports => "RESOURCE:PORTS",
                    Lack::Cpu => "RESOURCE:CPU",
                    Lack::Memory => "RESOURCE:MEMORY",
                };
                (id.as_str(), reason)
            }
        };
        failure(&cluster.arn_of("container-instance", id), reason, None)
    }
}

/// The id of the instance on which a task of `demand` goes.
///
/// # Errors
/// The instance that came closest, and what it lacks.
pub(super) fn find(
    cluster: &Cluster,
    demand: &Demand<'_>,
    random: &mut fastrand::Rng,
) -> Result<String, Unplaced> {
    let crowd = Crowd::count(cluster, demand);
    let mut best: Option<(Vec<u64>, &ContainerInstance)> = None;
    let mut closest: Option<(Lack, &ContainerInstance)> = None;
    for instance in cluster
        .instances
        .values()
        .filter(|instance| instance.status == Status::Active)
    {
        match lack(cluster, demand, &crowd, instance) {
            None => {
                let mut rank = crowd.rank(demand, instance, random);
                rank.push(instance.number);
                if best.as_ref().is_none_or(|(least, _)| rank < *least) {
                    best = Some((rank, instance));
                }
            }
            Some(lack) => {
                let nearer = |(known, other): &(Lack, &ContainerInstance)| {
                    (lack, other.number) > (*known, instance.number)
                };
                if closest.as_ref().is_none_or(nearer) {
                    closest = Some((lack, instance));
                }
            }
        }
    }
    match best {
        Some((_, instance)) => Ok(instance.id.clone()),
        None => Err(Unplaced {
            closest: closest.map(|(lack, instance)| (instance.id.clone(), lack)),
        }),
    }
}

/// Whether a task of `demand` can go on this very instance, and if not, what it lacks.
pub(super) fn fits(
    cluster: &Cluster,
    demand: &Demand<'_>,
    instance: &ContainerInstance,
) -> Result<(), Unplaced> {
    match lack(cluster, demand, &Crowd::default(), instance) {
        None => Ok(()),
        Some(lack) => Err(Unplaced {
            closest: Some((instance.id.clone(), lack)),
        }),
    }
}

/// Whether the constraints of `demand` mean `instance`, whatever room it has.
pub(super) fn eligible(
    cluster: &Cluster,
    demand: &Demand<'_>,
    instance: &ContainerInstance,
) -> bool {
    let asked = InCluster(instance, cluster);
    let mut constraints = demand
        .rules
        .member_of
        .iter()
        .chain(&demand.definition.constraints);
    constraints.all(|constraint| constraint.holds(&asked))
}

fn lack(
    cluster: &Cluster,
    demand: &Demand<'_>,
    crowd: &Crowd<'_>,
    instance: &ContainerInstance,
) -> Option<Lack> {
    let definition = demand.definition;
    let mut ports = definition
        .containers
        .iter()
        .flat_map(|container| &container.ports);
    if !instance.agent_connected {
        Some(Lack::Agent)
    } else if !eligible(cluster, demand, instance) {
        Some(Lack::MemberOf)
    } else if demand.rules.distinct && crowd.on.contains_key(instance.id.as_str()) {
        Some(Lack::Distinct)
    } else if ports
        .any(|port| port.host != 0 && instance.ports.contains(&(port.protocol.clone(), port.host)))
    {
        Some(Lack::Ports)
    } else if instance.used_cpu + definition.cpu > instance.cpu {
        Some(Lack::Cpu)
    } else if instance.used_memory + definition.memory > instance.memory {
        Some(Lack::Memory)
    } else {
        None
    }
}

/// Where the peers are: those that are to run, on instances that are ACTIVE. (distinctInstance looks at the desired
/// status too, as documented.)
#[derive(Default)]
struct Crowd<'a> {
    on: BTreeMap<&'a str, u64>,
    by_value: Vec<BTreeMap<&'a str, u64>>,
}

/// Without a strategy a service spreads over zones, and then over instances, as documented.
fn strategy<'a>(rules: &'a Rules, default: &'a [Strategy]) -> &'a [Strategy] {
    match rules.strategy.is_empty() {
        true => default,
        false => &rules.strategy,
    }
}

fn default_strategy() -> [Strategy; 2] {
    let zone = Field::Attribute("ecs.availability-zone".to_owned());
    [Strategy::Spread(zone), Strategy::Spread(Field::Instance)]
}

impl<'a> Crowd<'a> {
    fn count(cluster: &'a Cluster, demand: &Demand<'a>) -> Self {
        let mut crowd = Self::default();
        for task in demand.peers.iter().filter(|task| task.wanted) {
            *crowd.on.entry(task.instance.as_str()).or_default() += 1;
        }
        let default = default_strategy();
        for step in strategy(demand.rules, &default) {
            let mut values = BTreeMap::new();
            if let Strategy::Spread(Field::Attribute(name)) = step {
                for (id, count) in &crowd.on {
                    let instance = cluster.instances.get(*id);
                    let active = instance.filter(|instance| instance.status == Status::Active);
                    if let Some(value) = active.and_then(|instance| instance.attribute(name)) {
                        *values.entry(value).or_default() += count;
                    }
                }
            }
            crowd.by_value.push(values);
        }
        crowd
    }

    /// The lower, the better.
    fn rank(
        &self,
        demand: &Demand<'_>,
        instance: &ContainerInstance,
        random: &mut fastrand::Rng,
    ) -> Vec<u64> {
        let default = default_strategy();
        let steps = strategy(demand.rules, &default).iter().zip(&self.by_value);
        steps
            .map(|(step, values)| match step {
                Strategy::Spread(Field::Instance) => {
                    self.on.get(instance.id.as_str()).copied().unwrap_or(0)
                }
                Strategy::Spread(Field::Attribute(name)) => instance
                    .attribute(name)
                    .and_then(|value| values.get(value))
                    .copied()
                    .unwrap_or(0),
                Strategy::Binpack(Resource::Cpu) => instance.cpu - instance.used_cpu,
                Strategy::Binpack(Resource::Memory) => instance.memory - instance.used_memory,
                Strategy::Random => random.u64(..),
            })
            .collect()
    }
}
