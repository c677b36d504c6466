//! Why a task found no place, in AWS's words.

use serde_json::{Value, json};

use super::super::cluster::Cluster;
use super::super::input::failure;

/// Why nothing was found: the instance that came closest, if there is any, and what it lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ecs) struct Unplaced {
    pub(in crate::ecs) closest: Option<(String, Shortage)>,
}

/// What an instance lacks, in the order in which it is looked at: the later the lack, the closer
/// the instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::ecs) enum Shortage {
    Agent,
    MemberOf,
    Distinct,
    Ports,
    Cpu,
    Memory,
}

impl Unplaced {
    /// The service event's text, after the service's name.
    pub(in crate::ecs) fn message(&self) -> String {
        let why = match &self.closest {
            None => "Reason: No Container Instances were found in your cluster.".to_owned(),
            Some((instance, lack)) => {
                let lack = match lack {
                    Shortage::Agent => "encountered error \"AGENT\"",
                    Shortage::MemberOf => {
                        "encountered error \"MemberOf placement constraint unsatisfied.\""
                    }
                    Shortage::Distinct => {
                        "encountered error \"DistinctInstance placement constraint unsatisfied.\""
                    }
                    Shortage::Ports => "is already using a port required by your task",
                    Shortage::Cpu => "has insufficient CPU units available",
                    Shortage::Memory => "has insufficient memory available",
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
    pub(in crate::ecs) fn failure(&self, cluster: &Cluster) -> Value {
        let Some((id, lack)) = &self.closest else {
            return json!({"reason": "No Container Instances were found in your cluster."});
        };
        let reason = match lack {
            Shortage::Agent => "AGENT",
            Shortage::MemberOf => "MemberOf placement constraint unsatisfied.",
            Shortage::Distinct => "DistinctInstance placement constraint unsatisfied.",
            Shortage::Ports => "RESOURCE:PORTS",
            Shortage::Cpu => "RESOURCE:CPU",
            Shortage::Memory => "RESOURCE:MEMORY",
        };
        failure(&cluster.arn_of("container-instance", id), reason)
    }
}
