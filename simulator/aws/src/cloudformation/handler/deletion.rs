//! What is done to a resource that goes.

use serde_json::json;

use super::{ServiceRefusal, capacity, raw, record, workflow};
use crate::account::Account;
use crate::cloudformation::CLOUDFORMATION;
use crate::cloudformation::permissions;
use crate::cloudformation::resource_types::{
    ACTIVITY, ASSOCIATION, CAPACITY_PROVIDER, CLUSTER, FUNCTION, LAUNCH_TEMPLATE, RULE,
    STATE_MACHINE, WARM_POOL,
};
use crate::wire::ApiError;

/// Why a resource cannot be deleted now.
#[derive(Debug)]
pub struct NotDeleted {
    /// Whether something still uses it, so that it can be tried again.
    pub in_use: bool,
    /// As a stack event shows it.
    pub refusal: Box<ServiceRefusal>,
}

/// Deletes the resource `name` of the stack `id`.
///
/// # Errors
/// Why it cannot be deleted.
pub fn delete(account: &mut Account, id: &str, name: &str) -> Result<(), NotDeleted> {
    let resource = &account[CLOUDFORMATION].at(id).resources[name];
    let (kind, physical_id) = (resource.kind.name, resource.physical_id.clone());
    let properties = resource.properties.clone();
    let refused = |account: &mut Account, service: &str, error: ApiError| NotDeleted {
        in_use: error.code == "ResourceInUseException",
        refusal: record(account, service, error),
    };
    let calls = permissions::deletion(account, id, kind, &physical_id, &properties);
    if let Err((service, error)) = permissions::check(account, id, calls) {
        return Err(refused(account, &service, error));
    }
    let (service, action, input) = match kind {
        CLUSTER => ("ecs", "DeleteCluster", json!({"cluster": physical_id})),
        CAPACITY_PROVIDER => (
            "ecs",
            "DeleteCapacityProvider",
            json!({"capacityProvider": physical_id}),
        ),
        ASSOCIATION => {
            return capacity::dissociate(account, id, &physical_id)
                .map_err(|error| refused(account, "ecs", error));
        }
        LAUNCH_TEMPLATE => (
            "ec2",
            "DeleteLaunchTemplate",
            json!({"LaunchTemplateId": physical_id}),
        ),
        FUNCTION => (
            "lambda",
            "DeleteFunction",
            json!({"FunctionName": physical_id}),
        ),
        STATE_MACHINE => (
            "states",
            "DeleteStateMachine",
            json!({"stateMachineArn": physical_id}),
        ),
        ACTIVITY => (
            "states",
            "DeleteActivity",
            json!({"activityArn": physical_id}),
        ),
        RULE => {
            workflow::remove_targets(account, id, &properties, None, &physical_id)
                .map_err(|error| refused(account, "events", error))?;
            ("events", "DeleteRule", json!({"Name": physical_id}))
        }
        WARM_POOL => (
            "autoscaling",
            "DeleteWarmPool",
            json!({"AutoScalingGroupName": physical_id}),
        ),
        _ => return Ok(()),
    };
    raw(account, id, service, action, &input)
        .map(drop)
        .map_err(|error| refused(account, service, error))
}
