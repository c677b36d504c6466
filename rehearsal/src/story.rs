//! A story: an account, a stack, a workload, and what an operator does, played to its end in virtual time.
//!
//! [`script`] reads stories from text, [`play()`] plays them, [`files`] holds the template and definition they use.

pub mod files;
pub mod script;

mod fault;
mod play;

pub use fault::Fault;
pub use play::{Played, play, play_with_processes};

use std::path::PathBuf;

use crate::account::Account;
use crate::environments::{Environments, Log};
use crate::fact::Told;
use crate::faults::Faults;
use crate::telling::Line;
use crate::workload::Workload;
use files::Files;

/// Everything that a story follows from. The same settings give the same story, to the byte.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The template and what it names.
    pub files: Files,
    /// Parameters of the stack.
    pub parameters: Vec<(String, String)>,
    /// What runs on the cluster.
    pub workload: Workload,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// Where all chance comes from.
    pub seed: u64,
    /// Whether behaviours of AWS that nobody has proven go the other way than usual.
    pub switches: Vec<Switch>,
}

/// How the workers run as processes of their own.
#[derive(Clone)]
pub struct Processes {
    /// The folder of their binaries.
    pub workers: PathBuf,
    /// Virtual seconds in a second.
    pub speed: u32,
    /// Takes what they write.
    pub log: Log,
}

impl Processes {
    fn environments(&self, endpoint: &str) -> Result<Environments, String> {
        let environments =
            Environments::new(self.workers.clone(), endpoint.to_owned(), self.log.clone());
        environments.check()?;
        Ok(environments)
    }
}

/// A behaviour of AWS that nobody has proven, switched to the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// A signal sent before CloudFormation sees the instance InService is lost.
    EarlySignalLost,
    /// An abandoned launch is terminated without the terminate hook.
    AbandonedLaunchSkipsHook,
    /// An execution started by a rule is named after the event, so that a second delivery is refused.
    ExecutionNamedAfterEvent,
}

impl Switch {
    /// All switches with their names.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::EarlySignalLost, "early-signal-lost"),
        (
            Self::AbandonedLaunchSkipsHook,
            "abandoned-launch-skips-hook",
        ),
        (
            Self::ExecutionNamedAfterEvent,
            "execution-named-after-event",
        ),
    ];
}

/// What an operator, or the world, does in a story.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Creates the stack and starts the workload; goes on when all is at rest.
    Deploy,
    /// Puts a new AMI id into the SSM parameter, updates the stack, and goes on when nothing is under way any more.
    Roll,
    /// Sets the group's desired capacity.
    Scale(u64),
    /// Gives the group a warm pool of this size.
    WarmPool(u64),
    /// Puts an event on the bus; `$INSTANCE` in it stands for the id of the group's oldest instance, `$GROUP` for its name.
    PutEvent(serde_json::Value),
    /// Deregisters the container instance of the group's oldest instance by force, so that it is no member any more.
    Deregister,
    /// Lets time pass until nothing is under way.
    Settle,
    /// Lets so many seconds pass.
    Pass(u64),
    /// Deletes the services of the workload by force.
    DeleteServices,
    /// Deletes the stack, and goes on when it is gone or that has failed.
    Delete,
}

/// Who is told of the lines of a story as they happen.
pub trait Listener: Send {
    /// Takes a line.
    fn line(&mut self, line: &Line);
    /// Takes a fact, with the account as it stands then.
    fn fact(&mut self, _account: &Account, _told: &Told) {}
    /// Is told how far the roll is: instances replaced, of how many, and what is under way.
    fn progress(&mut self, _replaced: usize, _of: usize, _at: std::time::Duration) {}
}

/// Nobody listens.
#[derive(Debug, Clone, Copy)]
pub struct Silence;

impl Listener for Silence {
    fn line(&mut self, _line: &Line) {}
}

impl Settings {
    /// The value of a parameter, if it is set.
    pub fn parameter(&self, key: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    /// Sets a parameter.
    pub fn set_parameter(&mut self, key: &str, value: impl Into<String>) {
        let value = value.into();
        match self.parameters.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => *old = value,
            None => self.parameters.push((key.to_owned(), value)),
        }
    }

    /// The faults as the account knows them, for a roll to `new_ami`.
    fn faults(&self, new_ami: &str) -> Faults {
        let has = |fault| self.faults.contains(&fault);
        Faults {
            never_joins: has(Fault::NeverJoins).then(|| new_ami.to_owned()),
            registers_slowly: has(Fault::RegistersSlowly).then(|| new_ami.to_owned()),
            event_twice: has(Fault::EventTwice),
            throttle: has(Fault::Throttle),
            busy_account: has(Fault::BusyAccount),
            agent_gone: has(Fault::AgentGone),
            worker_error: has(Fault::WorkerError),
        }
    }
}
