//! Where the other tasks of a group are, and which instance is best by the placement strategy.

use std::collections::{BTreeMap, HashMap};

use super::super::cluster::Cluster;
use super::super::instance::{ContainerInstance, Status};
use super::{Demand, Field, Resource, Rules, Strategy};

/// Where the peers are: those that are to run, on instances that are ACTIVE. distinctInstance looks
/// at the desired status too
/// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/constraint-examples.html>).
#[derive(Default)]
pub(super) struct Peers<'a> {
    pub(super) on: HashMap<&'a str, u64>,
    /// Each step of the strategy, and, for a spread over an attribute, how many are with each of
    /// its values.
    steps: Vec<(Strategy, BTreeMap<&'a str, u64>)>,
}

/// Without a strategy a service spreads over zones
/// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html>).
///
/// assumption: and then over instances. Tasks of a service that share an instance while another one
/// of the zone has none prove it wrong.
fn strategy<'a>(rules: &'a Rules, default: &'a [Strategy]) -> &'a [Strategy] {
    if rules.strategy.is_empty() {
        default
    } else {
        &rules.strategy
    }
}

fn default_strategy() -> [Strategy; 2] {
    let zone = Field::Attribute("ecs.availability-zone".to_owned());
    [Strategy::Spread(zone), Strategy::Spread(Field::Instance)]
}

impl<'a> Peers<'a> {
    pub(super) fn count(cluster: &'a Cluster, demand: &Demand<'a>) -> Self {
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
            crowd.steps.push((step.clone(), values));
        }
        crowd
    }

    /// Puts how good `instance` is into `rank`: the lower, the better.
    pub(super) fn rank(
        &self,
        instance: &ContainerInstance,
        random: &mut fastrand::Rng,
        rank: &mut Vec<u64>,
    ) {
        rank.clear();
        rank.extend(self.steps.iter().map(|(step, values)| {
            match step {
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
            }
        }));
        // Ties are broken in the order of registration.
        rank.push(instance.number);
    }
}
