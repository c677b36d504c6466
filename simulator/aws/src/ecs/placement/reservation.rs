//! What instances keep free for daemons. ECS "reserves container instance compute resources
//! including CPU, memory, and network interfaces for the daemon tasks"
//! (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_services.html>, Daemon
//! strategy): other tasks get what is left.

use std::collections::BTreeSet;

use super::super::cluster::Cluster;
use super::super::instance::{ContainerInstance, Status};
use super::{Demand, eligible};

/// The daemons that lack a task on some ACTIVE instance.
pub(super) struct Reservation<'a> {
    daemons: Vec<(Demand<'a>, BTreeSet<&'a str>)>,
}

/// What one instance keeps free.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reserved {
    /// CPU units.
    pub(super) cpu: u64,
    /// MiB.
    pub(super) memory: u64,
}

impl<'a> Reservation<'a> {
    pub(super) fn of(cluster: &'a Cluster) -> Self {
        let instances = cluster.instances.values();
        let active = instances.filter(|it| it.status == Status::Active).count();
        let daemons = cluster.services.values().filter(|service| {
            service.daemon && service.active() && service.tasks(cluster).count() < active
        });
        let daemons = daemons.map(|service| {
            let demand = Demand {
                definition: &service.primary().definition,
                rules: &service.rules,
                provider: None,
                peers: Vec::new(),
            };
            let on = service.tasks(cluster).map(|task| task.instance.as_str());
            (demand, on.collect())
        });
        Self {
            daemons: daemons.collect(),
        }
    }

    /// What an instance keeps free.
    pub(super) fn on(&self, cluster: &Cluster, instance: &ContainerInstance) -> Reserved {
        let lacking = self.daemons.iter().filter(|(demand, on)| {
            let definition = demand.definition;
            // assumption: nothing is kept free for a task that could never go there. An instance
            // with free resources that takes no task proves it wrong.
            let can_fit = definition.cpu <= instance.cpu && definition.memory <= instance.memory;
            can_fit && !on.contains(instance.id.as_str()) && eligible(cluster, demand, instance)
        });
        lacking.fold(Reserved::default(), |reserved, (demand, _)| Reserved {
            cpu: reserved.cpu + demand.definition.cpu,
            memory: reserved.memory + demand.definition.memory,
        })
    }
}
