//! Step Functions: interprets state machines written in Amazon States Language with JSONPath, and
//! writes the history of each execution as the real service does.
//!
//! # Layout
//! - `parse`, `parse_choice`, `parse_task`, `members`: a definition's text becomes a
//!   [`definition::Definition`], or is refused.
//! - [`definition`], [`choice`], [`template`], [`intrinsic`], [`path`]: what a definition is made
//!   of.
//! - `decide`: what a state does with its input, without the account.
//! - `run`, `task`, `leave`, `ending`: the account moves executions on; [`execution`] is one of
//!   them.
//! - `machines`, `logging`, `executions`, `redrive`, `activities`, `held`: the calls. `notice`: the
//!   events about executions.
//!
//! Map, Parallel, JSONata and service integrations are refused by name.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::account::{Account, Caller, Planned};
use crate::state::Key;
use crate::wire::ApiError;
use request_fields::REQUESTS;

mod activities;
pub mod activity_task;
pub mod choice;
mod decide;
pub mod definition;
mod ending;
mod events;
pub mod execution;
mod executions;
pub mod failure;
pub mod host;
pub mod intrinsic;
mod leave;
mod logging;
mod machines;
mod members;
mod parse;
mod parse_choice;
mod parse_task;
pub mod path;
mod redrive;
mod request_fields;
mod run;
mod task;
pub mod template;
mod timestamp;

pub use crate::lambda::Ticket;
pub use execution::Execution;
pub use machines::StateMachine;

use failure::Failure;

/// How long things take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// From leaving one state, or starting, to entering the next. AWS promises nothing.
    ///
    /// assumption: tens of milliseconds. The times in a history on AWS prove it.
    pub transition: Duration,
    /// How long a deleted state machine stays, DELETING, once none of its executions runs. Recorded
    /// are some seconds and more than 100 s (radkawar/stackd
    /// testdata/aws/stepfunctions/activity_missing.json and redrive_execution.json, 2026-09).
    ///
    /// assumption: in between. More recordings prove it.
    pub deletion: Duration,
    /// Which entries of Retry and Catch are about a result that is too large.
    pub data_limit: failure::DataLimit,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            transition: Duration::from_millis(25),
            deletion: Duration::from_secs(30),
            data_limit: failure::DataLimit::default(),
        }
    }
}

/// The way to what Step Functions remembers of an account.
pub const STEPFUNCTIONS: Key<State> = Key::new();

/// What the service remembers.
#[derive(Debug, Default)]
pub struct State {
    /// How long things take.
    pub timing: Timing,
    /// Whether the history of an execution is dropped as soon as that has ended: for a rollout of
    /// hundreds of instances in which nobody reads it. `GetExecutionHistory` then refuses to answer
    /// for such an execution.
    pub forget_histories: bool,
    /// State transitions of all executions, each retry being one: what AWS bills.
    pub transitions: u64,
    machines: BTreeMap<String, StateMachine>,
    activities: BTreeMap<String, activities::Activity>,
    /// What activity workers have taken, by token.
    tokens: BTreeMap<String, activity_task::HeldTask>,
    executions: Vec<Execution>,
    by_arn: BTreeMap<String, usize>,
}

impl State {
    /// All executions, in the order in which they started.
    pub fn executions(&self) -> &[Execution] {
        &self.executions
    }

    /// The execution with this ARN.
    pub fn execution(&self, arn: &str) -> Option<&Execution> {
        self.by_arn.get(arn).map(|run| &self.executions[*run])
    }

    /// The state machine with this ARN.
    pub fn machine(&self, arn: &str) -> Option<&StateMachine> {
        self.machines.get(arn)
    }
}

/// What is due, for which execution (its place in the list of all). Each but those of an attempt is
/// meant for the execution as it was after this many redrives.
#[derive(Debug)]
enum Due {
    Enter(usize, u64),
    WaitOver(usize, u64),
    Retry(usize, u64),
    Resume(usize, u64),
    /// For this attempt only.
    TaskTimeout(usize, u64),
    /// Of an activity worker, about this attempt.
    Silence(usize, u64),
    ExecutionTimeout(usize, u64),
}

impl Planned for Due {
    fn happen(self: Box<Self>, account: &mut Account) {
        on_event(account, *self);
    }
}

/// Answers a call.
///
/// # Errors
/// What AWS would answer, or `NotImplemented`.
pub fn call(
    account: &mut Account,
    _: &Caller,
    action: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    match action {
        "CreateStateMachine" => machines::create(account, REQUESTS.read(action, input)?),
        "UpdateStateMachine" => machines::update(account, REQUESTS.read(action, input)?),
        "DeleteStateMachine" => machines::delete(account, REQUESTS.read(action, input)?),
        "DescribeStateMachine" => machines::describe(account, REQUESTS.read(action, input)?),
        "ListStateMachines" => machines::list_all(account, REQUESTS.read(action, input)?),
        "StartExecution" => executions::start(account, REQUESTS.read(action, input)?),
        "DescribeExecution" => executions::describe(account, REQUESTS.read(action, input)?),
        "ListExecutions" => executions::list_all(account, REQUESTS.read(action, input)?),
        "StopExecution" => executions::stop(account, REQUESTS.read(action, input)?),
        "RedriveExecution" => redrive::redrive(account, REQUESTS.read(action, input)?),
        "CreateActivity" => activities::create(account, REQUESTS.read(action, input)?),
        "DeleteActivity" => activities::delete(account, REQUESTS.read(action, input)?),
        "DescribeActivity" => activities::describe(account, REQUESTS.read(action, input)?),
        "ListActivities" => activities::list_all(account, REQUESTS.read(action, input)?),
        "GetActivityTask" => activity_task::get(account, REQUESTS.read(action, input)?),
        "SendTaskSuccess" => activity_task::succeeded(account, REQUESTS.read(action, input)?),
        "SendTaskFailure" => activity_task::failed(account, REQUESTS.read(action, input)?),
        "SendTaskHeartbeat" => activity_task::heartbeat(account, REQUESTS.read(action, input)?),
        "GetExecutionHistory" => executions::history(account, REQUESTS.read(action, input)?),
        _ => Err(ApiError::not_implemented("states", action)),
    }
}

/// Does what was planned. What was planned for an execution that has ended since is not done.
fn on_event(account: &mut Account, due: Due) {
    let (run, life) = match due {
        Due::TaskTimeout(run, attempt) => return task::timed_out(account, run, attempt),
        Due::Silence(run, attempt) => return task::silent(account, run, attempt),
        Due::Enter(run, life)
        | Due::WaitOver(run, life)
        | Due::Retry(run, life)
        | Due::Resume(run, life)
        | Due::ExecutionTimeout(run, life) => (run, life),
    };
    let of = &account[STEPFUNCTIONS].executions[run];
    if of.status != execution::Status::Running || of.redrives.count != life {
        return;
    }
    match due {
        Due::Enter(..) => run::enter(account, run),
        Due::WaitOver(..) => run::wait_over(account, run),
        Due::Retry(..) => task::retry(account, run),
        Due::Resume(..) => redrive::resume(account, run),
        Due::TaskTimeout(..) | Due::Silence(..) => {}
        Due::ExecutionTimeout(..) => {
            ending::end(account, run, ending::Ending::TimedOut);
        }
    }
}

/// Takes a task's result: what the function answered, or its failure.
pub fn task_returned(
    account: &mut Account,
    ticket: &Ticket,
    result: Result<Value, crate::lambda::Failure>,
) {
    if let Some(run) = account[STEPFUNCTIONS]
        .by_arn
        .get(&ticket.execution)
        .copied()
    {
        let result = result.map_err(|failure| Failure::new(&failure.error, failure.cause));
        task::returned(account, run, ticket.attempt, result);
    }
}

#[cfg(test)]
mod tests;
