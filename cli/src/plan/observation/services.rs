//! Which services a rollout concerns: those whose tasks run on the group's instances.

use super::Observation;
use crate::aws::{Compute, ServiceSettings};

/// A service that a rollout leaves alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut<'a> {
    /// The service.
    pub service: &'a ServiceSettings,
    /// Where its tasks run.
    pub compute: String,
}

impl Observation {
    /// Whether a service has tasks on the group's instances, or may get some. A task that runs
    /// there now is proof, whatever the service says of the tasks that it starts next.
    pub fn concerns(&self, service: &ServiceSettings) -> bool {
        let may = match &service.compute {
            Compute::Ec2 => true,
            Compute::LaunchType(_) => false,
            Compute::Providers(names) => names.iter().any(|name| self.is_own_provider(name)),
        };
        may || self.has_tasks_here(service)
    }

    /// The services that a rollout concerns.
    pub fn concerned(&self) -> impl Iterator<Item = &ServiceSettings> {
        self.services.iter().filter(|one| self.concerns(one))
    }

    /// Those of them whose tasks have to move.
    pub fn moving_services(&self) -> impl Iterator<Item = &ServiceSettings> {
        let those = self.concerned();
        those.filter(|one| !one.is_daemon && one.desired > 0)
    }

    /// The services that a rollout leaves alone, and why.
    pub fn left_out(&self) -> impl Iterator<Item = LeftOut<'_>> {
        let others = self.services.iter().filter(|one| !self.concerns(one));
        others.map(|service| LeftOut {
            service,
            compute: match &service.compute {
                Compute::Ec2 => "launch type EC2".to_owned(),
                Compute::LaunchType(name) => format!("launch type {name}"),
                Compute::Providers(names) if names.len() == 1 => {
                    format!("capacity provider {}", names[0])
                }
                Compute::Providers(names) => format!("capacity providers {}", names.join(", ")),
            },
        })
    }

    /// Whether a capacity provider is the group's: the one that the template makes, or one that its
    /// instances belong to.
    pub fn is_own_provider(&self, name: &str) -> bool {
        let made = self.word("CapacityProvider", "DISABLED") == "ENABLED"
            && name.strip_prefix("cp-") == Some(self.cluster.as_str());
        let mut own = self.own_machines();
        made || own.any(|machine| machine.provider.as_deref() == Some(name))
    }

    fn has_tasks_here(&self, service: &ServiceSettings) -> bool {
        let mut tasks = self.tasks.iter();
        tasks.any(|task| {
            let of_it = task.group.strip_prefix("service:") == Some(service.name.as_str());
            of_it && self.own_machines().any(|machine| machine.arn == task.on)
        })
    }
}
