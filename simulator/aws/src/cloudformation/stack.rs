//! A stack, its resources and its events.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::evaluate::{ResolvedResource, Scope};
use super::notifications;
use super::operation::Operation;
use super::parameters::Parameters;
use super::resource_types::ResourceType;
use super::resource_types::nested_stack::NESTED_STACK;
use super::status_reason::StatusReason;
use super::template::Template;
use crate::account::Account;
use crate::cloudformation::CLOUDFORMATION;
use crate::trace::{StackStatus, TraceEvent};
use crate::wire;

/// What a stack is or shall be: a template with its parameters.
#[derive(Debug, PartialEq)]
pub struct Version {
    /// The template.
    pub template: Template,
    /// The parameters.
    pub parameters: Parameters,
}

/// A stack.
#[derive(Debug)]
pub struct Stack {
    /// Its ARN.
    pub id: String,
    /// Its name.
    pub name: String,
    /// StackStatus.
    pub status: String,
    /// StackStatusReason.
    pub reason: StatusReason,
    /// When it was created.
    pub created: Timestamp,
    /// When it was last updated.
    pub updated: Option<Timestamp>,
    /// Its parent's id, and its own logical id there.
    pub parent: Option<(String, String)>,
    /// What it is; during an operation what it is becoming.
    pub version: Arc<Version>,
    /// The resources that exist, by logical id.
    pub resources: BTreeMap<String, Resource>,
    /// The outputs, once they are known.
    pub outputs: BTreeMap<String, Value>,
    /// Its events, oldest first.
    pub events: Vec<StackEvent>,
    /// The capabilities that its creator acknowledged.
    pub capabilities: Vec<String>,
    /// ARN of the service role that its creator named.
    pub role: Option<String>,
    /// What goes on, if anything does.
    pub operation: Option<Operation>,
    /// What a rollback that failed had to go on from.
    pub left: Option<Retained>,
    /// The last operation that a call has asked for.
    pub asked: Option<Asked>,
}

/// An operation that a call has asked for. Recorded (radkawar/stackd
/// testdata/aws/cloudformation/cleanup.json, 2026-09), and documented:
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_OperationEntry.html>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Such as `UPDATE_STACK`.
    pub kind: &'static str,
    /// OperationId.
    pub id: String,
}

/// A call has asked for an operation of this kind on the stack `id`: answers its OperationId.
pub fn ask_for(account: &mut Account, id: &str, kind: &'static str) -> String {
    let operation = wire::request_id(account);
    account[CLOUDFORMATION].at(id).asked = Some(Asked {
        kind,
        id: operation.clone(),
    });
    operation
}

/// What a call has asked for is under way: the stack no longer says who wanted it. Recorded
/// (radkawar/stackd testdata/aws/cloudformation/cleanup.json, 2026-09): gone by 21 s, there at 0.7
/// s.
pub fn forget_who_asked(account: &mut Account, id: &str) {
    let stack = account[CLOUDFORMATION].at(id);
    if matches!(stack.reason, StatusReason::UserInitiated) {
        stack.reason = StatusReason::None;
    }
}

/// What a rollback that failed knew: with it, it can be continued.
#[derive(Debug)]
pub struct Retained {
    /// The version that the failed update had aimed at.
    pub before: Option<Arc<Version>>,
    /// What nested stacks were before the update, by logical id.
    pub children: BTreeMap<String, Arc<Version>>,
}

/// A resource of a stack.
#[derive(Debug)]
pub struct Resource {
    /// Its type.
    pub kind: &'static ResourceType,
    /// Its physical id; empty until it has one.
    pub physical_id: String,
    /// ResourceStatus.
    pub status: String,
    /// ResourceStatusReason.
    pub reason: StatusReason,
    /// When its status changed.
    pub updated: Timestamp,
    /// Its properties, worked out.
    pub properties: Value,
    /// What Ref and GetAtt answer.
    pub known: ResolvedResource,
    /// What they answered before the last change.
    pub earlier: Option<ResolvedResource>,
}

/// An event, as DescribeStackEvents tells it.
#[derive(Debug, Clone)]
pub struct StackEvent {
    /// Its id.
    pub id: String,
    /// When it happened.
    pub at: Timestamp,
    /// Logical id of the resource, or the stack's name for the stack itself.
    pub logical_id: String,
    /// Physical id.
    pub physical_id: String,
    /// Type.
    pub resource_type: String,
    /// ResourceStatus.
    pub status: String,
    /// ResourceStatusReason.
    pub reason: StatusReason,
    /// OperationId of what a call has asked for; empty in a nested stack.
    pub operation: String,
}

impl StackEvent {
    /// Whether the resource is configured already, and just waits to be seen everywhere.
    pub fn is_configured(&self) -> bool {
        matches!(self.reason, StatusReason::ConsistencyCheck)
    }
}

impl Stack {
    /// A stack that is only just named.
    pub fn new(id: String, name: String, now: Timestamp, version: Arc<Version>) -> Self {
        Self {
            id,
            name,
            status: String::new(),
            reason: StatusReason::None,
            created: now,
            updated: None,
            parent: None,
            version,
            resources: BTreeMap::new(),
            outputs: BTreeMap::new(),
            events: Vec::new(),
            capabilities: Vec::new(),
            role: None,
            operation: None,
            left: None,
            asked: None,
        }
    }

    /// What Ref and GetAtt answer for the resources that exist.
    pub fn known(&self) -> BTreeMap<String, ResolvedResource> {
        self.resources
            .iter()
            .map(|(name, resource)| (name.clone(), resource.known.clone()))
            .collect()
    }

    /// The scope of `version`'s expressions in this stack; `known` are its resources.
    pub fn scope<'a>(
        &'a self,
        version: &'a Version,
        known: &'a BTreeMap<String, ResolvedResource>,
        ahead: bool,
    ) -> Scope<'a> {
        Scope {
            template: &version.template,
            parameters: &version.parameters,
            stack_name: &self.name,
            stack_id: &self.id,
            resources: known,
            ahead,
        }
    }
}

/// The stack itself enters `status`, and says so.
pub fn enter(account: &mut Account, id: &str, status: &str, reason: StatusReason) {
    let stack = account[CLOUDFORMATION].at(id);
    stack.status = status.to_owned();
    stack.reason = reason.clone();
    let (name, id) = (stack.name.clone(), stack.id.clone());
    write(account, &id, &name, &id, NESTED_STACK.name, status, reason);
}

/// The resource `name` enters `status`, and says so. The same status again with another reason is
/// one more event.
pub fn resource_enters(
    account: &mut Account,
    id: &str,
    name: &str,
    status: &str,
    reason: StatusReason,
) {
    let now = account.now;
    let Some(resource) = account[CLOUDFORMATION].at(id).resources.get_mut(name) else {
        return;
    };
    resource.status = status.to_owned();
    resource.reason = reason.clone();
    resource.updated = now;
    let (physical_id, kind) = (resource.physical_id.clone(), resource.kind.name);
    write(account, id, name, &physical_id, kind, status, reason);
}

fn write(
    account: &mut Account,
    id: &str,
    logical_id: &str,
    physical_id: &str,
    kind: &str,
    status: &str,
    reason: StatusReason,
) {
    let event = StackEvent {
        id: account.uuid(),
        at: account.now,
        logical_id: logical_id.to_owned(),
        physical_id: physical_id.to_owned(),
        resource_type: kind.to_owned(),
        status: status.to_owned(),
        reason,
        operation: account[CLOUDFORMATION]
            .at(id)
            .asked
            .as_ref()
            .map(|asked| asked.id.clone())
            .unwrap_or_default(),
    };
    let stack = account[CLOUDFORMATION].at(id);
    let fact = TraceEvent::Stack {
        stack: stack.name.clone(),
        logical_id: event.logical_id.clone(),
        resource_type: event.resource_type.clone(),
        status: StackStatus::named(&event.status).expect("only such a status is entered"),
        reason: event.reason.to_string(),
    };
    stack.events.push(event.clone());
    account.record(fact);
    notifications::status_changed(account, id, &event);
}
