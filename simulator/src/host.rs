//! The account with time running. Either one virtual clock, moved by tokio's paused time, for the
//! account, the workers and the AWS SDKs inside them; or the wall clock times a speed, for clients
//! outside this process. A [`FunctionRunner`] runs the functions.

use std::fmt;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::account::{Account, Caller, Observer};
use crate::interceptors::mutation::Mutation;
use crate::interceptors::{Interceptors, calls};
use crate::wire::{self, ApiError, Call, Response, WIRE};

mod functions;
mod long_poll;
mod machines;

pub use functions::FunctionRunner;

/// Half of the time that a call takes on the wire and in the service.
///
/// assumption: a few tens of milliseconds a call. The workers' logs on AWS prove it.
const HALF_CALL_FROM: Duration = Duration::from_millis(5);
const HALF_CALL_TO: Duration = Duration::from_millis(20);

/// A busy machine starts a process, and schedules a thread, within so much real time; one that was
/// suspended takes longer.
const REAL_LATENCY: Duration = Duration::from_secs(20);

/// An account with time running. Clones are the same account.
#[derive(Clone)]
pub struct SimulationHost {
    stage: Arc<Mutex<HostState>>,
    wake: Arc<Notify>,
    began: (Timestamp, Instant),
    /// Virtual seconds in a second of the runtime's clock.
    speed: u32,
    /// Whether the runtime's time is paused, so that a call on the wire must be made to take its
    /// time.
    paused: bool,
    /// By how many milliseconds the workers' clock is ahead of AWS's.
    skew_ms: Arc<AtomicI64>,
}

struct HostState {
    account: Account,
    interceptors: Interceptors,
    observers: Vec<Box<dyn Observer>>,
    /// None once the run has ended.
    runner: Option<Box<dyn FunctionRunner>>,
    polls: long_poll::Polls,
}

impl fmt::Debug for SimulationHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "World at {}", self.now())
    }
}

impl SimulationHost {
    /// Sets virtual time running in `account`. Needs a tokio runtime of one thread whose time is
    /// paused.
    pub fn new(account: Account, runner: impl FunctionRunner + 'static) -> Self {
        Self::with_clock(account, 1, true, Box::new(runner))
    }

    /// Sets the wall clock running in `account`, `speed` times as fast. Needs a tokio runtime with
    /// time and I/O.
    pub fn on_the_wall_clock(
        account: Account,
        speed: u32,
        runner: impl FunctionRunner + 'static,
    ) -> Self {
        Self::with_clock(account, speed, false, Box::new(runner))
    }

    /// Lets go of the clients, which hold the account that holds them: otherwise it stayed in
    /// memory.
    pub fn end(&self) {
        self.lock().runner = None;
    }

    fn with_clock(
        account: Account,
        speed: u32,
        paused: bool,
        runner: Box<dyn FunctionRunner>,
    ) -> Self {
        Self {
            began: (account.now, Instant::now()),
            speed,
            paused,
            skew_ms: Arc::default(),
            wake: Arc::default(),
            stage: Arc::new(Mutex::new(HostState {
                account,
                interceptors: Interceptors::default(),
                observers: Vec::new(),
                runner: Some(runner),
                polls: long_poll::Polls::default(),
            })),
        }
    }

    /// The present virtual instant, in whole milliseconds.
    pub fn now(&self) -> Timestamp {
        let elapsed = self.began.1.elapsed() * self.speed;
        self.began.0 + Duration::from_millis(elapsed.as_millis() as u64)
    }

    /// How much later than in virtual time something may come because the machine took its time.
    pub fn latency(&self) -> Duration {
        if self.paused {
            Duration::ZERO
        } else {
            REAL_LATENCY * self.speed
        }
    }

    /// Adds somebody who is told of every fact from now on.
    pub fn add_observer(&self, observer: impl Observer + 'static) {
        self.lock().observers.push(Box::new(observer));
    }

    /// Tells nobody of what happens from now on.
    pub fn dismiss_observers(&self) {
        self.lock().observers.clear();
    }

    /// Does `what` with the account as it stands now.
    pub fn with<T>(&self, what: impl FnOnce(&mut Account) -> T) -> T {
        let mut stage = self.lock();
        stage.advance(self.now());
        let result = what(&mut stage.account);
        stage.notify_observers();
        drop(stage);
        self.wake.notify_one();
        result
    }

    /// Makes the workers do this wrong from now on.
    pub fn mutate(&self, mutation: Option<Mutation>) {
        self.lock().interceptors.mutation = mutation;
    }

    /// What the workers are made to do wrong.
    pub fn mutation(&self) -> Option<Mutation> {
        self.lock().interceptors.mutation
    }

    /// Forgets what was read before, so that no read is stale.
    pub fn forget_reads(&self) {
        self.lock().interceptors.reads.clear();
    }

    /// A call by the operator, outside the wire.
    ///
    /// # Errors
    /// What the service answers.
    pub fn call(&self, service: &str, action: &str, input: &Value) -> Result<Value, ApiError> {
        self.with(|account| account.call(&Caller::Operator, service, action, input))
    }

    /// Lets time run until `done`, which is asked after every event, or until `limit`. Says whether
    /// it was done.
    pub async fn run_until(
        &self,
        mut done: impl FnMut(&mut Account) -> bool,
        limit: Timestamp,
    ) -> bool {
        loop {
            let next = {
                let mut stage = self.lock();
                let now = self.now();
                stage.advance(now);
                self.run_invocations(&mut stage);
                if done(&mut stage.account) {
                    return true;
                }
                if now >= limit {
                    return false;
                }
                stage.account.next_due().map_or(limit, |due| due.min(limit))
            };
            tokio::select! {
                biased;
                () = self.wake.notified() => {}
                () = tokio::time::sleep_until(self.instant(next)) => {}
            }
        }
    }

    /// Serves one call: the way over the wire takes its time, the service may throttle or refuse.
    pub async fn serve(&self, caller: &Caller, call: &Call) -> Response {
        if !self.paused {
            return self.serve_or_park(caller, call).await;
        }
        let half = self.with(one_way_latency);
        tokio::time::sleep(half).await;
        let response = self.serve_or_park(caller, call).await;
        let late = self.with(|account| calls::delay(account, caller, call));
        tokio::time::sleep(half + late).await;
        response
    }

    /// Answers a request that could not be read, in the protocol of its `target`, or of the
    /// `service` that it is signed for.
    pub fn refuse(&self, target: Option<&str>, service: &str, error: ApiError) -> Response {
        let request_id = self.with(wire::request_id);
        wire::refuse(target, service, request_id, error)
    }

    async fn serve_or_park(&self, caller: &Caller, call: &Call) -> Response {
        if long_poll::is_poll(call) {
            self.park(caller, call).await
        } else {
            self.serve_now(caller, call)
        }
    }

    fn serve_now(&self, caller: &Caller, call: &Call) -> Response {
        let mut stage = self.lock();
        stage.advance(self.now());
        let response = match stage.refused(caller, call) {
            Some(refused) => refused,
            None => stage.answer(caller, call),
        };
        stage.notify_observers();
        drop(stage);
        self.wake.notify_one();
        response
    }

    /// The instant of tokio's clock at which the virtual clock shows `time`.
    fn instant(&self, time: Timestamp) -> Instant {
        let since = time.duration_since(self.began.0);
        let since = Duration::from_millis(since.as_millis().max(0) as u64);
        self.began.1 + since / self.speed
    }

    fn lock(&self) -> MutexGuard<'_, HostState> {
        self.stage
            .lock()
            .expect("only a panic poisons the lock, and it has ended the run")
    }
}

fn one_way_latency(account: &mut Account) -> Duration {
    let (from, to) = (
        HALF_CALL_FROM.as_millis() as u64,
        HALF_CALL_TO.as_millis() as u64,
    );
    Duration::from_millis(account[WIRE].random.u64(from..=to))
}

impl HostState {
    fn advance(&mut self, until: Timestamp) {
        while self.account.step(until) {
            self.notify_observers();
        }
        self.answer_polls();
        self.notify_observers();
    }

    fn refused(&mut self, caller: &Caller, call: &Call) -> Option<Response> {
        self.interceptors.refuse(&mut self.account, caller, call)
    }

    fn answer(&mut self, caller: &Caller, call: &Call) -> Response {
        self.interceptors.answer(&mut self.account, caller, call)
    }

    fn notify_observers(&mut self) {
        for record in std::mem::take(&mut self.account.trace) {
            for observer in &mut self.observers {
                observer.observe(&self.account, &record);
            }
        }
    }
}
