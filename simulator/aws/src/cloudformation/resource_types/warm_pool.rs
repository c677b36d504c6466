//! AWS::AutoScaling::WarmPool: the warm pool of a group.

use serde_json::{Value, json};

use super::{Handler, ResourceType};
use crate::account::Account;
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::evaluate::ResolvedResource;
use crate::cloudformation::handler::{
    CreatedResource, DesiredResource, ExistingResource, NotDeleted, ask,
};
use crate::cloudformation::node::{scalar_text, whole_number};
use crate::cloudformation::permissions::{Calls, Subject, Verb, each};

/// The warm pool of a group.
pub static WARM_POOL: ResourceType = ResourceType {
    name: "AWS::AutoScaling::WarmPool",
    name_property: Some("AutoScalingGroupName"),
    required: &["AutoScalingGroupName"],
    optional: &[
        "InstanceReusePolicy",
        "MaxGroupPreparedCapacity",
        "MinSize",
        "PoolState",
    ],
    fixed: &["AutoScalingGroupName"],
    attributes: &[],
    handler: &WarmPool,
};

/// assumption: CloudFormation waits neither until the pool is full nor, when it is deleted, until
/// it is empty. The times of such a stack's events prove it.
#[derive(Debug)]
struct WarmPool;

impl Handler for WarmPool {
    fn create(
        &self,
        account: &mut Account,
        desired: &DesiredResource,
    ) -> Result<CreatedResource, ResourceError> {
        put(account, desired)?;
        // Documented: Ref answers the name of the group.
        let group = scalar_text(&desired.properties["AutoScalingGroupName"]);
        Ok(CreatedResource::new(group, []))
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

    fn delete(&self, account: &mut Account, existing: &ExistingResource) -> Result<(), NotDeleted> {
        let input = json!({"AutoScalingGroupName": existing.physical_id});
        existing.delete_by(account, "autoscaling", "DeleteWarmPool", &input)
    }

    fn permissions(&self, _: &Verb<'_>, _: &Subject<'_>) -> Calls {
        let reads = ["DescribeAutoScalingGroups", "DescribeWarmPool"];
        Ok(each("autoscaling", &reads, &json!({})))
    }
}

/// Gives the group its warm pool, or changes it.
fn put(account: &mut Account, desired: &DesiredResource) -> Result<(), ResourceError> {
    let mut input = desired.properties.clone();
    for size in ["MinSize", "MaxGroupPreparedCapacity"] {
        if let Some(number) = input.get(size).and_then(whole_number) {
            input[size] = Value::from(number);
        }
    }
    let stack = &desired.stack_id;
    ask(account, stack, "autoscaling", "PutWarmPool", &input).map(drop)
}
