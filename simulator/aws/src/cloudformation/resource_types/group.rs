//! The Auto Scaling group: created with signals, updated by a rolling update, deleted when it is
//! empty.
//!
//! While CloudFormation waits for a group it looks at it every few seconds, and at once when a
//! signal comes.

mod calls;
mod creation;
mod error;
pub mod instance_refresh;
mod resource_type;
pub mod rolling_policy;
pub mod rolling_update;
mod sized;
mod snapshot;

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::account::Account;
use crate::cloudformation::CLOUDFORMATION;
use crate::cloudformation::Event;
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::handler::{DesiredResource, ask};
use crate::cloudformation::node::scalar_text;
use crate::cloudformation::operation::{self, Purpose};
use crate::cloudformation::policy_error::PolicyError;
use crate::cloudformation::signal::{SignalStatus, Signals};
use crate::cloudformation::stack;
use crate::cloudformation::status_reason::StatusReason;
use instance_refresh::Refreshing;
use rolling_policy::Policy;
use rolling_update::Roll;

pub use creation::Creation;
pub use error::GroupError;
pub use resource_type::GROUP;
pub use snapshot::{GroupSnapshot, Instance};

/// What CloudFormation is at with a group.
#[derive(Debug)]
pub struct GroupWork {
    /// Name of the group.
    pub group: String,
    /// What it is at.
    pub stage: Stage,
    /// The signals of this operation.
    pub signals: Signals,
    /// The instances that CloudFormation has seen InService.
    pub in_service: BTreeSet<String>,
    /// Which look is the next.
    turn: u64,
}

/// What CloudFormation is at with a group.
#[derive(Debug)]
pub enum Stage {
    /// The group is new; it waits for the first instances' signals.
    Creating {
        /// What it waits for.
        creation: Creation,
        /// When it gives up.
        until: Timestamp,
    },
    /// The group is new, and nobody signals; until when it may take to have its instances.
    Filling(Timestamp),
    /// Its instances are replaced.
    Rolling(Box<Roll>),
    /// An instance refresh replaces its instances.
    Refreshing(Box<Refreshing>),
    /// It gets rid of its instances, and gives up then.
    Emptying(Timestamp),
}

/// A policy of the group, worked out; null if there is none.
fn policy(
    account: &mut Account,
    id: &str,
    name: &str,
    which: impl Fn(
        &crate::cloudformation::template::Declared,
    ) -> Option<&crate::cloudformation::expression::Expression>,
) -> Result<Value, PolicyError> {
    let stack = account[CLOUDFORMATION].at(id);
    let known = stack.known();
    let scope = stack.scope(&stack.version, &known, false);
    let expression = which(&stack.version.template.resources[name]);
    let value = expression
        .map(|expression| scope.value(expression))
        .transpose()?;
    Ok(value.flatten().unwrap_or_default())
}

fn begin(account: &mut Account, wanted: &DesiredResource, stage: Stage) {
    let resource = &account[CLOUDFORMATION].at(&wanted.stack_id).resources[&wanted.name];
    let work = GroupWork {
        group: resource.physical_id.clone(),
        stage,
        signals: Signals::default(),
        in_service: BTreeSet::new(),
        turn: 0,
    };
    operation::works(account, &wanted.stack_id, &wanted.name, work);
}

/// Begins to delete the group: first its instances.
fn begin_deletion(account: &mut Account, id: &str, name: &str) {
    let group = account[CLOUDFORMATION].at(id).resources[name]
        .physical_id
        .clone();
    let input =
        json!({"AutoScalingGroupName": group, "MinSize": 0, "MaxSize": 0, "DesiredCapacity": 0});
    if let Err(error) = ask(account, id, "autoscaling", "UpdateAutoScalingGroup", &input) {
        return operation::finished(account, id, name, Err(error));
    }
    let until = account.now + account[CLOUDFORMATION].timing.empty_within;
    let work = GroupWork {
        group,
        stage: Stage::Emptying(until),
        signals: Signals::default(),
        in_service: BTreeSet::new(),
        turn: 0,
    };
    operation::works(account, id, name, work);
}

/// CloudFormation looks at the group again after `delay`, and not before or otherwise.
pub fn look_again(account: &mut Account, id: &str, name: &str, delay: Duration) {
    let operation = operation::of(account, id).number;
    if let Some(work) = operation::group_work(account, id, name) {
        work.turn += 1;
        let turn = work.turn;
        account.after(
            delay,
            Event::Look {
                stack: id.to_owned(),
                operation,
                resource: name.to_owned(),
                turn,
            },
        );
    }
}

/// One look at the group.
pub fn look(account: &mut Account, id: &str, name: &str, turn: u64) {
    let Some(group) = operation::group_work(account, id, name)
        .filter(|work| work.turn == turn)
        .map(|work| work.group.clone())
    else {
        return;
    };
    let Some(seen) = GroupSnapshot::look(account, &group) else {
        // An unanswered call is asked again.
        let every = account[CLOUDFORMATION].timing.look_every;
        return look_again(account, id, name, every);
    };
    let now = account.now;
    let Some(work) = operation::group_work(account, id, name) else {
        return;
    };
    let serving = seen
        .instances
        .iter()
        .filter(|instance| instance.state == "InService");
    work.in_service
        .extend(serving.map(|instance| instance.id.clone()));
    let outcome = match &mut work.stage {
        Stage::Creating { creation, until } => {
            let (creation, until) = (creation.clone(), *until);
            creating(account, id, name, &creation, until)
        }
        Stage::Rolling(_) => rolling_update::look(account, id, name, &group, &seen),
        Stage::Refreshing(_) => instance_refresh::look(account, id, name, &group),
        Stage::Emptying(until) => {
            let until = *until;
            sized::emptying(account, id, &group, &seen, until)
        }
        Stage::Filling(until) => {
            sized::filling(now, &seen, *until).map(|filled| filled.map_err(ResourceError::from))
        }
    };
    match outcome {
        Some(result) => operation::finished(account, id, name, result),
        None => {
            let every = account[CLOUDFORMATION].timing.look_every;
            look_again(account, id, name, every);
        }
    }
}

fn creating(
    account: &mut Account,
    id: &str,
    name: &str,
    creation: &Creation,
    until: Timestamp,
) -> Option<Result<(), ResourceError>> {
    let late = account.now >= until;
    let (count, percent) = (creation.count, creation.percent);
    let signals = &mut operation::group_work(account, id, name)?.signals;
    match signals.standing(count, count, percent) {
        SignalStatus::Complete => Some(Ok(())),
        SignalStatus::Failed => Some(Err(signals.why(count, percent).into())),
        SignalStatus::Open if !late => None,
        SignalStatus::Open => {
            let missing = signals.miss(count);
            let failed = signals.standing(count, count, percent) == SignalStatus::Failed;
            let why = signals.why(count, percent);
            stack::resource_enters(
                account,
                id,
                name,
                "CREATE_IN_PROGRESS",
                StatusReason::Progress(rolling_policy::missing_signals(missing)),
            );
            Some(if failed { Err(why.into()) } else { Ok(()) })
        }
    }
}

/// The group is made: it waits for signals if its CreationPolicy says so, and otherwise for its
/// instances.
fn await_creation(account: &mut Account, wanted: &DesiredResource) {
    let (id, name) = (&wanted.stack_id, &wanted.name);
    let update = policy(account, id, name, |declared| {
        declared.update_policy.as_ref()
    });
    let refreshing = update.and_then(|value| instance_refresh::Policy::read(&value));
    match refreshing
        .and_then(|_| {
            policy(account, id, name, |declared| {
                declared.creation_policy.as_ref()
            })
        })
        .and_then(|value| Creation::read(&value))
    {
        Ok(Some(creation)) if creation.count > 0 => {
            let until = account.now + creation.timeout.duration;
            begin(account, wanted, Stage::Creating { creation, until });
        }
        Ok(_) => {
            let until = account.now + account[CLOUDFORMATION].timing.instances_within;
            begin(account, wanted, Stage::Filling(until));
        }
        Err(error) => operation::finished(account, id, name, Err(error.into())),
    }
}

/// The group has its new properties in place of the `old` ones: now its instances are replaced, if
/// its UpdatePolicy says so.
fn await_update(account: &mut Account, wanted: &DesiredResource, old: &Value) {
    let (id, name) = (&wanted.stack_id, &wanted.name);
    match policy(account, id, name, |declared| {
        declared.update_policy.as_ref()
    })
    .and_then(|value| {
        Ok::<_, PolicyError>((
            Policy::read(&value)?,
            instance_refresh::Policy::read(&value)?,
        ))
    }) {
        Ok((Some(policy), _)) => {
            let version = scalar_text(&wanted.properties["LaunchTemplate"]["Version"]);
            let roll = Roll::new(policy, version, account.now);
            begin(account, wanted, Stage::Rolling(Box::new(roll)));
        }
        Ok((None, Some(policy))) if instance_refresh::is_triggered(old, &wanted.properties) => {
            let back = operation::of(account, id).purpose == Purpose::RollBack;
            let refreshing = Refreshing::new(policy, back, account.now);
            begin(account, wanted, Stage::Refreshing(Box::new(refreshing)));
        }
        Ok((None, _)) => {
            let delay = account[CLOUDFORMATION].timing.other;
            operation::takes(account, id, name, delay);
        }
        Err(error) => operation::finished(account, id, name, Err(error.into())),
    }
}
