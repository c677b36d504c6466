//! EventBridge: rules on the default bus that start executions, or publish to a topic, at least
//! once for each event or at the times of their schedule.
//!
//! # Layout
//! - [`pattern`], [`field`]: patterns, and whether an event matches.
//! - [`rules`], [`target`], [`transformer`]: the calls about rules and targets. [`schedule`]: rules
//!   that run on one.
//! - `put`: events that come in. [`lateness`]: how late those of AWS services are.
//! - [`delivery`]: how they go out, and what becomes of those that cannot.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::account::{Account, Caller, Planned};
use crate::state::Key;
use crate::wire::ApiError;
use request_fields::REQUESTS;

mod dead_letter;
pub mod delivery;
pub mod field;
pub mod lateness;
mod loss;
pub mod pattern;
mod put;
mod request_fields;
pub mod rules;
pub mod schedule;
pub mod target;
pub mod transformer;

pub use dead_letter::DeadLetter;
pub use rules::Rule;

/// What name the execution gets that an event starts. AWS does not say: each is an assumption,
/// which the names of executions that one event has started twice prove.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ExecutionName {
    /// The event's id: the second copy of an event is answered as the first while that execution
    /// runs, and refused with ExecutionAlreadyExists after.
    EventId,
    /// The event's id and something new each time, as names seen in real accounts look: the second
    /// copy of an event starts a second execution. The harder case.
    #[default]
    Fresh,
}

/// How long things take, and which model variants hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// From the bus to a target, drawn between these. Recorded (radkawar/stackd
    /// testdata/aws/eventbridge/inputs.json, 2026-09): 3 s at most from PutEvents to a queue.
    pub latency: (Duration, Duration),
    /// From the first delivery to the second, if every event is delivered twice. An assumption,
    /// which the times of a duplicate on AWS prove.
    pub second_copy: (Duration, Duration),
    /// The longest wait between two tries of one delivery. An assumption, which the times of
    /// retried deliveries prove.
    pub longest_backoff: Duration,
    /// What name an execution gets.
    pub execution_name: ExecutionName,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            latency: (Duration::from_millis(300), Duration::from_millis(1500)),
            second_copy: (Duration::from_secs(5), Duration::from_secs(30)),
            longest_backoff: Duration::from_secs(480),
            execution_name: ExecutionName::default(),
        }
    }
}

/// The way to what EventBridge remembers of an account.
pub const EVENTBRIDGE: Key<State> = Key::new();

/// What the service remembers.
#[derive(Debug, Default)]
pub struct State {
    /// How long things take.
    pub timing: Timing,
    /// What could not be delivered, in order.
    pub dead_letters: Vec<DeadLetter>,
    /// Every event put on the bus with its instant, whole, if somebody wants them kept: as an
    /// archive of EventBridge does.
    pub archive: Option<Vec<(Timestamp, Value)>>,
    rules: BTreeMap<String, Rule>,
    /// How many runs of schedules have begun.
    schedule_runs: u64,
}

impl State {
    /// The rule called `name`.
    pub fn rule(&self, name: &str) -> Option<&Rule> {
        self.rules.get(name)
    }
}

/// What the service has planned for later.
#[derive(Debug)]
pub struct Event(Due);

#[derive(Debug)]
enum Due {
    /// A service's event reaches the bus.
    Arrival(Box<Value>),
    /// An event reaches a target.
    Delivery(Box<delivery::Delivery>),
    /// A rule's schedule comes round.
    Tick(schedule::Tick),
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
        "PutRule" => rules::put(account, REQUESTS.read(action, input)?),
        "DeleteRule" => rules::delete(account, REQUESTS.read(action, input)?),
        "DescribeRule" => rules::describe(account, REQUESTS.read(action, input)?),
        "ListRules" => rules::list(account, REQUESTS.read(action, input)?),
        "PutTargets" => target::put(account, REQUESTS.read(action, input)?),
        "RemoveTargets" => target::remove(account, REQUESTS.read(action, input)?),
        "ListTargetsByRule" => target::list(account, REQUESTS.read(action, input)?),
        "PutEvents" => put::put_events(account, REQUESTS.read(action, input)?),
        _ => Err(ApiError::not_implemented("events", action)),
    }
}

impl Planned for Event {
    fn happen(self: Box<Self>, account: &mut Account) {
        on_event(account, *self);
    }
}

/// Does what was planned.
fn on_event(account: &mut Account, Event(due): Event) {
    match due {
        Due::Arrival(event) => delivery::plan(account, *event),
        Due::Delivery(delivery) => delivery::deliver(account, *delivery),
        Due::Tick(tick) => schedule::on_tick(account, tick),
    }
}

/// Puts one event, as an AWS service does, on the default bus, where it arrives some time later.
/// `event` is whole but for `id`, which it gets here.
pub fn put_event(account: &mut Account, event: Value) {
    let id = account.uuid();
    put_event_known_as(account, &id, event);
}

/// The same of an event whose service has given it its `id`.
pub fn put_event_known_as(account: &mut Account, id: &str, event: Value) {
    let whole = put::with_id(id, &event);
    put::archive(account, &whole);
    let place = account.random.u64(0..lateness::PARTS);
    let late = lateness::at_place(place);
    account.after(late, Event(Due::Arrival(Box::new(whole))));
}

#[cfg(test)]
mod tests;
