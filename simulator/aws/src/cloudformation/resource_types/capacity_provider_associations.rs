//! AWS::ECS::ClusterCapacityProviderAssociations: which capacity providers a cluster has.

use serde_json::{Value, json};

use super::{Handler, ResourceType};
use crate::account::Account;
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::evaluate::ResolvedResource;
use crate::cloudformation::handler::{
    CreatedResource, DesiredResource, ExistingResource, NotDeleted, ask, lower_camel, numbers, raw,
};
use crate::cloudformation::node::scalar_text;
use crate::cloudformation::permissions::{Calls, Subject, Verb, each};

/// Which capacity providers a cluster has.
pub static CAPACITY_PROVIDER_ASSOCIATIONS: ResourceType = ResourceType {
    name: "AWS::ECS::ClusterCapacityProviderAssociations",
    name_property: None,
    required: &[
        "CapacityProviders",
        "Cluster",
        "DefaultCapacityProviderStrategy",
    ],
    optional: &[],
    fixed: &["Cluster"],
    attributes: &[],
    handler: &CapacityProviderAssociations,
};

#[derive(Debug)]
struct CapacityProviderAssociations;

impl Handler for CapacityProviderAssociations {
    fn create(
        &self,
        account: &mut Account,
        desired: &DesiredResource,
    ) -> Result<CreatedResource, ResourceError> {
        put(account, desired)?;
        let cluster = desired.properties["Cluster"].as_str().unwrap_or_default();
        Ok(CreatedResource::new(cluster, []))
    }

    fn update(
        &self,
        account: &mut Account,
        desired: &DesiredResource,
        _: &Value,
        known: ResolvedResource,
    ) -> Result<ResolvedResource, ResourceError> {
        put(account, desired).map(|()| known)
    }

    /// Leaves the cluster without capacity providers.
    fn delete(&self, account: &mut Account, existing: &ExistingResource) -> Result<(), NotDeleted> {
        let (stack, cluster) = (&existing.stack_id, &existing.physical_id);
        let input = json!({
            "cluster": cluster, "capacityProviders": [], "defaultCapacityProviderStrategy": [],
        });
        match raw(account, stack, "ecs", "PutClusterCapacityProviders", &input) {
            // What it belonged to is gone, and it with it.
            Err(error) if error.code == "ClusterNotFoundException" => Ok(()),
            Err(error) => Err(NotDeleted::new(account, "ecs", error)),
            Ok(_) => Ok(()),
        }
    }

    fn permissions(&self, _: &Verb<'_>, subject: &Subject<'_>) -> Calls {
        let cluster = subject.properties.get("Cluster").map(scalar_text);
        let cluster = cluster.unwrap_or_else(|| subject.name.to_owned());
        let input = json!({"clusters": [cluster]});
        Ok(each("ecs", &["DescribeClusters"], &input))
    }
}

/// Gives the cluster its capacity providers.
fn put(account: &mut Account, desired: &DesiredResource) -> Result<(), ResourceError> {
    let given = &desired.properties;
    let strategy = lower_camel(&given["DefaultCapacityProviderStrategy"]);
    let input = json!({
        "cluster": given["Cluster"],
        "capacityProviders": given["CapacityProviders"],
        "defaultCapacityProviderStrategy": numbers(&strategy),
    });
    let stack = &desired.stack_id;
    ask(account, stack, "ecs", "PutClusterCapacityProviders", &input).map(drop)
}
