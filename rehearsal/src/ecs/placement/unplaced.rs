//! Why a task found no place, in AWS's words.

use serde_json::{Value, json};

use super::super::cluster::Cluster;
use super::super::input::failure;

/// Why nothing was found: the instance that came closest, if there is any, and what it lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ecs) struct Unplaced {
    pub(in crate::ecs) closest: Option<(String, Lack)>,
}

/// What an instance lacks, in the order in which it is looked at: the later the lack, the closer the instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::ecs) enum Lack {
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
    pub(in crate::ecs) fn failure(&self, cluster: &Cluster) -> Value {
        let Some((id, lack)) = &self.closest else {
            return json!({"reason": "No Container Instances were found in your cluster."});
        };
        let reason = match lack {
            Lack::Agent => "AGENT",
            Lack::MemberOf => "MemberOf placement constraint unsatisfied.",
            Lack::Distinct => "DistinctInstance placement constraint unsatisfied.",
            Lack::Ports => "RESOURCE:PORTS",
            Lack::Cpu => "RESOURCE:CPU",
            Lack::Memory => "RESOURCE:MEMORY",
        };
        failure(&cluster.arn_of("container-instance", id), reason)
    }
}
