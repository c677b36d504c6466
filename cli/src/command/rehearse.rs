//! `rehearse`: deploys the stack in memory, releases a new AMI, and shows the rollout as it
//! happens.

mod ami;
mod files;
pub mod html;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use clap::{Args, ValueEnum};
use simulator::report::Report;
use simulator::scenario::files::{Files, built_in_parameters, read_parameters};
use simulator::scenario::{
    Action, Inspect, Outcome, Processes, Settings, Unplayable, run_and_inspect, run_with_processes,
};
use simulator::workload::Workload;

use super::fault::{self, Disturbance};
use super::flow;
use super::processes::Workers;
use crate::failure::Failure;
use crate::view::answer::Answer;
use crate::view::live::{Live, Shown};
use crate::view::out::{print, print_values};
use crate::view::summary;
use crate::view::wrap::columns;
use files::read;

/// With processes, the speed of time as a multiple of the wall clock's: a call takes a millisecond
/// or two.
const SPEED: u32 = 60;

/// Flags of `rehearse`.
#[derive(Debug, Args)]
#[command(after_help = flow("Examples:
  ecs-rollout rehearse
  ecs-rollout rehearse --instances 20 --batch 5
  ecs-rollout rehearse --fault never-joins --html roll.html
  aws ecs describe-services --cluster prod --services web api > services.json
  ecs-rollout rehearse --workload services.json --instances 12
  ecs-rollout rehearse --verbose | less

It shows the milestones, the numbers, and the answer as the last line; --verbose shows every line of what happens.

Exit code: 0 if the rollout ended on the new AMI, no instance is retained and every invariant held, 1 if not, 2 input."))]
pub struct Rehearse {
    /// Parameters of the stack: a JSON file in any form that the AWS CLI takes [default: those of
    /// this build]
    #[arg(long, value_name = "FILE")]
    parameters: Option<PathBuf>,
    /// The template to deploy [default: that of this build]
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// What runs on the cluster: the output of `aws ecs describe-services`, in one file or several,
    /// each with one answer or several [default: a built-in workload]
    #[arg(long, value_name = "FILE", num_args = 1..)]
    workload: Vec<PathBuf>,
    /// Size of the cluster; sets ClusterSize, and ClusterMaxSize to its double
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1000))]
    instances: Option<u64>,
    /// Instances that are replaced at a time; sets BatchSize
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100))]
    batch: Option<u64>,
    /// Seed of everything random: the same seed gives the same rehearsal
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Something that goes wrong; may be given several times
    #[arg(long, value_name = "NAME", value_parser = Disturbance::from_name, long_help = fault::help())]
    fault: Vec<Disturbance>,
    /// Run the workers as processes of their own, which call the account on loopback
    #[arg(long)]
    processes: bool,
    /// With --processes: how many times faster than the wall clock time passes [default: 60]
    #[arg(long, value_name = "N", requires = "processes", value_parser = clap::value_parser!(u32).range(1..=600))]
    speed: Option<u32>,
    #[command(flatten)]
    workers: Workers,
    /// Also write the rollout as a self-contained HTML page
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Every line of what happens, and every number of the summary
    #[arg(long, conflicts_with = "output")]
    verbose: bool,
    /// How the result is written
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

/// How the result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Line by line, with a summary.
    Text,
    /// One JSON object on stdout.
    Json,
}

impl Rehearse {
    /// Plays the rollout, and judges it.
    ///
    /// # Errors
    /// A sentence about what is wrong with the input.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let settings = self.settings()?;
        if let Some(path) = &self.html {
            super::report::writable(path)?;
        }
        let read = html::Read::default();
        let json = self.output == Output::Json;
        let shown = match (json, self.verbose) {
            (true, _) => Shown::Progress,
            (false, true) => Shown::Lines,
            (false, false) => Shown::Milestones,
        };
        let live = Arc::new(Mutex::new(Live::new(shown).with_plain_progress()));
        let report = self.rehearse(
            &settings,
            &live,
            self.html.as_ref().map(|_| read.afterwards()),
        )?;
        let mut live = live.lock().expect("a panic in a listener ends the program");
        live.finish();
        let cause = live.cause().map(|cause| live.shorten(cause));
        let answer = Answer::of(&report, cause.as_deref()).within(columns());
        if let Some(path) = &self.html {
            read.write(path, report.cost_usd)?;
        }
        if json {
            let text = serde_json::to_string_pretty(&report).expect("a report is plain data");
            print(format!("{text}\n"));
        } else {
            let (detail, values) = if self.verbose {
                (summary::text(&report), summary::VALUES)
            } else {
                (summary::short(&report), summary::SHORT_VALUES)
            };
            print_values(&live.shorten(&detail), values);
            print(format!("\n{answer}\n"));
        }
        Ok(if report.as_asked() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    fn rehearse(
        &self,
        settings: &Settings,
        live: &Arc<Mutex<Live>>,
        afterwards: Option<Inspect<'_>>,
    ) -> Result<Report, Failure> {
        let named = |why: Unplayable| Failure::from(self.with_its_file(&why));
        if !self.processes {
            if self.workers.were_given() {
                return Err(
                    "--workers and --worker-logs are for workers as processes: add --processes"
                        .into(),
                );
            }
            let played = run_and_inspect(settings, &self.actions(), live.clone(), afterwards);
            return only_report(played.map_err(named)?);
        }
        let processes = Processes {
            workers: self.workers.folder()?,
            speed: self.speed.unwrap_or(SPEED),
            log: self.workers.log(),
        };
        let played = run_with_processes(
            settings,
            &self.actions(),
            &processes,
            live.clone(),
            afterwards,
        );
        only_report(played.map_err(named)?)
    }

    /// What is rehearsed.
    fn actions(&self) -> Vec<Action> {
        let mut actions = vec![Action::Deploy];
        actions.extend(self.fault.iter().filter_map(|it| it.later()));
        actions.push(Action::Roll);
        actions
    }

    fn settings(&self) -> Result<Settings, Failure> {
        let files = match &self.template {
            Some(path) => Files::read(path)?,
            None => Files::built_in(),
        };
        let parameters = match &self.parameters {
            Some(path) => {
                let (parameters, remarks) =
                    read_parameters(&path.to_string_lossy(), &read(path, "--parameters")?)?;
                remarks
                    .iter()
                    .for_each(|remark| anstream::eprintln!("ecs-rollout: {remark}"));
                parameters
            }
            None => built_in_parameters(),
        };
        let mut settings = Settings {
            files,
            parameters,
            workload: Workload::default(),
            faults: self.fault.iter().filter_map(|it| it.fault()).collect(),
            seed: self.seed,
            variants: Vec::new(),
            mutation: None,
        };
        if let Some(instances) = self.instances {
            settings.set_instances(instances);
        }
        if let Some(batch) = self.batch {
            settings.set_parameter("BatchSize", batch.to_string());
        }
        // An incident of Spot instances needs some.
        if self.fault.iter().any(|it| it.is_of_spot()) {
            settings.set_parameter("PurchaseOption", "spot");
        }
        ami::check(&settings, self.parameters.as_deref())?;
        settings.workload = self.workload(&settings)?;
        if let Some(remark) = larger_than_the_group(&settings) {
            anstream::eprintln!("ecs-rollout: {remark}");
        }
        Ok(settings)
    }
}

/// The report of the one rollout that is rehearsed.
///
/// # Errors
/// If there was none.
fn only_report(played: Outcome) -> Result<Report, Failure> {
    let first = played.reports.into_iter().next();
    first.ok_or_else(|| Failure::from("the rehearsal has no rollout"))
}

/// That the batch is larger than the group, if it is: then there is one batch, and nothing is
/// learned of others.
fn larger_than_the_group(settings: &Settings) -> Option<String> {
    let number = |name: &str| settings.parameter(name)?.parse::<u64>().ok();
    let (batch, size) = (number("BatchSize")?, number("ClusterSize")?);
    (batch > size && size > 0).then(|| {
        format!("BatchSize {batch} is larger than the group of {size}: all instances are replaced in one batch")
    })
}
