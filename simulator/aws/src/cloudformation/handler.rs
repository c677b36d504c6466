//! What CloudFormation does to a resource: the trait that each resource type implements, and what
//! all types have in common.

mod calls;
mod deletion;
mod failure;
mod resource;

use std::fmt::Debug;
use std::time::Duration;

use serde_json::Value;

use super::error::ResourceError;
use super::evaluate::ResolvedResource;
use super::node::scalar_text;
use super::permissions::{self, Calls, Subject, Verb};
use super::template::{Declared, Template};
use super::timing::Timing;
use super::validate::Declaration;
use super::{operation, step};
use crate::account::Account;
use crate::cloudformation::CLOUDFORMATION;
use crate::wire::ApiError;

pub use calls::{ask, lower_camel, numbers, raw};
pub use deletion::{NotDeleted, delete};
pub use failure::{ServiceRefusal, record};
pub use resource::{CreatedResource, DesiredResource, ExistingResource, name};

/// What CloudFormation does to resources of one type.
///
/// A handler makes the service's own calls, as CloudFormation. How long CloudFormation takes is
/// virtual time: the durations, or the methods that wait for a resource.
pub trait Handler: Debug + Sync {
    /// Makes a resource.
    ///
    /// # Errors
    /// Why it cannot be made.
    fn create(
        &self,
        account: &mut Account,
        desired: &DesiredResource,
    ) -> Result<CreatedResource, ResourceError>;

    /// Changes a resource from its `old` properties to the desired ones. Returns what Ref and
    /// GetAtt then answer.
    ///
    /// # Errors
    /// Why it cannot be changed.
    fn update(
        &self,
        _account: &mut Account,
        _desired: &DesiredResource,
        _old: &Value,
        known: ResolvedResource,
    ) -> Result<ResolvedResource, ResourceError> {
        Ok(known)
    }

    /// Deletes a resource.
    ///
    /// # Errors
    /// Why it cannot be deleted.
    fn delete(
        &self,
        _account: &mut Account,
        _existing: &ExistingResource,
    ) -> Result<(), NotDeleted> {
        Ok(())
    }

    /// What the real handler calls, besides the calls that the account in memory makes for it.
    ///
    /// # Errors
    /// `NotImplemented` for a type whose calls are not known here.
    fn permissions(&self, _verb: &Verb<'_>, subject: &Subject<'_>) -> Calls {
        let name = subject.kind.name;
        Err(ApiError::not_known(format_args!(
            "what CloudFormation calls for a {name}, and so what its service role must allow"
        )))
    }

    /// Whether the account only keeps such resources in mind: `create` then makes no call.
    fn is_only_kept(&self) -> bool {
        false
    }

    /// Checks what can be known to be wrong before anything is done.
    ///
    /// # Errors
    /// `ValidationError`, saying where and what.
    fn validate(
        &self,
        _account: &mut Account,
        _declaration: &Declaration<'_>,
    ) -> Result<(), ApiError> {
        Ok(())
    }

    /// The capability without which the stack is refused.
    fn capability(
        &self,
        _account: &Account,
        _template: &Template,
        _declared: &Declared,
    ) -> Option<&'static str> {
        None
    }

    /// Whether GetAtt knows `attribute`, besides those in the schema.
    fn has_attribute(&self, _attribute: &str) -> bool {
        false
    }

    /// Whether resources take signals, and the policies that wait for signals.
    fn takes_signals(&self) -> bool {
        false
    }

    /// Whether a resource may need an update although its properties stay the same.
    fn may_change_inside(&self) -> bool {
        false
    }

    /// Whether an update would change something inside a resource besides its properties.
    ///
    /// # Errors
    /// `NotImplemented`, if the change cannot be made in place.
    fn changes_inside(
        &self,
        _account: &mut Account,
        _physical_id: &str,
        _desired: &DesiredResource,
    ) -> Result<bool, ApiError> {
        Ok(false)
    }

    /// Whether a new resource has one more event while CloudFormation waits until it is visible
    /// everywhere.
    fn has_consistency_check(&self) -> bool {
        false
    }

    /// Whether a rollback restores what a resource answered before, without any call.
    fn is_restored_without_calls(&self, _timing: &Timing) -> bool {
        false
    }

    /// How long it takes to make a resource.
    fn creation_time(&self, timing: &Timing) -> Duration {
        timing.other
    }

    /// How long it takes to change a resource.
    fn update_time(&self, timing: &Timing) -> Duration {
        self.creation_time(timing)
    }

    /// How long it takes to delete a resource.
    fn deletion_time(&self, timing: &Timing) -> Duration {
        timing.other
    }

    /// Waits until a resource that `create` has made is complete.
    fn await_creation(&self, account: &mut Account, desired: &DesiredResource) {
        let delay = self.creation_time(&account[CLOUDFORMATION].timing);
        operation::takes(account, &desired.stack_id, &desired.name, delay);
    }

    /// Waits until a resource that `update` has changed from its `old` properties is complete.
    fn await_update(&self, account: &mut Account, desired: &DesiredResource, _old: &Value) {
        let delay = self.update_time(&account[CLOUDFORMATION].timing);
        operation::takes(account, &desired.stack_id, &desired.name, delay);
    }

    /// Begins to delete the resource `name` of the stack `id`.
    fn begin_deletion(&self, account: &mut Account, id: &str, name: &str) {
        let until = account.now + account[CLOUDFORMATION].timing.in_use_for;
        step::delete_until(account, id, name, until);
    }
}

/// Makes a resource, if the stack's service role allows it.
///
/// # Errors
/// Why it cannot be made, or the role's refusal.
pub fn create(
    account: &mut Account,
    desired: &DesiredResource,
) -> Result<CreatedResource, ResourceError> {
    let (handler, stack) = (desired.kind.handler, &desired.stack_id);
    if handler.is_only_kept() {
        // The role is checked for the very name, since nothing has happened yet.
        let created = handler.create(account, desired)?;
        let calls = permissions::creation(account, desired, &created.physical_id);
        check_role(account, stack, calls)?;
        return Ok(created);
    }
    let calls = permissions::creation(account, desired, &declared_name(desired));
    check_role(account, stack, calls)?;
    handler.create(account, desired)
}

/// Changes a resource from its `old` properties to the desired ones, if the stack's service role
/// allows it. Returns what Ref and GetAtt then answer.
///
/// # Errors
/// Why it cannot be changed, or the role's refusal.
pub fn update(
    account: &mut Account,
    desired: &DesiredResource,
    old: &Value,
    known: ResolvedResource,
) -> Result<ResolvedResource, ResourceError> {
    let stack = &desired.stack_id;
    let physical_id = account[CLOUDFORMATION].at(stack).resources[&desired.name]
        .physical_id
        .clone();
    let calls = permissions::change(account, desired, old, &physical_id);
    check_role(account, stack, calls)?;
    desired.kind.handler.update(account, desired, old, known)
}

/// Whether the stack's service role allows all `calls`.
fn check_role(account: &mut Account, stack: &str, calls: Calls) -> Result<(), ResourceError> {
    permissions::check(account, stack, calls)
        .map_err(|(service, error)| record(account, &service, error).into())
}

/// The name that a resource is given by its properties; otherwise one such as it will be given.
fn declared_name(desired: &DesiredResource) -> String {
    let declared = desired.kind.name_property;
    let declared = declared.and_then(|property| desired.properties.get(property));
    declared.map_or_else(
        || format!("{}-{}-000000000000", desired.stack_name, desired.name),
        scalar_text,
    )
}
