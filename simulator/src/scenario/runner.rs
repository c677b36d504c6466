//! Plays a scenario to its end: in virtual time, or on the wall clock with the workers as processes
//! of their own.

mod deploy;
mod faults;
mod incidents;
mod inspect;
mod liveness;
mod outcome;
mod paced;
mod roll;
mod scheduled;
mod setup;
mod steps;
mod terminate;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

pub use inspect::{Inspect, play_and_look, run_watched};
pub use paced::{Paced, Visitor, Visitors, run_paced, visitors};

use super::{About, Action, Listener, Processes, Settings, Unplayable};
use crate::api_quota::ApiQuota;
use crate::checker::InvariantChecker;
use crate::endpoint::{self, keys::Keys};
use crate::functions::Invoker;
use crate::host::SimulationHost;
use crate::invariants::Violation;
use crate::report::Report;
use crate::scenario::StepError;
use crate::stepfunctions::STEPFUNCTIONS;
use crate::trace::StackStatus;
use crate::wire::ApiError;
use inspect::ask;

/// No rollout takes longer: the hooks' global timeout is 48 hours, for the rollout and for its way
/// back.
const LIMIT: Duration = Duration::from_secs(96 * 3600);
/// Where the account listens in a scenario with processes.
const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// What a scenario came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// One report for each rollout.
    pub reports: Vec<Report>,
    /// Invariants broken outside of any rollout.
    pub violations: Vec<Violation>,
    /// The stack's status at the end.
    pub ended: Option<StackStatus>,
    /// How many instances were retained.
    pub retained: usize,
    /// How often each branch of workers and definition was reached
    /// ([`crate::checker::InvariantChecker::reached`]).
    pub reached: BTreeMap<String, u64>,
}

/// Plays the scenario in virtual time; `listener` hears it line by line.
///
/// # Errors
/// A sentence: what was refused, and by whom.
pub fn run(
    settings: &Settings,
    actions: &[Action],
    listener: Arc<Mutex<dyn Listener>>,
) -> Result<Outcome, Unplayable> {
    run_and_inspect(settings, actions, listener, None)
}

/// The same, and then there is `afterwards`, if anybody is: only then the histories of the
/// executions are kept.
///
/// # Errors
/// As [`run()`].
pub fn run_and_inspect(
    settings: &Settings,
    actions: &[Action],
    listener: Arc<Mutex<dyn Listener>>,
    afterwards: Option<Inspect<'_>>,
) -> Result<Outcome, Unplayable> {
    in_virtual_time(settings, async {
        let mut account = setup::account(settings);
        account[STEPFUNCTIONS].forget_histories = afterwards.is_none();
        let world = SimulationHost::new(account, Invoker::in_process());
        let stage = Runner::new(settings, world.clone(), listener)?;
        let played = stage.play(actions).await;
        ask(&world, afterwards).await;
        world.end();
        played
    })
}

fn in_virtual_time<T>(
    settings: &Settings,
    scenario: impl Future<Output = Result<T, Unplayable>>,
) -> Result<T, Unplayable> {
    // The SDKs take the jitter of their retries from the thread's generator.
    fastrand::seed(settings.seed);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    runtime.block_on(scenario)
}

/// Plays the scenario with the workers as processes of their own, which call the account on
/// loopback; then there is `afterwards`, if anybody is.
///
/// # Errors
/// A sentence: what was refused, and by whom; or which worker's binary is not there.
pub fn run_with_processes(
    settings: &Settings,
    actions: &[Action],
    processes: &Processes,
    listener: Arc<Mutex<dyn Listener>>,
    afterwards: Option<Inspect<'_>>,
) -> Result<Outcome, Unplayable> {
    if settings.parameter("WorkerHost") == Some("Activity") {
        return Err(Unplayable::new(
            About::Parameters,
            "WorkerHost=Activity and workers as processes do not go together: only functions are started as processes. \
             Rehearse it without --processes; or run `ecs-rollout account` and `activity-worker` beside each other",
        ));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    runtime.block_on(async {
        let listening = endpoint::listen(ANY_PORT)?;
        let keys = Keys::random()?;
        let environments = processes.environments(&endpoint::url(&listening)?, &keys)?;
        let invoker = Invoker::Processes(environments.clone());
        let account = setup::account(settings);
        let world = SimulationHost::on_the_wall_clock(account, processes.speed, invoker);
        let server = endpoint::serve(listening, world.clone(), keys, Arc::new(|_: &str| {}));
        let stage = Runner::new(settings, world.clone(), listener)?;
        let scenario = async {
            let played = stage.play(actions).await;
            ask(&world, afterwards).await;
            played
        };
        let mut played = tokio::select! {
            played = scenario => played?,
            ended = server => return Err(format!("the endpoint ended: {ended:?}").into()),
        };
        for report in &mut played.reports {
            report.starts = Some(environments.starts());
        }
        Ok(played)
    })
}

struct Runner {
    settings: Settings,
    host: SimulationHost,
    listener: Arc<Mutex<dyn Listener>>,
    checker: InvariantChecker,
    quota: ApiQuota,
    stack: String,
    /// The cluster, and the group, which is named after it.
    cluster: String,
    ami: String,
    /// The AMI of the last rollout, as soon as that has begun.
    released: Option<String>,
    /// Whether the workload's part of the faults has begun: it does so once.
    faults_started: bool,
    reports: Vec<Report>,
    broken: Vec<Violation>,
    /// What was put off, with when it is due, the earliest first.
    due: Vec<(Timestamp, Action)>,
    began: Timestamp,
    /// The capacity that somebody asked for in the middle of the rollout, if anybody did.
    scaled: Option<usize>,
}

impl Runner {
    async fn play(mut self, actions: &[Action]) -> Result<Outcome, Unplayable> {
        for action in actions {
            self.act(action).await?;
        }
        self.all_happened()?;
        self.broken.extend(self.checker.end_roll().violations);
        Ok(Outcome {
            reached: self.checker.reached(),
            reports: self.reports,
            violations: self.broken,
            ended: self.checker.stack_status(),
            retained: self.checker.ever_retained(),
        })
    }

    async fn act(&mut self, action: &Action) -> Result<(), Unplayable> {
        match action {
            Action::Deploy => self.deploy().await,
            Action::Create => self.create().await,
            Action::StartWorkload => self.start_workload().await,
            Action::Roll => Ok(self.roll().await?),
            Action::Heal => Ok(self.heal().await?),
            Action::WaitIdle => Ok(self.wait_idle(LIMIT).await?),
            Action::Advance(seconds) => {
                let until = self.host.now() + Duration::from_secs(*seconds);
                Ok(self.run_until(|_| false, until).await.map(drop)?)
            }
            Action::Delete => Ok(self.delete().await?),
            Action::Terminate(how) => {
                let id = self.to_be_ended().ok_or(StepError::NothingRetained)?;
                Ok(self.terminate(&id, *how).await?)
            }
            Action::In(seconds, action) => {
                let at = self.host.now() + Duration::from_secs(*seconds);
                self.due.push((at, (**action).clone()));
                self.due.sort_by_key(|(at, _)| *at);
                Ok(())
            }
            at_once => Ok(self.step(at_once)?),
        }
    }

    fn call(&self, service: &str, action: &str, input: &Value) -> Result<Value, StepError> {
        self.host
            .call(service, action, input)
            .map_err(|error| refused(action, error))
    }

    async fn wait_idle(&mut self, limit: Duration) -> Result<(), StepError> {
        self.wait_idle_since(self.host.now(), limit).await
    }

    /// Waits until nothing is under way of what was `asked` for then.
    async fn wait_idle_since(
        &mut self,
        asked: Timestamp,
        limit: Duration,
    ) -> Result<(), StepError> {
        let until = asked + limit;
        let watch = self.checker.clone();
        // What was just asked for begins later, and by then an event has come.
        let soon = asked + liveness::EVENTS_HAVE_COME;
        self.run_until(|_| false, soon).await?;
        if self
            .run_until(move |_| watch.pending().is_none(), until)
            .await?
        {
            return Ok(());
        }
        let pending = self.checker.pending().unwrap_or_default();
        Err(StepError::Pending {
            after: limit,
            pending,
        })
    }
}

fn refused(action: &str, error: ApiError) -> StepError {
    let action = action.to_owned();
    StepError::Refused { action, error }
}
