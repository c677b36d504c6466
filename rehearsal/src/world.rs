//! The account with time running: one virtual clock, moved by tokio's paused time, for the account, the workers and
//! the AWS SDKs inside them. Functions run in process; their SDK clients are handed an HTTP client that ends here, so
//! that the real serialisation, retries and error parsing always run.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::account::{Account, Caller};
use crate::fact::Told;
use crate::wire::{self, ApiError, Call, Response};
use crate::{functions, iam, throttle};

mod polls;

/// Half of the time that a call takes on the wire and in the service. Assumed: a few tens of milliseconds a call.
const HALF_CALL_FROM: Duration = Duration::from_millis(5);
const HALF_CALL_TO: Duration = Duration::from_millis(20);

/// Who is told of every fact, at once, with the account as it then stands.
pub trait Observer: Send {
    /// Takes notice of a fact.
    fn observe(&mut self, account: &Account, told: &Told);
}

/// An account with time running. Clones are the same account.
#[derive(Clone)]
pub struct World {
    stage: Arc<Mutex<Stage>>,
    wake: Arc<Notify>,
    began: (Timestamp, Instant),
}

struct Stage {
    account: Account,
    observers: Vec<Box<dyn Observer>>,
    invoker: functions::Invoker,
    polls: polls::Polls,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "World at {}", self.now())
    }
}

impl World {
    /// Sets time running in `account`. Needs a tokio runtime of one thread whose time is paused.
    pub fn new(account: Account) -> Self {
        Self {
            began: (account.now, Instant::now()),
            wake: Arc::default(),
            stage: Arc::new(Mutex::new(Stage {
                account,
                observers: Vec::new(),
                invoker: functions::Invoker::default(),
                polls: polls::Polls::default(),
            })),
        }
    }

    /// The present virtual instant, in whole milliseconds.
    pub fn now(&self) -> Timestamp {
        self.began.0 + Duration::from_millis(self.began.1.elapsed().as_millis() as u64)
    }

    /// Adds somebody who is told of every fact from now on.
    pub fn add_observer(&self, observer: impl Observer + 'static) {
        self.lock().observers.push(Box::new(observer));
    }

    /// Does `what` with the account as it stands now.
    pub fn with<T>(&self, what: impl FnOnce(&mut Account) -> T) -> T {
        let mut stage = self.lock();
        stage.advance(self.now());
        let result = what(&mut stage.account);
        stage.tell_observers();
        drop(stage);
        self.wake.notify_one();
        result
    }

    /// A call by the operator, outside the wire.
    ///
    /// # Errors
    /// What the service answers.
    pub fn call(
        &self,
        service: &str,
        action: &str,
        input: &serde_json::Value,
    ) -> Result<serde_json::Value, ApiError> {
        self.with(|account| account.call(&Caller::Operator, service, action, input))
    }

    /// Lets time run until `done`, which is asked after every event, or until `limit`. Says whether it was done.
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

    /// Serves one HTTP request: the way over the wire takes its time, the service may throttle or refuse.
    pub async fn serve(&self, caller: &Caller, request: Result<Call, ApiError>) -> Response {
        let call = match request {
            Ok(call) => call,
            Err(error) => return wire::json::write(Err(error)),
        };
        let half = self.with(half_a_call);
        tokio::time::sleep(half).await;
        let response = match polls::is_poll(&call) {
            true => self.hold(caller, &call).await,
            false => self.serve_now(caller, &call),
        };
        tokio::time::sleep(half).await;
        response
    }

    fn serve_now(&self, caller: &Caller, call: &Call) -> Response {
        let mut stage = self.lock();
        stage.advance(self.now());
        let response = match stage.refused(caller, call) {
            Some(refused) => refused,
            None => stage.answer(caller, call),
        };
        stage.tell_observers();
        drop(stage);
        self.wake.notify_one();
        response
    }

    fn run_invocations(&self, stage: &mut Stage) {
        while let Some(invocation) = stage.account.lambda.waiting.pop_front() {
            stage.invoker.run(self, &stage.account, invocation);
        }
    }

    /// The instant of tokio's clock at which the virtual clock shows `time`.
    fn instant(&self, time: Timestamp) -> Instant {
        let since = time.duration_since(self.began.0);
        self.began.1 + Duration::from_millis(since.as_millis().max(0) as u64)
    }

    fn lock(&self) -> MutexGuard<'_, Stage> {
        self.stage
            .lock()
            .expect("only a panic poisons the lock, and it has ended the run")
    }
}

fn half_a_call(account: &mut Account) -> Duration {
    let (from, to) = (
        HALF_CALL_FROM.as_millis() as u64,
        HALF_CALL_TO.as_millis() as u64,
    );
    Duration::from_millis(account.wire_random.u64(from..=to))
}

impl Stage {
    fn advance(&mut self, until: Timestamp) {
        while self.account.step(until) {
            self.tell_observers();
        }
        self.answer_polls();
        self.tell_observers();
    }

    /// The answer to a call that the service throttles, or that the caller has no right to make.
    fn refused(&mut self, caller: &Caller, call: &Call) -> Option<Response> {
        let account = &mut self.account;
        let error = throttle::refuses(account, caller, call)
            .or_else(|| iam::refuses(account, caller, call))?;
        account.tell_call(caller, &call.service, &call.action, Some(&error));
        let request_id = wire::request_id(account);
        Some(wire::write(call, &request_id, Err(error)))
    }

    fn answer(&mut self, caller: &Caller, call: &Call) -> Response {
        wire::answer(&mut self.account, caller, call)
    }

    fn tell_observers(&mut self) {
        for told in std::mem::take(&mut self.account.facts) {
            for observer in &mut self.observers {
                observer.observe(&self.account, &told);
            }
        }
    }
}
