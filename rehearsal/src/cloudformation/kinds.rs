//! The resource types that the account in memory knows, with exactly the properties and attributes that it knows of
//! each: whatever else a template says is refused, never ignored.

/// A resource type.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Such as `AWS::ECS::Cluster`.
    pub name: &'static str,
    /// The properties that must be there.
    pub required: &'static [&'static str],
    /// The properties that may be there.
    pub optional: &'static [&'static str],
    /// The properties whose change means another resource in its place, which the account in memory does not do.
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

    /// Whether resources of this type take signals.
    pub fn takes_signals(&self) -> bool {
        self.name == GROUP
    }
}

/// An Auto Scaling group.
pub const GROUP: &str = "AWS::AutoScaling::AutoScalingGroup";
/// A nested stack.
pub const STACK: &str = "AWS::CloudFormation::Stack";
/// An ECS cluster.
pub const CLUSTER: &str = "AWS::ECS::Cluster";
/// A launch template.
pub const LAUNCH_TEMPLATE: &str = "AWS::EC2::LaunchTemplate";
/// A Lambda function.
pub const FUNCTION: &str = "AWS::Lambda::Function";
/// A state machine.
pub const STATE_MACHINE: &str = "AWS::StepFunctions::StateMachine";
/// An EventBridge rule.
pub const RULE: &str = "AWS::Events::Rule";
/// An IAM role.
pub const ROLE: &str = "AWS::IAM::Role";
/// An inline policy of roles.
pub const POLICY: &str = "AWS::IAM::Policy";

/// Every type that is known.
pub const KINDS: &[Kind] = &[
    Kind {
        name: CLUSTER,
        required: &[],
        optional: &["ClusterName", "ClusterSettings", "Configuration", "Tags"],
        fixed: &["ClusterName", "ClusterSettings", "Configuration", "Tags"],
        attributes: &["Arn"],
    },
    Kind {
        name: LAUNCH_TEMPLATE,
        required: &["LaunchTemplateData"],
        optional: &[
            "LaunchTemplateName",
            "TagSpecifications",
            "VersionDescription",
        ],
        fixed: &["LaunchTemplateName"],
        attributes: &[
            "LaunchTemplateId",
            "LatestVersionNumber",
            "DefaultVersionNumber",
        ],
    },
    Kind {
        name: GROUP,
        required: &["MinSize", "MaxSize"],
        optional: &[
            "AutoScalingGroupName",
            "AvailabilityZones",
            "CapacityRebalance",
            "Cooldown",
            "DefaultInstanceWarmup",
            "DesiredCapacity",
            "HealthCheckGracePeriod",
            "HealthCheckType",
            "InstanceLifecyclePolicy",
            "LaunchTemplate",
            "LifecycleHookSpecificationList",
            "MaxInstanceLifetime",
            "MetricsCollection",
            "NewInstancesProtectedFromScaleIn",
            "Tags",
            "TerminationPolicies",
            "VPCZoneIdentifier",
        ],
        fixed: &["AutoScalingGroupName", "Tags", "MetricsCollection"],
        attributes: &[],
    },
    Kind {
        name: STACK,
        required: &["TemplateURL"],
        optional: &["Parameters", "Tags", "TimeoutInMinutes"],
        fixed: &[],
        attributes: &[],
    },
    Kind {
        name: FUNCTION,
        required: &["Code", "Role"],
        optional: &[
            "Architectures",
            "DeadLetterConfig",
            "Description",
            "Environment",
            "FunctionName",
            "Handler",
            "LoggingConfig",
            "MemorySize",
            "PackageType",
            "ReservedConcurrentExecutions",
            "Runtime",
            "Tags",
            "Timeout",
            "TracingConfig",
        ],
        fixed: &["FunctionName", "PackageType"],
        attributes: &["Arn"],
    },
    Kind {
        name: STATE_MACHINE,
        required: &["RoleArn"],
        optional: &[
            "Definition",
            "DefinitionS3Location",
            "DefinitionString",
            "DefinitionSubstitutions",
            "LoggingConfiguration",
            "StateMachineName",
            "StateMachineType",
            "Tags",
            "TracingConfiguration",
        ],
        fixed: &["StateMachineName", "StateMachineType"],
        attributes: &["Arn", "Name"],
    },
    Kind {
        name: RULE,
        required: &[],
        optional: &[
            "Description",
            "EventBusName",
            "EventPattern",
            "Name",
            "RoleArn",
            "State",
            "Targets",
        ],
        fixed: &["Name", "EventBusName"],
        attributes: &["Arn"],
    },
    Kind {
        name: "AWS::Lambda::Permission",
        required: &["Action", "FunctionName", "Principal"],
        optional: &["SourceAccount", "SourceArn"],
        fixed: &[],
        attributes: &["Id"],
    },
    Kind {
        name: ROLE,
        required: &["AssumeRolePolicyDocument"],
        optional: &[
            "Description",
            "ManagedPolicyArns",
            "MaxSessionDuration",
            "Path",
            "PermissionsBoundary",
            "Policies",
            "RoleName",
            "Tags",
        ],
        fixed: &["RoleName", "Path"],
        attributes: &["Arn", "RoleId"],
    },
    Kind {
        name: POLICY,
        required: &["PolicyDocument", "PolicyName"],
        optional: &["Roles"],
        fixed: &["PolicyName"],
        attributes: &["Id"],
    },
    Kind {
        name: "AWS::IAM::InstanceProfile",
        required: &["Roles"],
        optional: &["InstanceProfileName", "Path"],
        fixed: &["InstanceProfileName", "Path"],
        attributes: &["Arn"],
    },
    Kind {
        name: "AWS::Logs::LogGroup",
        required: &[],
        optional: &[
            "KmsKeyId",
            "LogGroupClass",
            "LogGroupName",
            "RetentionInDays",
            "Tags",
        ],
        fixed: &["LogGroupName"],
        attributes: &["Arn"],
    },
    Kind {
        name: "AWS::SQS::Queue",
        required: &[],
        optional: &[
            "KmsMasterKeyId",
            "MessageRetentionPeriod",
            "QueueName",
            "SqsManagedSseEnabled",
            "Tags",
            "VisibilityTimeout",
        ],
        fixed: &["QueueName"],
        attributes: &["Arn", "QueueName", "QueueUrl"],
    },
    Kind {
        name: "AWS::SQS::QueuePolicy",
        required: &["PolicyDocument", "Queues"],
        optional: &[],
        fixed: &[],
        attributes: &["Id"],
    },
    Kind {
        name: "AWS::CloudWatch::Alarm",
        required: &["ComparisonOperator", "EvaluationPeriods"],
        optional: &[
            "ActionsEnabled",
            "AlarmActions",
            "AlarmDescription",
            "AlarmName",
            "DatapointsToAlarm",
            "Dimensions",
            "InsufficientDataActions",
            "MetricName",
            "Metrics",
            "Namespace",
            "OKActions",
            "Period",
            "Statistic",
            "Tags",
            "Threshold",
            "TreatMissingData",
            "Unit",
        ],
        fixed: &["AlarmName"],
        attributes: &["Arn"],
    },
    Kind {
        name: "AWS::SNS::Topic",
        required: &[],
        optional: &[
            "DisplayName",
            "KmsMasterKeyId",
            "Subscription",
            "Tags",
            "TopicName",
        ],
        fixed: &["TopicName"],
        attributes: &["TopicArn", "TopicName"],
    },
    Kind {
        name: "AWS::SNS::TopicPolicy",
        required: &["PolicyDocument", "Topics"],
        optional: &[],
        fixed: &[],
        attributes: &["Id"],
    },
    Kind {
        name: "AWS::SNS::Subscription",
        required: &["Protocol", "TopicArn"],
        optional: &["Endpoint", "FilterPolicy", "RawMessageDelivery"],
        fixed: &["Endpoint", "Protocol", "TopicArn"],
        attributes: &["Arn"],
    },
];
