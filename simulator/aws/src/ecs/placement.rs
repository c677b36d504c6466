//! Placement: on which instance does a task go, and if on none, why not?

mod peers;
mod reservation;
mod unplaced;

use serde_json::Value;

use super::cluster::Cluster;
use super::definition::{TaskDefinition, parse_member_of};
use super::filter::Expression;
use super::input::invalid;
use super::instance::{ContainerInstance, InCluster, Status};
use super::task::Task;
use crate::wire::ApiError;
use peers::Peers;
use reservation::{Reservation, Reserved};
pub(super) use unplaced::{Shortage, Unplaced};

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
    pub(super) fn read(constraints: &[Value], strategy: &[Value]) -> Result<Self, ApiError> {
        let mut rules = Self::default();
        for constraint in constraints {
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
    /// The capacity provider from which it takes its instance, if it does.
    pub(super) provider: Option<&'a str>,
    /// The tasks of the same group, for spreading and for distinctInstance.
    pub(super) peers: Vec<&'a Task>,
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
    let crowd = Peers::count(cluster, demand);
    let reservation = Reservation::of(cluster);
    let mut best: Option<&ContainerInstance> = None;
    let (mut least, mut rank) = (Vec::new(), Vec::new());
    let mut closest: Option<(Shortage, &ContainerInstance)> = None;
    let serves = |instance: &&ContainerInstance| {
        let provider = instance.provider.as_deref();
        instance.status == Status::Active
            && (demand.provider.is_none() || demand.provider == provider)
    };
    for instance in cluster.instances.values().filter(serves) {
        let reserved = reservation.on(cluster, instance);
        match lack(cluster, demand, &crowd, instance, reserved) {
            None => {
                crowd.rank(instance, random, &mut rank);
                if best.is_none() || rank < least {
                    best = Some(instance);
                    std::mem::swap(&mut least, &mut rank);
                }
            }
            Some(lack) => {
                let is_nearer = closest
                    .as_ref()
                    .is_none_or(|(known, other)| (lack, other.number) > (*known, instance.number));
                if is_nearer {
                    closest = Some((lack, instance));
                }
            }
        }
    }
    match best {
        Some(instance) => Ok(instance.id.clone()),
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
    match lack(
        cluster,
        demand,
        &Peers::default(),
        instance,
        Reserved::default(),
    ) {
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
    crowd: &Peers<'_>,
    instance: &ContainerInstance,
    reserved: Reserved,
) -> Option<Shortage> {
    let definition = demand.definition;
    let mut ports = definition
        .containers
        .iter()
        .flat_map(|container| &container.ports);
    if !instance.agent_connected {
        Some(Shortage::Agent)
    } else if !eligible(cluster, demand, instance) {
        Some(Shortage::MemberOf)
    } else if demand.rules.distinct && crowd.on.contains_key(instance.id.as_str()) {
        Some(Shortage::Distinct)
    } else if ports
        .any(|port| port.host != 0 && instance.ports.contains(&(port.protocol.clone(), port.host)))
    {
        Some(Shortage::Ports)
    } else if instance.used_cpu + reserved.cpu + definition.cpu > instance.cpu {
        Some(Shortage::Cpu)
    } else if instance.used_memory + reserved.memory + definition.memory > instance.memory {
        Some(Shortage::Memory)
    } else {
        None
    }
}
