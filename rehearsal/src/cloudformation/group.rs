//! The Auto Scaling group: created with signals, updated by a rolling update, deleted when it is empty.
//!
//! While CloudFormation waits for a group it looks at it every few seconds, and at once when a signal comes.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::handler::{Made, Wanted, ask, name as name_of, raw};
use super::node::scalar_text;
use super::operation;
use super::roll::{self, Roll};
use super::rolling::{Pause, Policy, whole_number};
use super::signal::{Signals, Standing};
use super::stack;
use super::{Event, rolling};
use crate::account::Account;

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
    /// Its instances are replaced.
    Rolling(Box<Roll>),
    /// It gets rid of its instances, and gives up then.
    Emptying(Timestamp),
}

/// A CreationPolicy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creation {
    /// How many signals.
    pub count: u64,
    /// Within which time.
    pub timeout: Pause,
    /// How many per cent of them must be SUCCESS.
    pub percent: u64,
}

/// The longest Timeout of a CreationPolicy (documented).
const LONGEST_CREATION: Duration = Duration::from_secs(12 * 3600);

impl Creation {
    /// Reads a worked out CreationPolicy; nothing if it waits for no signal.
    ///
    /// # Errors
    /// Why it is not possible.
    pub fn read(policy: &Value) -> Result<Option<Self>, String> {
        let members = policy.as_object().into_iter().flatten();
        for (key, value) in members {
            let known: &[&str] = match key.as_str() {
                "ResourceSignal" => &["Count", "Timeout"],
                "AutoScalingCreationPolicy" => &["MinSuccessfulInstancesPercent"],
                _ => {
                    return Err(format!(
                        "the account in memory does not know the CreationPolicy {key}"
                    ));
                }
            };
            if let Some(other) = value
                .as_object()
                .into_iter()
                .flatten()
                .find(|(name, _)| !known.contains(&name.as_str()))
            {
                return Err(format!(
                    "the account in memory does not know {} of {key}",
                    other.0
                ));
            }
        }
        let Some(signal) = policy.get("ResourceSignal") else {
            return Ok(None);
        };
        let number = |value: Option<&Value>, default| match value {
            Some(value) => whole_number(value).ok_or_else(|| format!("{value} is no whole number")),
            None => Ok(default),
        };
        let percent = policy
            .get("AutoScalingCreationPolicy")
            .and_then(|of| of.get("MinSuccessfulInstancesPercent"));
        let timeout = signal
            .get("Timeout")
            .map_or_else(|| "PT5M".to_owned(), scalar_text);
        Ok(Some(Self {
            count: number(signal.get("Count"), 1)?,
            timeout: Pause::read(&timeout, LONGEST_CREATION)?,
            percent: number(percent, 100)?,
        }))
    }
}

/// Makes the group.
///
/// # Errors
/// Why it cannot be made.
pub fn create(account: &mut Account, wanted: &Wanted) -> Result<Made, String> {
    let name = name_of(account, wanted, "AutoScalingGroupName");
    let mut input = call_members(&wanted.properties);
    input["AutoScalingGroupName"] = Value::from(name.clone());
    if let Some(hooks) = wanted.properties.get("LifecycleHookSpecificationList") {
        input["LifecycleHookSpecificationList"] = hooks.clone();
    }
    if let Some(tags) = wanted.properties.get("Tags") {
        input["Tags"] = tags.clone();
    }
    ask(account, "autoscaling", "CreateAutoScalingGroup", &input)?;
    Ok(Made::new(name, []))
}

/// The properties as CreateAutoScalingGroup and UpdateAutoScalingGroup both want them.
fn call_members(properties: &Value) -> Value {
    let mut members = Map::new();
    for (key, value) in properties.as_object().into_iter().flatten() {
        match key.as_str() {
            "LifecycleHookSpecificationList" | "Tags" => {}
            "VPCZoneIdentifier" => {
                let subnets: Vec<_> = value
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(scalar_text)
                    .collect();
                members.insert(key.clone(), Value::from(subnets.join(",")));
            }
            "Cooldown" => drop(members.insert("DefaultCooldown".to_owned(), value.clone())),
            "MinSize" | "MaxSize" | "DesiredCapacity" => {
                let number = whole_number(value).map_or_else(|| value.clone(), Value::from);
                members.insert(key.clone(), number);
            }
            _ => drop(members.insert(key.clone(), value.clone())),
        }
    }
    Value::Object(members)
}

/// The group is made: it waits for signals if its CreationPolicy says so.
pub fn created(account: &mut Account, wanted: &Wanted) {
    let (id, name) = (&wanted.stack_id, &wanted.name);
    match policy(account, id, name, |declared| {
        declared.creation_policy.as_ref()
    })
    .and_then(|value| Creation::read(&value))
    {
        Ok(Some(creation)) if creation.count > 0 => {
            let until = account.now + creation.timeout.duration;
            begin(account, wanted, Stage::Creating { creation, until });
        }
        Ok(_) => {
            let delay = account.cloudformation.dynamics.other;
            operation::takes(account, id, name, delay);
        }
        Err(reason) => operation::finished(account, id, name, Err(reason)),
    }
}

/// A policy of the group, worked out; null if there is none.
fn policy(
    account: &mut Account,
    id: &str,
    name: &str,
    which: impl Fn(&super::template::Declared) -> Option<&super::expression::Expression>,
) -> Result<Value, String> {
    let stack = account.cloudformation.at(id);
    let known = stack.known();
    let scope = stack.scope(&stack.version, &known, false);
    let expression = which(&stack.version.template.resources[name]);
    let value = expression
        .map(|expression| scope.value(expression))
        .transpose();
    value
        .map(|value| value.flatten().unwrap_or_default())
        .map_err(|refusal| refusal.to_string())
}

fn begin(account: &mut Account, wanted: &Wanted, stage: Stage) {
    let resource = &account.cloudformation.at(&wanted.stack_id).resources[&wanted.name];
    let work = GroupWork {
        group: resource.physical_id.clone(),
        stage,
        signals: Signals::default(),
        in_service: BTreeSet::new(),
        turn: 0,
    };
    operation::works(account, &wanted.stack_id, &wanted.name, work);
}

/// Gives the group its new properties and hooks.
///
/// # Errors
/// Why it cannot be changed.
pub fn update(account: &mut Account, wanted: &Wanted, old: &Value) -> Result<(), String> {
    let group = account.cloudformation.at(&wanted.stack_id).resources[&wanted.name]
        .physical_id
        .clone();
    let mut input = call_members(&wanted.properties);
    input["AutoScalingGroupName"] = Value::from(group.clone());
    ask(account, "autoscaling", "UpdateAutoScalingGroup", &input)?;
    let hooks = |properties: &Value| -> Vec<Value> {
        properties["LifecycleHookSpecificationList"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    };
    let (old, new) = (hooks(old), hooks(&wanted.properties));
    for hook in new.iter().filter(|hook| !old.contains(hook)) {
        let mut input = hook.clone();
        input["AutoScalingGroupName"] = Value::from(group.clone());
        ask(account, "autoscaling", "PutLifecycleHook", &input)?;
    }
    let named = |hook: &Value| hook["LifecycleHookName"].clone();
    for gone in old
        .iter()
        .filter(|old| new.iter().all(|new| named(new) != named(old)))
    {
        let input = json!({"AutoScalingGroupName": group, "LifecycleHookName": named(gone)});
        ask(account, "autoscaling", "DeleteLifecycleHook", &input)?;
    }
    Ok(())
}

/// The group has its new properties: now it is rolled, if its UpdatePolicy says so.
pub fn updated(account: &mut Account, wanted: &Wanted) {
    let (id, name) = (&wanted.stack_id, &wanted.name);
    match policy(account, id, name, |declared| {
        declared.update_policy.as_ref()
    })
    .and_then(|value| Policy::read(&value))
    {
        Ok(Some(policy)) => {
            let version = scalar_text(&wanted.properties["LaunchTemplate"]["Version"]);
            let roll = Roll::new(policy, version, account.now);
            begin(account, wanted, Stage::Rolling(Box::new(roll)));
        }
        Ok(None) => {
            let delay = account.cloudformation.dynamics.other;
            operation::takes(account, id, name, delay);
        }
        Err(reason) => operation::finished(account, id, name, Err(reason)),
    }
}

/// Begins to delete the group: first its instances.
pub fn delete(account: &mut Account, id: &str, name: &str) {
    let group = account.cloudformation.at(id).resources[name]
        .physical_id
        .clone();
    let input =
        json!({"AutoScalingGroupName": group, "MinSize": 0, "MaxSize": 0, "DesiredCapacity": 0});
    if let Err(reason) = ask(account, "autoscaling", "UpdateAutoScalingGroup", &input) {
        return operation::finished(account, id, name, Err(reason));
    }
    let until = account.now + account.cloudformation.dynamics.empty_within;
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
    let Some(seen) = Seen::look(account, &group) else {
        // An unanswered call is asked again.
        let every = account.cloudformation.dynamics.look_every;
        return look_again(account, id, name, every);
    };
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
        Stage::Rolling(_) => roll::look(account, id, name, &group, &seen),
        Stage::Emptying(until) => {
            let until = *until;
            emptying(account, &group, &seen, until)
        }
    };
    match outcome {
        Some(result) => operation::finished(account, id, name, result),
        None => {
            let every = account.cloudformation.dynamics.look_every;
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
) -> Option<Result<(), String>> {
    let late = account.now >= until;
    let (count, percent) = (creation.count, creation.percent);
    let signals = &mut operation::group_work(account, id, name)?.signals;
    match signals.standing(count, count, percent) {
        Standing::Complete => Some(Ok(())),
        Standing::Failed => Some(Err(signals.why(count, percent))),
        Standing::Open if !late => None,
        Standing::Open => {
            let missing = signals.miss(count);
            let failed = signals.standing(count, count, percent) == Standing::Failed;
            let why = signals.why(count, percent);
            stack::resource_enters(
                account,
                id,
                name,
                "CREATE_IN_PROGRESS",
                &rolling::missing_signals(missing),
            );
            Some(if failed { Err(why) } else { Ok(()) })
        }
    }
}

fn emptying(
    account: &mut Account,
    group: &str,
    seen: &Seen,
    until: Timestamp,
) -> Option<Result<(), String>> {
    if seen.instances.is_empty() {
        return match raw(
            account,
            "autoscaling",
            "DeleteAutoScalingGroup",
            &json!({"AutoScalingGroupName": group}),
        ) {
            Ok(_) => Some(Ok(())),
            Err(error)
                if matches!(
                    error.code.as_str(),
                    "ResourceInUse" | "ScalingActivityInProgress" | "ResourceContention"
                ) =>
            {
                None
            }
            Err(error) => Some(Err(super::handler::told("autoscaling", &error))),
        };
    }
    let left: Vec<_> = seen
        .instances
        .iter()
        .map(|instance| format!("{} ({})", instance.id, instance.state))
        .collect();
    (account.now >= until).then(|| {
        Err(format!(
            "Group did not stabilize: it still has {}",
            left.join(", ")
        ))
    })
}

/// A group as DescribeAutoScalingGroups answers it.
#[derive(Debug)]
pub struct Seen {
    /// Its sizes.
    pub sizes: rolling::Sizes,
    /// Its instances.
    pub instances: Vec<Instance>,
}

/// An instance of a group as DescribeAutoScalingGroups answers it.
#[derive(Debug)]
pub struct Instance {
    /// Its id.
    pub id: String,
    /// LifecycleState.
    pub state: String,
    /// Version of the launch template that it was launched from.
    pub version: String,
}

impl Instance {
    /// Whether it is on its way out, or kept for a person: then it is none of the group's capacity.
    pub fn leaves(&self) -> bool {
        self.state.starts_with("Terminat")
    }
}

impl Seen {
    fn look(account: &mut Account, group: &str) -> Option<Self> {
        let input = json!({"AutoScalingGroupNames": [group]});
        let answer = raw(account, "autoscaling", "DescribeAutoScalingGroups", &input).ok()?;
        let group = answer["AutoScalingGroups"].as_array()?.first()?;
        let size = |member: &str| whole_number(&group[member]);
        let instances = group["Instances"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|instance| Instance {
                id: scalar_text(&instance["InstanceId"]),
                state: scalar_text(&instance["LifecycleState"]),
                version: scalar_text(&instance["LaunchTemplate"]["Version"]),
            });
        Some(Self {
            sizes: rolling::Sizes {
                min: size("MinSize")?,
                max: size("MaxSize")?,
                desired: size("DesiredCapacity")?,
            },
            instances: instances.collect(),
        })
    }
}
