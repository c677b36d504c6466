//! The resource types that the account in memory knows, with exactly the properties and attributes
//! that it knows of each: whatever else a template says is refused, never ignored.

pub mod group;
pub mod nested_stack;
mod table;

pub use table::KINDS;

/// A resource type.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Such as `AWS::ECS::Cluster`.
    pub name: &'static str,
    /// The properties that must be there.
    pub required: &'static [&'static str],
    /// The properties that may be there.
    pub optional: &'static [&'static str],
    /// The properties whose change means another resource in its place, which the account in memory
    /// does not do.
    pub fixed: &'static [&'static str],
    /// What GetAtt knows.
    pub attributes: &'static [&'static str],
}

impl Kind {
    /// The type called `name`.
    pub fn named(name: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.name == name)
    }

    /// Whether `property` is known.
    pub fn has_property(&self, property: &str) -> bool {
        self.required.contains(&property) || self.optional.contains(&property)
    }

    /// The property that names a resource of this type, where there is one.
    pub fn name_property(&self) -> Option<&'static str> {
        Some(match self.name {
            CLUSTER => "ClusterName",
            CAPACITY_PROVIDER | RULE | ACTIVITY => "Name",
            LAUNCH_TEMPLATE => "LaunchTemplateName",
            GROUP | WARM_POOL => "AutoScalingGroupName",
            FUNCTION => "FunctionName",
            STATE_MACHINE => "StateMachineName",
            DASHBOARD => "DashboardName",
            _ => return None,
        })
    }

    /// Whether the account in memory makes resources of this type by calls; otherwise it just keeps
    /// them in mind.
    pub fn is_called_for(&self) -> bool {
        matches!(
            self.name,
            CLUSTER
                | CAPACITY_PROVIDER
                | ASSOCIATION
                | LAUNCH_TEMPLATE
                | FUNCTION
                | STATE_MACHINE
                | ACTIVITY
                | RULE
                | DASHBOARD
                | GROUP
                | WARM_POOL
                | STACK
        )
    }

    /// Whether resources of this type take signals.
    pub fn takes_signals(&self) -> bool {
        self.name == GROUP
    }
}

/// An Auto Scaling group.
pub const GROUP: &str = "AWS::AutoScaling::AutoScalingGroup";
/// The warm pool of a group.
pub const WARM_POOL: &str = "AWS::AutoScaling::WarmPool";
/// A nested stack.
pub const STACK: &str = "AWS::CloudFormation::Stack";
/// An ECS cluster.
pub const CLUSTER: &str = "AWS::ECS::Cluster";
/// A capacity provider of an Auto Scaling group.
pub const CAPACITY_PROVIDER: &str = "AWS::ECS::CapacityProvider";
/// Which capacity providers a cluster has.
pub const ASSOCIATION: &str = "AWS::ECS::ClusterCapacityProviderAssociations";
/// A launch template.
pub const LAUNCH_TEMPLATE: &str = "AWS::EC2::LaunchTemplate";
/// A Lambda function.
pub const FUNCTION: &str = "AWS::Lambda::Function";
/// A state machine.
pub const STATE_MACHINE: &str = "AWS::StepFunctions::StateMachine";
/// An activity.
pub const ACTIVITY: &str = "AWS::StepFunctions::Activity";
/// An EventBridge rule.
pub const RULE: &str = "AWS::Events::Rule";
/// A CloudWatch dashboard.
pub const DASHBOARD: &str = "AWS::CloudWatch::Dashboard";
/// An IAM role.
pub const ROLE: &str = "AWS::IAM::Role";
/// A policy that stands by itself.
pub const MANAGED_POLICY: &str = "AWS::IAM::ManagedPolicy";
/// An instance profile.
pub const INSTANCE_PROFILE: &str = "AWS::IAM::InstanceProfile";
/// An SQS queue.
pub const QUEUE: &str = "AWS::SQS::Queue";
/// The policy of queues.
pub const QUEUE_POLICY: &str = "AWS::SQS::QueuePolicy";
/// A CloudWatch alarm.
pub const ALARM: &str = "AWS::CloudWatch::Alarm";
/// A log group.
pub const LOG_GROUP: &str = "AWS::Logs::LogGroup";
/// An SNS topic.
pub const TOPIC: &str = "AWS::SNS::Topic";
/// An inline policy of roles.
pub const POLICY: &str = "AWS::IAM::Policy";
