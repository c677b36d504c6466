//! One operation on a stack: which resources are next, and what follows when all are done or one
//! has failed.
//!
//! As CloudFormation does, everything that waits for nothing begins at once; the first failure
//! begins nothing more, cancels what is slow, and turns round.

mod ending;
mod order;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::error::ResourceError;
use super::graph::{self, Dependencies};
use super::resource_types::group::{self, GroupWork};
use super::stack::{self, Stack, Version};
use super::status_reason::StatusReason;
use super::{Event, step};
use crate::account::Account;
use crate::cloudformation::CLOUDFORMATION;

pub use ending::stop;

/// An operation that goes on.
#[derive(Debug)]
pub struct Operation {
    /// Its number, by which planned events know it.
    pub number: u64,
    /// What it is for.
    pub purpose: Purpose,
    /// What the stack was before, to which an update rolls back.
    pub before: Option<Arc<Version>>,
    /// The resources that take part.
    pub steps: BTreeMap<String, Step>,
    /// Which waits for which.
    pub waits: Dependencies,
    /// The resources that failed.
    pub failed: Vec<String>,
    /// Whether nothing more is begun: something failed, or somebody cancelled.
    pub stopped: bool,
    /// What nested stacks were before this operation, by logical id.
    pub children: BTreeMap<String, Arc<Version>>,
}

/// What an operation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The resources are made.
    Create,
    /// What was made before a creation failed is deleted.
    UndoCreate,
    /// The resources are brought to the new version.
    Update,
    /// What an update has removed from the template is deleted.
    CleanUp,
    /// The resources are brought back to the version before.
    RollBack,
    /// What a failed update had added is deleted.
    CleanUpRollBack,
    /// Everything is deleted.
    Delete,
}

/// How far a resource is.
#[derive(Debug)]
pub enum Step {
    /// It waits for others.
    Waiting,
    /// It is being done.
    Running(Work),
    /// It is done, or had nothing to do, or failed.
    Over,
}

/// What a running resource waits for.
#[derive(Debug)]
pub enum Work {
    /// Time.
    Time,
    /// A nested stack.
    Nested,
    /// A group.
    Group(Box<GroupWork>),
}

impl Purpose {
    /// Whether resources are deleted.
    pub fn deletes(self) -> bool {
        matches!(
            self,
            Self::UndoCreate | Self::CleanUp | Self::CleanUpRollBack | Self::Delete
        )
    }

    /// The stack's status meanwhile.
    fn status(self) -> &'static str {
        match self {
            Self::Create => "CREATE_IN_PROGRESS",
            Self::UndoCreate => "ROLLBACK_IN_PROGRESS",
            Self::Update => "UPDATE_IN_PROGRESS",
            Self::CleanUp => "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
            Self::RollBack => "UPDATE_ROLLBACK_IN_PROGRESS",
            Self::CleanUpRollBack => "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
            Self::Delete => "DELETE_IN_PROGRESS",
        }
    }
}

/// Begins an operation on the stack `id`, whose `version` is already what it shall become.
pub fn begin(
    account: &mut Account,
    id: &str,
    purpose: Purpose,
    before: Option<Arc<Version>>,
    reason: StatusReason,
) {
    stack::enter(account, id, purpose.status(), reason);
    account[CLOUDFORMATION].operations += 1;
    let number = account[CLOUDFORMATION].operations;
    let now = account.now;
    let stack = account[CLOUDFORMATION].at(id);
    if matches!(purpose, Purpose::Update | Purpose::RollBack) {
        stack.updated = Some(now);
    }
    let (waits, names) = participants(stack, purpose, before.as_deref());
    let children = stack
        .operation
        .take()
        .map(|over| over.children)
        .unwrap_or_default();
    stack.operation = Some(Operation {
        number,
        purpose,
        before,
        steps: names
            .into_iter()
            .map(|name| (name, Step::Waiting))
            .collect(),
        waits,
        failed: Vec::new(),
        stopped: false,
        children,
    });
    let first_step = account[CLOUDFORMATION].timing.first_step;
    account.after(
        first_step,
        Event::Go {
            stack: id.to_owned(),
            operation: number,
        },
    );
}

/// Who takes part, and who waits for whom.
fn participants(
    stack: &Stack,
    purpose: Purpose,
    before: Option<&Version>,
) -> (Dependencies, Vec<String>) {
    let of = |version: &Version| {
        graph::dependencies(&version.template).expect("it was checked when it was given")
    };
    let known = stack.known();
    let wanted = stack
        .scope(&stack.version, &known, true)
        .wanted()
        .expect("it was checked when it was given");
    let unwanted = |name: &&String| !wanted.contains(*name);
    match purpose {
        Purpose::Create | Purpose::Update | Purpose::RollBack => {
            (of(&stack.version), wanted.into_iter().collect())
        }
        Purpose::UndoCreate | Purpose::Delete => (
            graph::reversed(&of(&stack.version)),
            stack.resources.keys().cloned().collect(),
        ),
        Purpose::CleanUp | Purpose::CleanUpRollBack => (
            graph::reversed(&of(before.unwrap_or(&stack.version))),
            stack.resources.keys().filter(unwanted).cloned().collect(),
        ),
    }
}

/// The operation that goes on in the stack `id`.
pub fn of<'a>(account: &'a mut Account, id: &str) -> &'a mut Operation {
    account[CLOUDFORMATION]
        .at(id)
        .operation
        .as_mut()
        .expect("events of an operation that is over are not acted on")
}

/// Begins every resource that waits for nothing any more; at the end of the operation, what follows
/// it.
pub fn go(account: &mut Account, id: &str) {
    loop {
        let operation = of(account, id);
        let number = operation.number;
        match operation.ready() {
            Some(name) if !operation.stopped => {
                operation
                    .steps
                    .insert(name.clone(), Step::Running(Work::Time));
                step::begin(account, id, &name);
            }
            _ => break,
        }
        let now = account[CLOUDFORMATION].at(id).operation.as_ref();
        if now.is_none_or(|now| now.number != number) {
            return;
        }
    }
    let running = |step: &Step| matches!(step, Step::Running(_));
    if !of(account, id).steps.values().any(running) {
        ending::end(account, id);
    }
}

/// The resource `name` needs `delay` and nothing else.
pub fn takes(account: &mut Account, id: &str, name: &str, delay: Duration) {
    let operation = of(account, id).number;
    account.after(
        delay,
        Event::Done {
            stack: id.to_owned(),
            operation,
            resource: name.to_owned(),
        },
    );
}

/// The resource `name` is done, or failed.
pub fn finished(account: &mut Account, id: &str, name: &str, result: Result<(), ResourceError>) {
    let operation = of(account, id);
    let deletes = operation.purpose.deletes();
    operation.steps.insert(name.to_owned(), Step::Over);
    let verb = verb(account, id, name, deletes);
    match result {
        Ok(()) => {
            stack::resource_enters(
                account,
                id,
                name,
                &format!("{verb}_COMPLETE"),
                StatusReason::None,
            );
            if deletes {
                account[CLOUDFORMATION].at(id).resources.remove(name);
            }
        }
        Err(error) => {
            let reason = StatusReason::Failed(Arc::new(error));
            stack::resource_enters(account, id, name, &format!("{verb}_FAILED"), reason);
            of(account, id).failed.push(name.to_owned());
            if !deletes {
                stop(account, id);
            }
        }
    }
    go(account, id);
}

/// CREATE, UPDATE or DELETE, whichever `name` is in the middle of.
fn verb(account: &mut Account, id: &str, name: &str, deletes: bool) -> &'static str {
    let resource = account[CLOUDFORMATION].at(id).resources.get(name);
    match resource {
        _ if deletes => "DELETE",
        Some(resource) if resource.status.starts_with("CREATE") => "CREATE",
        _ => "UPDATE",
    }
}

/// The work on the group `name`, if there is any.
pub fn group_work<'a>(account: &'a mut Account, id: &str, name: &str) -> Option<&'a mut GroupWork> {
    let operation = account[CLOUDFORMATION].at(id).operation.as_mut()?;
    match operation.steps.get_mut(name) {
        Some(Step::Running(Work::Group(work))) => Some(work),
        _ => None,
    }
}

/// The resource `name` is a group at `work`, at which CloudFormation looks from now on.
pub fn works(account: &mut Account, id: &str, name: &str, work: GroupWork) {
    of(account, id)
        .steps
        .insert(name.to_owned(), Step::Running(Work::Group(Box::new(work))));
    let every = account[CLOUDFORMATION].timing.look_every;
    group::look_again(account, id, name, every);
}
