//! Why an UpdatePolicy or a CreationPolicy is not possible.

use std::time::Duration;

use serde_json::Value;

use super::node::TemplateError;
use crate::wire::ApiError;

/// Why a text is not a duration that a policy takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PauseError {
    /// It is no duration of ISO 8601 in hours, minutes and seconds.
    #[error("{text:?} is no duration such as PT5M")]
    NotADuration {
        /// The text.
        text: String,
    },
    /// It is longer than CloudFormation takes.
    #[error("{text} is more than the {} minutes that are possible", .most.as_secs() / 60)]
    TooLong {
        /// The text.
        text: String,
        /// The longest that CloudFormation takes.
        most: Duration,
    },
}

/// Why an UpdatePolicy or a CreationPolicy is not possible.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PolicyError {
    /// It cannot be worked out.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The account in memory does not know this UpdatePolicy.
    #[error("the account in memory does not know the UpdatePolicy {name}")]
    UnknownUpdatePolicy {
        /// Its name.
        name: String,
    },
    /// The account in memory does not know this CreationPolicy.
    #[error("the account in memory does not know the CreationPolicy {name}")]
    UnknownCreationPolicy {
        /// Its name.
        name: String,
    },
    /// The account in memory does not know this member of the policy.
    #[error("the account in memory does not know {member} of {policy}")]
    UnknownMember {
        /// The policy.
        policy: &'static str,
        /// The member.
        member: String,
    },
    /// A member of AutoScalingRollingUpdate that is no whole number.
    #[error("{member} is no whole number: {value}")]
    NotANumber {
        /// The member.
        member: String,
        /// What it is.
        value: Value,
    },
    /// A count or a percentage of a CreationPolicy that is no whole number.
    #[error("{value} is no whole number")]
    NotACount {
        /// What it is.
        value: Value,
    },
    /// PauseTime is not one that CloudFormation takes.
    #[error("PauseTime: {0}")]
    PauseTime(#[source] PauseError),
    /// The Timeout of a CreationPolicy is not one that CloudFormation takes.
    #[error(transparent)]
    Timeout(#[from] PauseError),
    /// The group has both policies for the replacement of instances.
    #[error("AutoScalingInstanceRefresh and AutoScalingRollingUpdate exclude each other")]
    TwoReplacements,
    /// The account in memory does not know this Strategy of an instance refresh.
    #[error(
        "the account in memory does not know the Strategy {strategy} of AutoScalingInstanceRefresh; only Rolling"
    )]
    UnknownStrategy {
        /// The Strategy.
        strategy: Value,
    },
    /// An instance refresh without Strategy.
    #[error("AutoScalingInstanceRefresh has no Strategy")]
    NoStrategy,
    /// Auto Scaling refuses the preferences of the instance refresh.
    #[error("AutoScalingInstanceRefresh: {}", .0.message)]
    Preferences(ApiError),
}
