//! AWS::ECS::Cluster.

use serde_json::json;

use super::{Handler, ResourceType};
use crate::account::{Account, arn};
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::handler::{
    CreatedResource, DesiredResource, ExistingResource, NotDeleted, ask, lower_camel, name,
};
use crate::cloudformation::permissions::{Calls, Subject, Verb, each};

/// An ECS cluster.
pub static CLUSTER: ResourceType = ResourceType {
    name: "AWS::ECS::Cluster",
    name_property: Some("ClusterName"),
    required: &[],
    optional: &["ClusterName", "ClusterSettings", "Configuration", "Tags"],
    fixed: &["ClusterName", "ClusterSettings", "Configuration", "Tags"],
    attributes: &["Arn"],
    handler: &Cluster,
};

#[derive(Debug)]
struct Cluster;

impl Handler for Cluster {
    fn create(
        &self,
        account: &mut Account,
        desired: &DesiredResource,
    ) -> Result<CreatedResource, ResourceError> {
        let name = name(account, desired);
        let mut input = json!({"clusterName": name});
        for (property, member) in [
            ("ClusterSettings", "settings"),
            ("Configuration", "configuration"),
            ("Tags", "tags"),
        ] {
            if let Some(value) = desired.properties.get(property) {
                input[member] = lower_camel(value);
            }
        }
        ask(account, &desired.stack_id, "ecs", "CreateCluster", &input)?;
        let arn = arn("ecs", &format!("cluster/{name}"));
        Ok(CreatedResource::new(name, [("Arn", arn.into())]))
    }

    fn delete(&self, account: &mut Account, existing: &ExistingResource) -> Result<(), NotDeleted> {
        let input = json!({"cluster": existing.physical_id});
        existing.delete_by(account, "ecs", "DeleteCluster", &input)
    }

    fn permissions(&self, _: &Verb<'_>, subject: &Subject<'_>) -> Calls {
        let input = json!({"clusters": [subject.name]});
        Ok(each("ecs", &["DescribeClusters"], &input))
    }
}
