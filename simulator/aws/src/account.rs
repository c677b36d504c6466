//! The account: one clock, one queue, what each service remembers, and the facts of what happened.
//! It knows no service: [`crate::services`] has the table of them.

use std::fmt::Debug;
use std::ops::{Index, IndexMut};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

pub use crate::arn::{ACCOUNT_ID, PARTITION, arn};
pub use crate::caller::Caller;
use crate::clock::Queue;
use crate::error::ApiError;
pub use crate::region::{REGION, Region};
use crate::signal::Signal;
use crate::state::{Key, ServiceState, States};
use crate::trace::{Record, TraceEvent};

/// Something that a service has planned for later.
pub trait Planned: Debug + Send {
    /// Does it, now that it is due.
    fn happen(self: Box<Self>, account: &mut Account);
}

/// Answers a call of one service.
type Call = fn(&mut Account, &Caller, &str, &Value) -> Result<Value, ApiError>;

/// A service, as the account meets it.
#[derive(Debug)]
pub struct Service {
    /// The name by which calls are for it.
    name: &'static str,
    call: Option<Call>,
    state: Option<fn() -> Box<dyn ServiceState>>,
    notice: Option<fn(&mut Account, &Signal)>,
}

impl Service {
    /// The service of this name.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            call: None,
            state: None,
            notice: None,
        }
    }

    /// The service that answers calls in this way.
    pub const fn answers(self, call: Call) -> Self {
        Self {
            call: Some(call),
            ..self
        }
    }

    /// The service that remembers a `S`.
    pub const fn remembers<S: ServiceState + Default>(self) -> Self {
        Self {
            state: Some(|| Box::new(S::default())),
            ..self
        }
    }

    /// The service that notices in this way what others do.
    pub const fn notices(self, notice: fn(&mut Account, &Signal)) -> Self {
        Self {
            notice: Some(notice),
            ..self
        }
    }
}

/// An AWS account in memory.
#[derive(Debug)]
pub struct Account {
    /// The present instant. Only [`Account::step`] moves it.
    pub now: Timestamp,
    /// Where all chance of the services comes from.
    pub random: fastrand::Rng,
    /// Everything that happened, in order.
    pub trace: Vec<Record>,
    queue: Queue<Box<dyn Planned>>,
    services: &'static [Service],
    states: States,
}

impl<S: ServiceState> Index<Key<S>> for Account {
    type Output = S;

    fn index(&self, _: Key<S>) -> &S {
        self.states.of()
    }
}

impl<S: ServiceState> IndexMut<Key<S>> for Account {
    fn index_mut(&mut self, _: Key<S>) -> &mut S {
        self.states.of_mut()
    }
}

impl Account {
    /// An empty account of these `services` at `start`, in which all chance follows from `seed`.
    /// Its times are whole milliseconds, as those of AWS are.
    pub fn of(services: &'static [Service], start: Timestamp, seed: u64) -> Self {
        let start = Timestamp::from_millisecond(start.as_millisecond())
            .expect("a good time without its microseconds is a good time");
        let mut states = States::default();
        for state in services.iter().filter_map(|service| service.state) {
            states.keep(state());
        }
        Self {
            now: start,
            random: fastrand::Rng::with_seed(seed),
            trace: Vec::new(),
            queue: Queue::default(),
            services,
            states,
        }
    }

    /// Keeps `state`, which whoever has its key then finds: what stands around the services, and is
    /// none itself.
    pub fn keep(&mut self, state: impl ServiceState) {
        self.states.keep(Box::new(state));
    }

    /// Plans `event` for `delay` from now, or for the end of time.
    pub fn after(&mut self, delay: Duration, event: impl Planned + 'static) {
        let due = self.now.checked_add(delay).unwrap_or(Timestamp::MAX);
        self.queue.plan(due, Box::new(event));
    }

    /// Writes down that `fact` happened now.
    pub fn record(&mut self, fact: TraceEvent) {
        self.trace.push(Record {
            at: self.now,
            event: fact,
        });
    }

    /// What a service remembers, and the chance of the services, each to be changed.
    pub fn with_chance<S: ServiceState>(&mut self, _: Key<S>) -> (&mut S, &mut fastrand::Rng) {
        (self.states.of_mut(), &mut self.random)
    }

    /// When the next planned thing is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.queue.next_due()
    }

    /// Does the next planned thing that is due at `until` or before, at its own instant, and says
    /// whether there was one. When there is none the clock stands at `until`.
    pub fn step(&mut self, until: Timestamp) -> bool {
        match self.queue.take_due(until) {
            Some((due, event)) => {
                self.now = self.now.max(due);
                event.happen(self);
                true
            }
            None => {
                self.now = self.now.max(until);
                false
            }
        }
    }

    /// Does everything that is due until `until`, and stands there.
    pub fn advance(&mut self, until: Timestamp) {
        while self.step(until) {}
    }

    /// Lets the services notice, in the order of their table, what AWS does behind its API.
    pub fn signal(&mut self, signal: &Signal) {
        for notice in self.services.iter().filter_map(|service| service.notice) {
            notice(self, signal);
        }
    }

    /// Calls `action` of `service`, both spelled as in the AWS API: `call(&caller, "autoscaling",
    /// "DescribeAutoScalingGroups", &json!({"AutoScalingGroupNames": ["a"]}))`. Times in answers
    /// are RFC 3339 strings under the member's own name; the wire layer turns them into what each
    /// protocol writes.
    ///
    /// # Errors
    /// What AWS would answer; and `NotImplemented`, naming service and call, for what the account
    /// does not know.
    pub fn call(
        &mut self,
        caller: &Caller,
        service: &str,
        action: &str,
        input: &Value,
    ) -> Result<Value, ApiError> {
        let mut services = self.services.iter();
        let known = services.find(|known| known.name == service);
        let answer = match known.and_then(|known| known.call) {
            Some(call) => call(self, caller, action, input),
            None => Err(ApiError::not_implemented(service, action)),
        };
        self.record_call(caller, service, action, answer.as_ref().err());
        answer
    }

    /// Writes down that a call was answered.
    pub fn record_call(
        &mut self,
        caller: &Caller,
        service: &str,
        action: &str,
        error: Option<&ApiError>,
    ) {
        self.record(TraceEvent::ApiCall {
            caller: caller.clone(),
            service: service.to_owned(),
            action: action.to_owned(),
            error: error.map(|error| error.code.clone()),
        });
    }

    /// A new random id of `length` hexadecimal digits, such as those of `i-0123456789abcdef0`.
    pub fn hex(&mut self, length: usize) -> String {
        (0..length)
            .map(|_| char::from(b"0123456789abcdef"[self.random.usize(0..16)]))
            .collect()
    }

    /// A new random UUID.
    pub fn uuid(&mut self) -> String {
        let digits = self.hex(32);
        format!(
            "{}-{}-4{}-a{}-{}",
            &digits[..8],
            &digits[8..12],
            &digits[13..16],
            &digits[17..20],
            &digits[20..]
        )
    }

    /// A duration between `from` and `to`, by chance.
    pub fn between(&mut self, from: Duration, to: Duration) -> Duration {
        let (from, to) = (from.as_millis() as u64, to.as_millis() as u64);
        Duration::from_millis(self.random.u64(from..=to.max(from)))
    }
}

/// Who is told of every fact, at once, with the account as it then stands.
pub trait Observer: Send {
    /// Takes notice of a fact.
    fn observe(&mut self, account: &Account, record: &Record);
}
