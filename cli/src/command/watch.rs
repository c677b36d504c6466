//! `watch`: the whole rollout, until its last drain has ended. Nothing is kept: started again, it
//! reads everything back.
//!
//! `rounds` looks, by `look`, which is patient and slow, and tells what it sees; `lines` writes
//! that, `live` shows it.

mod action;
mod explainer;
mod keys;
mod lines;
mod live;
mod paced_client;
mod poller;
mod terminal;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;

use super::flow;
use super::stack_argument::StackArgument;
use crate::aws::{Access, quoted, with_access};
use crate::failure::Failure;
use crate::format::{duration, read_duration};
use crate::watch::{Change, Snapshot};
use action::Actions;
use explainer::{Explainer, Explanations};
use poller::Poller;
pub use poller::look_once;

/// Flags of `watch`.
#[derive(Debug, Args)]
#[command(after_help = flow("Examples:
  ecs-rollout watch ecs-cluster
  ecs-rollout watch ecs-cluster --output text | tee roll.log
  ecs-rollout watch ecs-cluster --output json | \\
    jq -c 'select(.kind == \"answer\")'
  ecs-rollout watch ecs-cluster --exit --timeout 3h

On a terminal it is a screen: ? lists its keys; Enter explains an instance, by the calls of explain. The last screen stays with a summary until you press a key. Piped it writes lines,
times in UTC. Until the first batch has ended, the ETA is the estimate of plan, for which the calls of plan are made once.

Changes nothing by itself; on the screen p pauses and resumes, and x cancels, each after a question, by the calls of those
verbs. It makes two calls a second at most: cloudformation:DescribeStacks, DescribeStackEvents,
autoscaling:DescribeAutoScalingGroups, DescribeScalingActivities, ecs:ListServices, DescribeServices, ListContainerInstances,
DescribeContainerInstances, states:ListExecutions, GetExecutionHistory; after a rollback ssm:GetParameter. It waits for the last drains, which CloudFormation does
not. While calls are throttled, or AWS does not answer any more, or your credentials have expired, it says so and waits, an hour
at most. An address that does not answer at all is an error after half a minute. A stack that is deleted is followed to its end.

Exit code: 0 if all ended well, 1 if the stack rolled back or failed, or an instance is retained, 2 if it cannot be watched; 124
after --timeout; 130 if you left before the end (q, Ctrl-C), 143 if a signal ended it."))]
pub struct Watch {
    #[command(flatten)]
    stack: StackArgument,
    /// A screen, lines to read, or one JSON object for each change [default: screen on a terminal,
    /// text otherwise]
    #[arg(long, value_enum, value_name = "FORM", hide_default_value = true)]
    output: Option<Output>,
    /// Leave at the end, without waiting for a key
    #[arg(long)]
    exit: bool,
    /// Leave after this time, such as 90m or 3h, though the rollout has not ended; implies --exit
    #[arg(long, value_name = "TIME", value_parser = limit)]
    timeout: Option<SignedDuration>,
    /// How long the plan expects the rollout to take
    #[arg(skip)]
    planned: Option<SignedDuration>,
    #[command(flatten)]
    access: Access,
}

/// As the program `timeout` ends: the rollout has not ended.
pub const TIMED_OUT: u8 = 124;

/// How a rollout is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// One live screen.
    Screen,
    /// A line for each change.
    Text,
    /// One JSON object for each change.
    Json,
}

/// What the looks tell whoever shows it.
#[derive(Debug)]
pub enum Update {
    /// All that is seen, at AWS's time.
    Sight(Timestamp, Box<Snapshot>),
    /// What has changed, and when.
    Change(Timestamp, Box<Change>),
    /// AWS could not be asked.
    Trouble {
        /// When.
        at: Timestamp,
        /// Why, and what is done about it.
        reason: String,
    },
    /// AWS answers again.
    Answered,
}

impl Watch {
    /// A watch in the form that suits its stdout, or in JSON, of a rollout that was `planned` to
    /// take so long, if that is known.
    pub fn of(stack: String, planned: Option<SignedDuration>, access: Access, json: bool) -> Self {
        Self {
            stack: StackArgument::named(stack),
            output: json.then_some(Output::Json),
            exit: false,
            timeout: None,
            planned,
            access,
        }
    }

    /// Watches.
    ///
    /// # Errors
    /// A sentence for the user.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let output = self.output.unwrap_or_else(|| {
            if self.access.debugs() {
                // The lines of --debug would spoil a screen.
                Output::Text
            } else {
                default_output()
            }
        });
        // The looks have a thread of their own, so that the screen never waits for an answer that
        // is long to read.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| format!("no runtime: {error}"))?;
        let code = runtime.block_on(self.within_its_time(output));
        runtime.shutdown_background();
        code
    }

    async fn within_its_time(self, output: Output) -> Result<ExitCode, Failure> {
        let (stack, timeout) = (self.stack.name()?, self.timeout);
        let Some(timeout) = timeout else {
            return self.watch(output).await;
        };
        let limit = timeout.unsigned_abs();
        match tokio::time::timeout(limit, self.watch(output)).await {
            Ok(ended) => ended,
            Err(_) => {
                anstream::eprintln!(
                    "ecs-rollout: the rollout of {stack} has not ended within {} (--timeout), and proceeds. Watch it again with: \
                     {}",
                    duration(timeout),
                    with_access(&format!("ecs-rollout watch {}", quoted(&stack)))
                );
                Ok(ExitCode::from(TIMED_OUT))
            }
        }
    }

    async fn watch(self, output: Output) -> Result<ExitCode, Failure> {
        let stack = self.stack.name()?;
        let watching = updates(self.access, stack.clone(), self.planned).await?;
        let (looks, news) = (watching.polling, watching.news);
        let leaves = self.exit || self.timeout.is_some();
        match output {
            Output::Screen => {
                let explainer = watching.explainer;
                let explanations = Explanations::of(explainer.clone());
                let actions = Actions::of(explainer, stack.clone());
                live::show(&stack, leaves, looks, news, explanations, actions).await
            }
            Output::Text => lines::print_lines(false, looks, news).await,
            Output::Json => lines::print_lines(true, looks, news).await,
        }
    }
}

/// A rollout that is watched.
#[derive(Debug)]
pub struct Watching {
    /// The task that looks, until all is at rest.
    pub polling: Polling,
    /// What it sees.
    pub news: UnboundedReceiver<Update>,
    /// Who may look beside it.
    pub explainer: Explainer,
}

/// Begins to watch a stack's rollout.
///
/// # Errors
/// As [`Access::connect`].
pub async fn updates(
    access: Access,
    stack: String,
    planned: Option<SignedDuration>,
) -> Result<Watching, Failure> {
    let (sender, news) = unbounded_channel();
    let poller = Poller::new(access, stack, planned, sender).await?;
    Ok(Watching {
        explainer: poller.explainer(),
        polling: tokio::spawn(poller.run()),
        news,
    })
}

fn limit(text: &str) -> Result<SignedDuration, Failure> {
    read_duration(text).ok_or_else(|| Failure::from("is no duration, such as 90m or 3h"))
}

/// A screen needs a terminal to be shown on, and one to take keys from.
fn default_output() -> Output {
    let terminals = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
    let dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    if terminals && !dumb {
        Output::Screen
    } else {
        Output::Text
    }
}

/// The task that looks: whether the rollout ended well.
pub type Polling = JoinHandle<Result<bool, Failure>>;

/// How the looks ended.
///
/// # Errors
/// What they met, or that they ended in the middle.
fn ended(
    looks: Result<Result<bool, Failure>, tokio::task::JoinError>,
) -> Result<ExitCode, Failure> {
    let well = looks
        .map_err(|error| format!("the looks ended by a mistake of this program: {error}"))??;
    Ok(if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
