//! Does every lifecycle action of ours have an execution?
//!
//! EventBridge delivers the event of a hook late (1 to 129 s), or not at all, and then nobody asks
//! about the instance (recorded: radkawar/stackd testdata/aws, 2026-09). This worker looks every
//! few minutes, and starts the execution that is missing. It guarantees:
//! - nothing is started before the action is older than the tail, within which a late event still
//!   comes;
//! - nothing is started while an execution for the same instance and hook runs, or if that cannot
//!   be known;
//! - an action gets one execution from here at most, ever: the execution is named after the action,
//!   and Step Functions refuses a second one of that name for 90 days
//!   (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>).
//!   So an action whose execution
//!   failed and left the hook open (`HookLeftOpen`) or was stopped by a person is tried once more,
//!   and not again: by then a person has an alarm. And an instance that waits at somebody else's
//!   hook, ours being answered, gets one execution, which ends at once;
//! - only our two hooks and this group are served.
//!
//! Its input is not a lifecycle event but `{"group": …, "stateMachineArn": …, "tailSeconds": …,
//! "interfaceVersion": …}`, from a scheduled rule.

mod reason;

use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::Clients;
use crate::autoscaling::actions::{Hook, OpenActivity};
pub use crate::config::RECONCILER as SOURCE;
use crate::config::{Fields, interface};
use crate::error::Error;
use crate::model::group::{GroupInstance, GroupSnapshot, LifecycleState};
use crate::model::{Assessment, GroupName, HookName, InstanceId, Place, Transition, later};
use crate::stepfunctions::{AtHook, Start, StepFunctions};
use reason::{Started, words};

/// What the names of the executions begin with that are started from here.
pub const NAME_PREFIX: &str = "reconcile-";

/// Our hooks. No other hook's actions are served.
const HOOKS: [(&str, Transition); 2] = [
    ("ecs-rollout-launch", Transition::Launching),
    ("ecs-rollout-terminate", Transition::Terminating),
];

/// Our hook of the transition that Auto Scaling calls so.
pub fn hook_of(transition: &str) -> Option<&'static str> {
    let (name, _) = HOOKS.into_iter().find(|(_, of)| of.name() == transition)?;
    Some(name)
}

/// What the tail may be: as long as an action can last at all, at most.
const TAIL_SECONDS: RangeInclusive<i64> = 1..=172_800;

/// The longest name of an execution, by the Step Functions API.
const LONGEST_NAME: usize = 80;

/// Whose actions are to have executions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The group.
    pub group: GroupName,
    /// The ARN of the state machine whose executions are the lifecycle actions.
    pub machine: String,
    /// How long after its action began the event of an instance may still come.
    pub tail: SignedDuration,
}

/// The group, and what its open actions show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// ARN of the group, if Auto Scaling names it.
    pub arn: Option<String>,
    /// Whether the group has a warm pool.
    pub has_pool: bool,
    /// Its instances at hooks, those of its warm pool included.
    pub waiting: Vec<GroupInstance>,
    /// What moves them.
    pub activities: Vec<OpenActivity>,
    /// Its hooks.
    pub hooks: Vec<Hook>,
}

/// An execution to be started, unless one runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Missing {
    /// The instance at its hook.
    pub about: AtHook,
    /// The name of the execution.
    pub name: String,
    /// Its input.
    pub event: Value,
}

/// Reads the input.
///
/// # Errors
/// `BadEvent` with every mistake.
pub fn read_order(input: &Value) -> Result<Request, Error> {
    let mut mistakes = Vec::new();
    let empty = Map::new();
    let mut fields = Fields::of(input, "", &empty, &mut mistakes);
    let group = fields.text("group");
    let machine = fields.checked("stateMachineArn", "the ARN of a state machine", |text| {
        text.starts_with("arn:") && text.contains(":stateMachine:")
    });
    let tail = fields.seconds("tailSeconds", &TAIL_SECONDS);
    let understood = interface::check(&mut fields);
    // Each that is missing is a mistake.
    match (group, machine, tail, understood) {
        (Some(group), Some(machine), Some(tail), Some(())) => Ok(Request {
            group: GroupName::new(group),
            machine: machine.to_owned(),
            tail,
        }),
        _ => Err(Error::BadEvent { mistakes }),
    }
}

/// Looks, and starts what is missing.
///
/// # Errors
/// What Auto Scaling and Step Functions meet. If a start is refused the others are tried before its
/// error is returned; all of this may be repeated.
pub async fn handle(
    order: &Request,
    clients: &Clients,
    now: &impl Fn() -> Timestamp,
) -> Result<Assessment, Error> {
    let group = &order.group;
    let seen = match look(order, clients).await {
        Ok(Some(seen)) => seen,
        Ok(None) => {
            return Ok(Assessment::reached(format!(
                "No instance of group {group} waits at a lifecycle hook."
            )));
        }
        // The rule is made before the group, and deleted after it.
        Err(Error::GroupNotFound { .. }) => {
            return Ok(Assessment::reached(format!(
                "No Auto Scaling group {group}: not created yet, or deleted."
            )));
        }
        Err(error) => return Err(error),
    };
    let candidates = decide(order, &seen, now());
    let waiting = seen.waiting.len();
    if candidates.is_empty() {
        return Ok(Assessment::reached(words(
            order,
            waiting,
            &Started::default(),
        )));
    }
    let stepfunctions = StepFunctions::new(&clients.sdk, &clients.clock);
    let wanted: Vec<(AtHook, String)> = candidates
        .iter()
        .map(|one| (one.about.clone(), one.name.clone()))
        .collect();
    let running = stepfunctions.running(&order.machine, &wanted).await?;
    let mut started = Started::default();
    let mut refused = None;
    for missing in candidates {
        if running.contains(&missing.about) {
            continue;
        }
        let input = missing.event.to_string();
        let sent = stepfunctions.start(&order.machine, &missing.name, input);
        match sent.await {
            Ok(Start::Started) => started.now.push(missing.about.instance),
            Ok(Start::StartedBefore) => started.before.push(missing.about.instance),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    match refused {
        Some(error) => Err(error),
        None => Ok(Assessment::reached(words(order, waiting, &started))),
    }
}

/// The instances at hooks, and what belongs to them; nothing if there is no such instance, which
/// takes one call.
async fn look(order: &Request, clients: &Clients) -> Result<Option<Observation>, Error> {
    let (group, autoscaling) = (&order.group, &clients.autoscaling);
    let GroupSnapshot {
        arn,
        mut instances,
        has_pool,
        ..
    } = autoscaling.instances(group).await?;
    if has_pool {
        instances.extend(autoscaling.pool_instances(group).await?);
    }
    instances.retain(|one| one.state.is_at_hook());
    if instances.is_empty() {
        return Ok(None);
    }
    let ids: Vec<&InstanceId> = instances.iter().map(|one| &one.instance).collect();
    let activities = autoscaling.open_activities(group, &ids).await?;
    let hooks = autoscaling.hooks(group).await?;
    Ok(Some(Observation {
        arn,
        has_pool,
        waiting: instances,
        activities,
        hooks,
    }))
}

/// The executions of which nobody knows that they were started: one for each instance that has
/// waited longer than the tail at a hook of ours.
pub fn decide(order: &Request, seen: &Observation, now: Timestamp) -> Vec<Missing> {
    let waiting = seen.waiting.iter();
    waiting
        .filter_map(|one| missing(order, seen, one, now))
        .collect()
}

fn missing(
    order: &Request,
    seen: &Observation,
    one: &GroupInstance,
    now: Timestamp,
) -> Option<Missing> {
    let mut activities = seen.activities.iter();
    // An instance whose hook was just answered may have no open activity any more.
    let activity = activities.find(|activity| activity.instance == one.instance)?;
    if now < later(activity.started, order.tail) {
        return None;
    }
    let transition = activity.transition;
    let (origin, destination) = ways(transition, &one.state, seen.has_pool)?;
    let ours = hook_of(transition.name())?;
    let is_ours = |hook: &&Hook| hook.name.as_str() == ours && hook.transition == Some(transition);
    let hook = seen.hooks.iter().find(is_ours)?;
    let mut detail = json!({
        "AutoScalingGroupName": order.group, "LifecycleHookName": ours, "EC2InstanceId": one.instance,
        "LifecycleTransition": transition.name(), "Origin": origin.name(), "Destination": destination.name(),
    });
    if let Some(metadata) = &hook.metadata {
        detail["NotificationMetadata"] = json!(metadata);
    }
    let arn: Vec<&str> = order.machine.split(':').collect();
    let of_arn = |place: usize| arn.get(place).copied().unwrap_or_default();
    let event = json!({
        "version": "0", "id": activity.id, "detail-type": transition.event_type(), "source": SOURCE,
        "account": of_arn(4), "time": format!("{:.0}", activity.started), "region": of_arn(3),
        "resources": Vec::from_iter(&seen.arn), "detail": detail,
    });
    let about = AtHook {
        instance: one.instance.clone(),
        hook: HookName::new(ours),
    };
    Some(Missing {
        about,
        name: name(&one.instance, &activity.id),
        event,
    })
}

/// Where an instance comes from and goes to, by its transition and the state in which a hook of
/// that holds it.
///
/// A group does not say whether a launch came out of its warm pool. If it has one, that is taken
/// for granted, since a scale-out takes from the pool first; for an instance that did not, the
/// difference is that it is set ACTIVE if somebody has set it DRAINING.
fn ways(transition: Transition, state: &LifecycleState, has_pool: bool) -> Option<(Place, Place)> {
    use LifecycleState::{PendingWait, TerminatingWait, WarmedPendingWait, WarmedTerminatingWait};
    use Transition::{Launching, Terminating};
    match (transition, state) {
        (Launching, PendingWait) if has_pool => Some((Place::WarmPool, Place::AutoScalingGroup)),
        (Launching, PendingWait) => Some((Place::Ec2, Place::AutoScalingGroup)),
        (Launching, WarmedPendingWait) => Some((Place::Ec2, Place::WarmPool)),
        (Terminating, TerminatingWait) => Some((Place::AutoScalingGroup, Place::Ec2)),
        (Terminating, WarmedPendingWait) => Some((Place::AutoScalingGroup, Place::WarmPool)),
        (Terminating, WarmedTerminatingWait) => Some((Place::WarmPool, Place::Ec2)),
        _ => None,
    }
}

/// The name of the execution of an action: the same at each look, and of no other
/// action.
fn name(instance: &InstanceId, activity: &str) -> String {
    let whole = format!("{NAME_PREFIX}{instance}-{activity}");
    let kept = whole
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-');
    kept.take(LONGEST_NAME).collect()
}

#[cfg(test)]
mod tests;
