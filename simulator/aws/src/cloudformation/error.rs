//! Why a resource cannot be made, changed or deleted.

use serde_json::Value;

use super::files::FileError;
use super::handler::ServiceRefusal;
use super::node::TemplateError;
use super::policy_error::PolicyError;
use super::resource_types::group::GroupError;
use super::resource_types::nested_stack::ChildError;
use crate::wire::ApiError;

/// Why a resource cannot be made, changed or deleted. The text is the `StatusReason` of its event.
#[derive(Debug, thiserror::Error)]
pub enum ResourceError {
    /// A service refused a call of the resource's handler.
    #[error(transparent)]
    Refused(#[from] Box<ServiceRefusal>),
    /// A service refused what is in a file of the template's.
    #[error("{refusal} in {file}")]
    RefusedFile {
        /// The refusal.
        refusal: Box<ResourceError>,
        /// The file, as the template names it.
        file: String,
    },
    /// A file that the resource names cannot be had.
    #[error(transparent)]
    File(#[from] FileError),
    /// The properties cannot be worked out.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A policy of the resource is not possible.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The change cannot be made in place.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// The instances of a group do not become what they shall be.
    #[error(transparent)]
    Group(#[from] GroupError),
    /// The template or the parameters of a nested stack are refused.
    #[error("{}", .0.message)]
    ChildRefused(ApiError),
    /// A nested stack failed.
    #[error(transparent)]
    Child(#[from] ChildError),
    /// A property of a function that is no whole number.
    #[error("{property} {value} is no whole number")]
    NotANumber {
        /// The property.
        property: &'static str,
        /// What it is.
        value: String,
    },
    /// A state machine with no definition, or with several.
    #[error("exactly one of DefinitionS3Location, DefinitionString and Definition is wanted")]
    NotOneDefinition,
    /// A substitution for which the definition has no place.
    #[error("DefinitionSubstitutions has {name}, but the definition has no ${{{name}}}")]
    UnusedSubstitution {
        /// The name of the substitution.
        name: String,
    },
    /// A dashboard without widgets.
    #[error("The dashboard body is invalid: it has no widgets")]
    NoWidgets,
    /// A dashboard whose body is no JSON.
    #[error("The dashboard body is invalid, it is no JSON: {0}")]
    BadDashboard(#[source] serde_json::Error),
}

/// Why the account in memory cannot make a change in place.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ChangeError {
    /// The resource becomes one of another type.
    #[error(
        "the account in memory does not know how to make a {wanted} of {name}, which is a {was}; give it another logical id"
    )]
    Type {
        /// Logical id.
        name: String,
        /// The type that it has.
        was: &'static str,
        /// The type that it shall have.
        wanted: &'static str,
    },
    /// A property changes that stays as it was made.
    #[error(
        "the account in memory does not know how to change {property} of {name} ({kind}) from {from} to {to} once it is made; make a new stack"
    )]
    Property {
        /// The property.
        property: &'static str,
        /// Logical id.
        name: String,
        /// The resource's type.
        kind: &'static str,
        /// What the property is.
        from: Box<Value>,
        /// What the property shall be.
        to: Box<Value>,
    },
    /// A capacity provider gets another group.
    #[error(
        "the account in memory does not know how to change AutoScalingGroupArn of {name} once it is made; make a new stack"
    )]
    GroupOfProvider {
        /// Logical id of the capacity provider.
        name: String,
    },
}
