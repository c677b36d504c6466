//! An instance as it is described.

use serde_json::{Value, json};

use super::super::cluster::Cluster;
use super::{ContainerInstance, machine, running_count};

/// The members that real answers carry.
pub(super) fn described(cluster: &Cluster, instance: &ContainerInstance) -> Value {
    let pending = cluster
        .tasks_of(&instance.live)
        .filter(|task| task.pending())
        .count();
    let attributes: Vec<Value> = instance
        .attributes
        .iter()
        .map(|(name, value)| match value {
            Some(value) => json!({"name": name, "value": value}),
            None => json!({"name": name}),
        })
        .collect();
    let mut described = json!({
        "containerInstanceArn": instance.arn,
        "ec2InstanceId": instance.ec2,
        "version": instance.version,
        "versionInfo": {
            "agentVersion": machine::AGENT_VERSION,
            "agentHash": machine::AGENT_HASH,
            "dockerVersion": machine::DOCKER_VERSION,
        },
        "remainingResources": machine::resources(instance, true),
        "registeredResources": machine::resources(instance, false),
        "status": instance.status.name(),
        "agentConnected": instance.agent_connected,
        "runningTasksCount": running_count(cluster, instance),
        "pendingTasksCount": pending,
        "attributes": attributes,
        "registeredAt": instance.registered_at.to_string(),
        "attachments": [],
        "tags": [],
    });
    if let Some(provider) = &instance.provider {
        described["capacityProviderName"] = provider.as_str().into();
    }
    described
}
