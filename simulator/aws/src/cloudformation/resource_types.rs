//! The resource types that the account in memory knows: each in a file of its own, with its schema
//! and its handler.
//!
//! A schema has exactly the properties and attributes that the account knows of a type: whatever
//! else a template says is refused, never ignored.
//!
//! assumption: what Ref and GetAtt answer, after each type's page in the Template Reference. The
//! outputs of a stack on AWS prove it.

mod activity;
mod alarm;
mod capacity_provider;
mod capacity_provider_associations;
mod cluster;
mod dashboard;
mod function;
pub mod group;
mod iam_policy;
mod identity;
mod instance_profile;
mod lambda_permission;
mod launch_template;
mod log_group;
mod managed_policy;
pub mod nested_stack;
mod queue;
mod queue_policy;
mod role;
mod rule;
mod state_machine;
mod subscription;
mod topic;
mod topic_policy;
mod warm_pool;

use super::handler::Handler;

pub use log_group::log_group_arns;
pub use managed_policy::managed_policies;
pub use role::role_policies;

/// Every type that is known, in the order in which a refusal lists them.
pub static RESOURCE_TYPES: &[&ResourceType] = &[
    &cluster::CLUSTER,
    &capacity_provider::CAPACITY_PROVIDER,
    &capacity_provider_associations::CAPACITY_PROVIDER_ASSOCIATIONS,
    &launch_template::LAUNCH_TEMPLATE,
    &group::GROUP,
    &warm_pool::WARM_POOL,
    &nested_stack::NESTED_STACK,
    &function::FUNCTION,
    &state_machine::STATE_MACHINE,
    &activity::ACTIVITY,
    &rule::RULE,
    &lambda_permission::LAMBDA_PERMISSION,
    &role::ROLE,
    &iam_policy::IAM_POLICY,
    &managed_policy::MANAGED_POLICY,
    &instance_profile::INSTANCE_PROFILE,
    &log_group::LOG_GROUP,
    &queue::QUEUE,
    &queue_policy::QUEUE_POLICY,
    &alarm::ALARM,
    &dashboard::DASHBOARD,
    &topic::TOPIC,
    &topic_policy::TOPIC_POLICY,
    &subscription::SUBSCRIPTION,
];

/// A resource type: its schema and its handler.
#[derive(Debug)]
pub struct ResourceType {
    /// Such as `AWS::ECS::Cluster`.
    pub name: &'static str,
    /// The property that names a resource of this type, where there is one.
    pub name_property: Option<&'static str>,
    /// The properties that must be there.
    pub required: &'static [&'static str],
    /// The properties that may be there.
    pub optional: &'static [&'static str],
    /// The properties whose change means another resource in its place, which the account in memory
    /// does not do.
    pub fixed: &'static [&'static str],
    /// What GetAtt knows.
    pub attributes: &'static [&'static str],
    /// What is done to resources of this type.
    pub handler: &'static dyn Handler,
}

impl PartialEq for ResourceType {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for ResourceType {}

impl ResourceType {
    /// The type called `name`.
    pub fn named(name: &str) -> Option<&'static Self> {
        RESOURCE_TYPES
            .iter()
            .copied()
            .find(|known| known.name == name)
    }

    /// Whether `property` is known.
    pub fn has_property(&self, property: &str) -> bool {
        self.required.contains(&property) || self.optional.contains(&property)
    }

    /// Whether GetAtt knows `attribute`.
    pub fn has_attribute(&self, attribute: &str) -> bool {
        self.attributes.contains(&attribute) || self.handler.has_attribute(attribute)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_schemas_agree_with_themselves() {
        for known in RESOURCE_TYPES {
            let of_name = |other: &&&ResourceType| other.name == known.name;
            assert_eq!(
                RESOURCE_TYPES.iter().filter(of_name).count(),
                1,
                "{known:?}"
            );
            let named = known.fixed.iter().chain(known.name_property.as_ref());
            for property in named {
                assert!(known.has_property(property), "{}: {property}", known.name);
            }
            let twice = |property| known.required.contains(property);
            assert!(!known.optional.iter().any(twice), "{}", known.name);
        }
    }
}
