//! EC2: launch templates, and instances that boot and go away.
//!
//! Auto Scaling launches and terminates instances by the functions [`launch`] and [`terminate`],
//! not by calls; calls are there for launch templates and what clients look up. Subnets are not
//! kept: any `subnet-…` id will do. An instance's EC2 state is one of pending (its machine is being
//! prepared), running (its operating system boots, so its ECS agent may register), shutting down,
//! and gone.

mod calls;
mod ending;
mod names;
mod processor;
mod spot;
mod template;
mod timing;
mod tokens;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::account::{Account, Caller, Planned};
use crate::faults::FAULTS;
use crate::signal::Signal;
use crate::state::Key;
use crate::wire::{ApiError, Requests};

pub use ending::{kill, stop, terminate};
pub use processor::{Processor, register_image};
pub use spot::{NotSpot, at_risk, interrupt};
pub use template::{Data as TemplateData, TemplateVersion, VERSION_NOT_FOUND};
pub use timing::Timing;

/// The way to what EC2 remembers of an account.
pub const EC2: Key<State> = Key::new();

/// What the service remembers.
#[derive(Debug, Default)]
pub struct State {
    /// How long things take.
    pub timing: Timing,
    templates: BTreeMap<String, template::Template>,
    /// What was answered to requests with a client token, by token.
    answered: BTreeMap<String, tokens::Answered>,
    machines: BTreeMap<String, Machine>,
    /// The processors of the AMIs that run on one only.
    processors: BTreeMap<String, Processor>,
}

/// An instance, and how far it is.
#[derive(Debug)]
struct Machine {
    instance: Instance,
    from: TemplateVersion,
    phase: Phase,
    /// Whether its ECS agent is held back, as in a warm pool.
    agent_held: bool,
    is_spot: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Pending,
    Running,
    ShuttingDown,
    /// Terminated, while whoever had it may not have noticed yet.
    Dead,
}

/// What the service has planned for later.
#[derive(Debug)]
pub enum Event {
    /// A pending instance is running.
    Running(String),
    /// The operating system of a terminating instance is down.
    Down(String),
    /// A terminating instance is gone.
    Gone(String),
    /// The two minutes of a Spot instance are over.
    Reclaimed(String),
}

/// An instance.
#[derive(Debug, Clone)]
pub struct Instance {
    /// Such as `i-0123456789abcdef0`.
    pub id: String,
    /// The AMI that it runs.
    pub ami: String,
    /// Such as `m7g.large`.
    pub instance_type: String,
    /// Such as `eu-west-1a`.
    pub availability_zone: String,
    /// The subnet that it is in.
    pub subnet: String,
    /// User data, decoded.
    pub user_data: String,
}

impl State {
    /// The instance `id`, while EC2 still has it.
    pub fn instance(&self, id: &str) -> Option<&Instance> {
        self.machines.get(id).map(|machine| &machine.instance)
    }

    /// The instance `id`, while EC2 still has it, and what it was launched from.
    pub fn machine(&self, id: &str) -> Option<(&Instance, &TemplateVersion)> {
        let machine = self.machines.get(id)?;
        Some((&machine.instance, &machine.from))
    }

    /// Whether the instance `id` is running.
    pub fn is_running(&self, id: &str) -> bool {
        self.machines
            .get(id)
            .is_some_and(|machine| machine.phase == Phase::Running)
    }

    /// Whether the instance `id` is there and was neither terminated nor killed.
    pub fn is_alive(&self, id: &str) -> bool {
        self.machines
            .get(id)
            .is_some_and(|machine| matches!(machine.phase, Phase::Pending | Phase::Running))
    }
}

/// How requests are read.
const REQUESTS: Requests = Requests::query("InvalidParameterValue");

/// Answers a call, by the names of the API.
///
/// # Errors
/// What AWS would answer, or `NotImplemented`.
pub fn call(
    account: &mut Account,
    _: &Caller,
    action: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    let input = &names::of_the_api(input);
    match action {
        "CreateLaunchTemplate" => {
            tokens::once(account, "CreateLaunchTemplate", input, |account, input| {
                calls::create(account, REQUESTS.read("CreateLaunchTemplate", input)?)
            })
        }
        "CreateLaunchTemplateVersion" => tokens::once(
            account,
            "CreateLaunchTemplateVersion",
            input,
            |account, input| {
                calls::create_version(
                    account,
                    REQUESTS.read("CreateLaunchTemplateVersion", input)?,
                )
            },
        ),
        "DescribeLaunchTemplates" => calls::describe(account, REQUESTS.read(action, input)?),
        "DescribeLaunchTemplateVersions" => {
            calls::describe_versions(account, REQUESTS.read(action, input)?)
        }
        "DeleteLaunchTemplate" => calls::delete(account, REQUESTS.read(action, input)?),
        _ => Err(ApiError::not_implemented("ec2", action)),
    }
}

impl Planned for Event {
    fn happen(self: Box<Self>, account: &mut Account) {
        on_event(account, *self);
    }
}

/// Does what was planned.
fn on_event(account: &mut Account, event: Event) {
    match event {
        Event::Running(id) => running(account, &id),
        Event::Down(id) => down(account, &id),
        Event::Reclaimed(id) => spot::reclaimed(account, &id),
        Event::Gone(id) => {
            account[EC2].machines.remove(&id);
            account.signal(&Signal::Gone(id));
        }
    }
}

/// ECS does not deregister the container instance of a machine that was stopped before it was
/// terminated
/// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeregisterContainerInstance.html>).
fn down(account: &mut Account, id: &str) {
    let machine = account[EC2].machines.get(id);
    if machine.is_none_or(|machine| !machine.agent_held) {
        account.signal(&Signal::Down(id.to_owned()));
    }
}

/// Where an instance is put, and whether its ECS agent may start.
#[derive(Debug, Clone)]
pub struct Placement {
    /// Such as `subnet-0123456789abcdef0`.
    pub subnet: String,
    /// Such as `eu-west-1a`.
    pub availability_zone: String,
    /// Whether the ECS agent waits until [`release_agent`], as it does in a warm pool.
    pub hold_agent: bool,
}

/// Launches an instance from `version` of the launch template with the id or name `template`. Auto
/// Scaling hears of it again when it is running.
///
/// # Errors
/// What EC2 answers for an unknown template or version, and for an AMI of another processor.
pub fn launch(
    account: &mut Account,
    template: &str,
    version: &str,
    placement: Placement,
) -> Result<(Instance, TemplateVersion), ApiError> {
    let (from, data) = account[EC2].template_version(template, version)?;
    account[EC2].check_template(&data)?;
    let instance = Instance {
        id: format!("i-0{}", account.hex(16)),
        ami: data.ami,
        instance_type: data.instance_type,
        availability_zone: placement.availability_zone,
        subnet: placement.subnet,
        user_data: data.user_data,
    };
    let machine = Machine {
        instance: instance.clone(),
        from: from.clone(),
        phase: Phase::Pending,
        agent_held: placement.hold_agent,
        is_spot: data.spot,
    };
    account[EC2].machines.insert(instance.id.clone(), machine);
    account[FAULTS].active.launched(&instance.ami);
    let (least, most) = account[EC2].timing.pending;
    let delay = account.between(least, most);
    account.after(delay, Event::Running(instance.id.clone()));
    Ok((instance, from))
}

fn running(account: &mut Account, id: &str) {
    let Some(machine) = account[EC2].machines.get_mut(id) else {
        return;
    };
    if machine.phase != Phase::Pending {
        return;
    }
    machine.phase = Phase::Running;
    if !machine.agent_held {
        account.signal(&Signal::Booting(id.to_owned()));
    }
    account.signal(&Signal::Running(id.to_owned()));
}

/// Lets the ECS agent of an instance start that was launched with it held back.
pub fn release_agent(account: &mut Account, id: &str) {
    let Some(machine) = account[EC2].machines.get_mut(id) else {
        return;
    };
    if machine.agent_held && machine.phase == Phase::Running {
        machine.agent_held = false;
        account.signal(&Signal::Booting(id.to_owned()));
    }
}
