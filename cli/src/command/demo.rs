//! `demo`: a rollout in an account in memory, at a pace that a person can follow, and the screen of
//! `watch` on it.

mod recording;
mod svg;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::Args;
use jiff::SignedDuration;
use simulator::report::Report;
use simulator::scenario::{Action, Outcome, Paced, Settings, Unplayable, Visitor, Visitors};
use simulator::scenario::{run_paced, visitors};
use simulator::sdk_client::client_config;
use tokio::sync::oneshot;

use super::fault::{self, Disturbance};
use super::flow;
use super::rehearse::html;
use super::watch::Watch;
use crate::aws::{Access, InMemory};
use crate::failure::Failure;
use crate::view::answer::Answer;
use crate::view::out::print;
use crate::view::wrap::columns;

/// The stack of the demo.
const STACK: &str = "ecs-cluster";

/// The account answers at once, so the screen need not wait as long as AWS's limits ask for.
const BETWEEN_CALLS: Duration = Duration::from_millis(40);

/// What the flags are if they are not given.
const INSTANCES: u64 = 4;
const BATCH: u64 = 1;
const SEED: u64 = 1;

/// Flags of `demo`.
#[derive(Debug, Args)]
#[command(after_help = flow("Examples:
  ecs-rollout demo
  ecs-rollout demo --instances 8 --speed 60
  ecs-rollout demo --fault never-joins --html rollout.html
  ecs-rollout demo --svg rollout.svg

It needs no AWS account, no credentials and no network. The template, the definition and the workers are the real ones; the
account is in memory, and its time passes faster. The screen is that of watch: ? lists its keys, and those that change
something change the account in memory. On no terminal it writes lines, as watch does.

Exit code: 0 if the rollout ended on the new AMI, no instance is retained and every invariant held, 1 if not, 2 input, 130 if you
left before the end (q, Ctrl-C), 143 if a signal ended it."))]
pub struct Demo {
    /// How many times faster than the wall clock time passes
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=3600))]
    speed: u32,
    /// Size of the cluster
    #[arg(long, value_name = "N", default_value_t = INSTANCES, value_parser = clap::value_parser!(u64).range(1..=100))]
    instances: u64,
    /// Instances that are replaced at a time
    #[arg(long, value_name = "N", default_value_t = BATCH, value_parser = clap::value_parser!(u64).range(1..=100))]
    batch: u64,
    /// Something that goes wrong; may be given several times
    #[arg(long, value_name = "NAME", value_parser = Disturbance::from_name, long_help = fault::help())]
    fault: Vec<Disturbance>,
    /// Seed of everything random: the same seed gives the same rollout
    #[arg(long, value_name = "N", default_value_t = SEED)]
    seed: u64,
    /// Also write the rollout as a self-contained HTML page
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write the screen as an animated picture instead of showing it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["html", "speed"])]
    svg: Option<PathBuf>,
}

/// What the thread of the account comes to.
struct Simulated {
    /// Nothing if the watcher left before the end.
    outcome: Option<Outcome>,
    page: html::Read,
}

impl Demo {
    /// Rolls the cluster, and shows it.
    ///
    /// # Errors
    /// What is wrong with a flag, or with a file that is to be written.
    pub fn run(self) -> Result<ExitCode, Failure> {
        if let Some(path) = &self.html {
            super::report::writable(path)?;
        }
        if let Some(path) = &self.svg {
            super::report::writable(path)?;
            return self.record(path);
        }
        let (visitor, visitors) = visitors();
        let (ready, is_ready) = oneshot::channel();
        let simulation = self.simulation(visitors, ready);
        let simulation = thread::spawn(simulation);
        if is_ready.blocking_recv().is_err() {
            // It has ended before it began: its own error says why.
            return ended(simulation).map(|_| ExitCode::FAILURE);
        }
        let code = self.watch(&visitor);
        visitor.leave();
        let simulated = ended(simulation)?;
        let code = code?;
        match &simulated.outcome {
            Some(outcome) => self.sum_up(outcome, &simulated.page),
            None => Ok(code),
        }
    }

    /// What runs on the thread of the account.
    fn simulation(
        &self,
        visitors: Visitors,
        ready: oneshot::Sender<()>,
    ) -> impl FnOnce() -> Result<Simulated, Unplayable> + Send + 'static {
        let (settings, actions) = (self.settings(), self.actions());
        let (speed, reads) = (self.speed, self.html.is_some());
        move || {
            let page = html::Read::default();
            let paced = Paced {
                before: &[Action::Deploy],
                actions: &actions,
                speed,
                visitors,
                ready,
            };
            let outcome = run_paced(&settings, paced, reads.then(|| page.afterwards()))?;
            Ok(Simulated { outcome, page })
        }
    }

    fn watch(&self, visitor: &Visitor) -> Result<ExitCode, Failure> {
        let access = Access::in_memory(InMemory {
            config: client_config(visitor.connector()),
            between_calls: BETWEEN_CALLS,
        });
        Watch::of(STACK.to_owned(), None::<SignedDuration>, access, false).run()
    }

    /// What is said at the end: what came of it, and what to try next.
    fn sum_up(&self, outcome: &Outcome, page: &html::Read) -> Result<ExitCode, Failure> {
        let Some(report) = outcome.reports.first() else {
            return Err(Failure::from("the demo has no rollout"));
        };
        if let Some(path) = &self.html {
            page.write(path, report.cost_usd)?;
        }
        let answer = Answer::of(report, None).within(columns());
        print(format!(
            "\n{answer}\n{} of {} invariants hold.\n\n{}",
            report.invariants.iter().filter(|one| one.held).count(),
            report.invariants.len(),
            self.next(report)
        ));
        Ok(if report.as_asked() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    /// What to try next, with the flags of this demo.
    fn next(&self, report: &Report) -> String {
        let mut same = String::from("ecs-rollout demo");
        for (flag, value, usual) in [
            ("--instances", self.instances, INSTANCES),
            ("--batch", self.batch, BATCH),
            ("--seed", self.seed, SEED),
        ] {
            if value != usual {
                same += &format!(" {flag} {value}");
            }
        }
        let bad_ami = if self.fault.is_empty() && report.as_asked() {
            format!("  {same} --fault never-joins\n      with an AMI that does not join\n")
        } else {
            String::new()
        };
        format!(
            "Try next:\n{bad_ami}  \
             {same} --html rollout.html\n      a page of the rollout\n  \
             ecs-rollout rehearse --help\n      your own services and parameters\n  \
             ecs-rollout account --help\n      the account for the AWS CLI and your scripts\n"
        )
    }

    fn record(&self, path: &Path) -> Result<ExitCode, Failure> {
        let frames = recording::frames(&self.settings(), &self.actions())?;
        super::report::write_text(path, &svg::animation(&frames))?;
        print(format!("{} frames in {}\n", frames.len(), path.display()));
        Ok(ExitCode::SUCCESS)
    }

    fn actions(&self) -> Vec<Action> {
        let mut actions: Vec<Action> = self.fault.iter().filter_map(|it| it.later()).collect();
        actions.push(Action::Roll);
        actions
    }

    fn settings(&self) -> Settings {
        let mut settings = Settings::built_in(self.instances);
        settings.seed = self.seed;
        settings.faults = self.fault.iter().filter_map(|it| it.fault()).collect();
        let most = self.instances + self.instances.max(self.batch);
        settings.set_parameter("ClusterMaxSize", most.to_string());
        settings.set_parameter("BatchSize", self.batch.to_string());
        if self.fault.iter().any(|it| it.is_of_spot()) {
            settings.set_parameter("PurchaseOption", "spot");
        }
        settings
    }
}

/// What came of the account's thread.
fn ended(
    simulation: thread::JoinHandle<Result<Simulated, Unplayable>>,
) -> Result<Simulated, Failure> {
    let ended = simulation
        .join()
        .map_err(|_| Failure::from("the account in memory ended by a mistake of this program"))?;
    ended.map_err(|why| Failure::from(why.to_string()))
}
