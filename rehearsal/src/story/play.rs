//! Plays a story to its end: in virtual time, or on the wall clock with the workers as processes of
//! their own.

mod afterwards;
mod deeds;
mod deploy;
mod faults;
mod later;
mod mishaps;
mod outcome;
mod rest;
mod roll;
mod setup;
mod terminate;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

pub use afterwards::{Afterwards, play_and_look};

use super::{About, Action, Listener, Processes, Settings, Unplayable};
use crate::endpoint::{self, keys::Keys};
use crate::functions::Invoker;
use crate::promises::Broken;
use crate::report::Report;
use crate::usage::Usage;
use crate::watch::Watch;
use crate::wire::ApiError;
use crate::world::World;
use afterwards::ask;

/// No roll takes longer: the hooks' global timeout is 48 hours, for the roll and for its way back.
const LIMIT: Duration = Duration::from_secs(96 * 3600);
/// Where the account listens in a story with processes.
const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// What a story came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Played {
    /// One report for each roll.
    pub reports: Vec<Report>,
    /// Promises broken outside of any roll.
    pub broken: Vec<Broken>,
    /// The stack's status at the end.
    pub ended: String,
    /// How many instances were retained.
    pub retained: usize,
    /// How often each branch of workers and definition was reached ([`crate::watch::Watch::reached`]).
    pub reached: BTreeMap<String, u64>,
}

/// Plays the scenario in virtual time; `listener` hears it line by line.
///
/// # Errors
/// A sentence: what was refused, and by whom.
pub fn play(
    settings: &Settings,
    actions: &[Action],
    listener: Arc<Mutex<dyn Listener>>,
) -> Result<Played, Unplayable> {
    play_then(settings, actions, listener, None)
}

/// The same, and then there is `afterwards`, if anybody is: only then the histories of the
/// executions are kept.
///
/// # Errors
/// As [`play()`].
pub fn play_then(
    settings: &Settings,
    actions: &[Action],
    listener: Arc<Mutex<dyn Listener>>,
    afterwards: Option<Afterwards<'_>>,
) -> Result<Played, Unplayable> {
    in_virtual_time(settings, async {
        let mut account = setup::account(settings);
        account.stepfunctions.forget_histories = afterwards.is_none();
        let world = World::new(account);
        let stage = Stage::new(settings, world.clone(), listener)?;
        let played = stage.play(actions).await;
        ask(&world, afterwards).await;
        world.end();
        played
    })
}

fn in_virtual_time<T>(
    settings: &Settings,
    story: impl Future<Output = Result<T, Unplayable>>,
) -> Result<T, Unplayable> {
    // The SDKs take the jitter of their retries from the thread's generator.
    fastrand::seed(settings.seed);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    runtime.block_on(story)
}

/// Plays the story with the workers as processes of their own, which call the account on loopback;
/// then there is `afterwards`, if anybody is.
///
/// # Errors
/// A sentence: what was refused, and by whom; or which worker's binary is not there.
pub fn play_with_processes(
    settings: &Settings,
    actions: &[Action],
    processes: &Processes,
    listener: Arc<Mutex<dyn Listener>>,
    afterwards: Option<Afterwards<'_>>,
) -> Result<Played, Unplayable> {
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
        let world = World::on_the_wall_clock(account, processes.speed, invoker);
        let server = endpoint::serve(listening, world.clone(), keys, Arc::new(|_: &str| {}));
        let stage = Stage::new(settings, world.clone(), listener)?;
        let story = async {
            let played = stage.play(actions).await;
            ask(&world, afterwards).await;
            played
        };
        let mut played = tokio::select! {
            played = story => played?,
            ended = server => return Err(format!("the endpoint ended: {ended:?}").into()),
        };
        for report in &mut played.reports {
            report.starts = Some(environments.starts());
        }
        Ok(played)
    })
}

struct Stage {
    settings: Settings,
    world: World,
    listener: Arc<Mutex<dyn Listener>>,
    watch: Watch,
    usage: Usage,
    stack: String,
    /// The cluster, and the group, which is named after it.
    cluster: String,
    ami: String,
    /// The AMI of the last roll, as soon as that has begun.
    released: Option<String>,
    /// Whether the workload's part of the faults has begun: it does so once.
    stormed: bool,
    reports: Vec<Report>,
    broken: Vec<Broken>,
    /// What was put off, with when it is due, the earliest first.
    due: Vec<(Timestamp, Action)>,
    began: Timestamp,
    /// The capacity that somebody asked for in the middle of the roll, if anybody did.
    scaled: Option<usize>,
}

impl Stage {
    async fn play(mut self, actions: &[Action]) -> Result<Played, Unplayable> {
        for action in actions {
            self.act(action).await?;
        }
        self.all_happened()?;
        self.broken.extend(self.watch.end_roll().broken);
        Ok(Played {
            reached: self.watch.reached(),
            reports: self.reports,
            broken: self.broken,
            ended: self.watch.stack_status(),
            retained: self.watch.ever_retained(),
        })
    }

    async fn act(&mut self, action: &Action) -> Result<(), Unplayable> {
        match action {
            Action::Deploy => self.deploy().await,
            Action::Create => self.create().await,
            Action::StartWorkload => self.start_workload().await,
            Action::Roll => Ok(self.roll().await?),
            Action::Rest => Ok(self.rest().await?),
            Action::Settle => Ok(self.settle(LIMIT).await?),
            Action::Pass(seconds) => {
                let until = self.world.now() + Duration::from_secs(*seconds);
                Ok(self.run_until(|_| false, until).await.map(drop)?)
            }
            Action::Delete => Ok(self.delete().await?),
            Action::Terminate(how) => {
                let id = self
                    .to_be_ended()
                    .ok_or("no instance is retained that could be ended")?;
                Ok(self.terminate(&id, *how).await?)
            }
            Action::In(seconds, action) => {
                let at = self.world.now() + Duration::from_secs(*seconds);
                self.due.push((at, (**action).clone()));
                self.due.sort_by_key(|(at, _)| *at);
                Ok(())
            }
            at_once => Ok(self.deed(at_once)?),
        }
    }

    fn call(&self, service: &str, action: &str, input: &Value) -> Result<Value, String> {
        self.world
            .call(service, action, input)
            .map_err(|error| refused(action, &error))
    }

    async fn settle(&mut self, limit: Duration) -> Result<(), String> {
        let until = self.world.now() + limit;
        let watch = self.watch.clone();
        // What was just asked for begins later, and by then an event has come.
        let soon = self.world.now() + rest::EVENTS_HAVE_COME;
        self.run_until(|_| false, soon).await?;
        if self
            .run_until(move |_| watch.pending().is_none(), until)
            .await?
        {
            return Ok(());
        }
        let pending = self.watch.pending().unwrap_or_default();
        Err(format!("{} hours later {pending}", limit.as_secs() / 3600))
    }
}

fn refused(what: &str, error: &ApiError) -> String {
    format!("{what} was refused: {error}")
}
