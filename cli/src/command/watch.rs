//! `watch`: the whole roll, until its last drain has ended. Nothing is kept: started again, it reads everything back.
//!
//! `rounds` looks, by `look`, which is patient and slow, and tells what it sees; `lines` writes that, `live` shows it.

mod keys;
mod lines;
mod live;
mod look;
mod rounds;
mod terminal;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use tokio::sync::mpsc::unbounded_channel;

use crate::aws::Access;
use crate::failure::Failure;
use crate::watching::{Change, Sight};
use rounds::Rounds;

/// Flags of `watch`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  ecs-rollout watch ecs-cluster
  ecs-rollout watch ecs-cluster --output text | tee roll.log
  ecs-rollout watch ecs-cluster --output json | jq -c 'select(.kind == \"answer\")'

On a terminal it is a screen: ? tells its keys; NO_COLOR is heeded. Piped it writes lines, times in UTC.

Changes nothing, and makes two calls a second at most: cloudformation:DescribeStacks, DescribeStackEvents,
autoscaling:DescribeAutoScalingGroups, DescribeScalingActivities, ecs:ListServices, DescribeServices, states:ListExecutions,
GetExecutionHistory. It waits for the last drains, which CloudFormation does not. While calls are throttled or credentials
have expired it says so, and waits. A stack that is deleted is followed to its end.

Exit code: 0 if all ended well, 1 if the stack went back or failed, or an instance is retained, 2 if it cannot be told; 130
if you left it before (q, Ctrl-C), 143 if a signal ended it.")]
pub struct Watch {
    /// The stack
    #[arg(value_name = "STACK")]
    stack: String,
    /// A screen, lines to read, or one JSON object for each change [default: screen on a terminal, text otherwise]
    #[arg(long, value_enum, value_name = "FORM", hide_default_value = true)]
    output: Option<Output>,
    #[command(flatten)]
    access: Access,
}

/// How a roll is shown.
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
pub enum News {
    /// All that is seen, at AWS's time.
    Sight(Timestamp, Box<Sight>),
    /// What has changed, and when.
    Change(Timestamp, Change),
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
    /// A watch in the form that suits its stdout, or in JSON.
    pub fn of(stack: String, access: Access, json: bool) -> Self {
        Self {
            stack,
            output: json.then_some(Output::Json),
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
        // The looks have a thread of their own, so that the screen never waits for an answer that is long to read.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| format!("no runtime: {error}"))?;
        let code = runtime.block_on(self.watch(output));
        runtime.shutdown_background();
        code
    }

    async fn watch(self, output: Output) -> Result<ExitCode, Failure> {
        let (sender, news) = unbounded_channel();
        let rounds = Rounds::new(self.access, self.stack.clone(), sender).await?;
        let looks = tokio::spawn(rounds.run());
        match output {
            Output::Screen => live::show(&self.stack, looks, news).await,
            Output::Text => lines::tell(false, looks, news).await,
            Output::Json => lines::tell(true, looks, news).await,
        }
    }
}

/// A screen needs a terminal to be shown on, and one to take keys from.
fn default_output() -> Output {
    let terminals = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
    let dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    match terminals && !dumb {
        true => Output::Screen,
        false => Output::Text,
    }
}

/// How the looks ended.
///
/// # Errors
/// What they met, or that they ended in the middle.
fn ended(
    looks: Result<Result<bool, Failure>, tokio::task::JoinError>,
) -> Result<ExitCode, Failure> {
    let well = looks
        .map_err(|error| format!("the looks ended by a mistake of this program: {error}"))??;
    Ok(match well {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
