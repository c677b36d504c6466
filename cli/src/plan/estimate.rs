//! How long a rollout would take and what it would cost, from rehearsing this very cluster in
//! memory.

mod cluster;
mod listener;

use std::sync::{Arc, Mutex};
use std::thread;

use jiff::SignedDuration;
use serde::Serialize;
use simulator::api_quota::rounded;
use simulator::report::Report;
use simulator::scenario::{Action, Settings, run};

use super::checks::Diagnostic;
use super::observation::{Observation, PlanRequest};
use crate::format::count;
use cluster::{Rehearsed, rehearsed};
use listener::Heard;

/// Up to so many instances chance makes a difference, and a rehearsal takes a second.
const SMALL: i64 = 30;

/// What is to be expected. Members are spelled so in JSON output.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Expected {
    /// The stack's status at the end.
    pub outcome: String,
    /// From the update until the last drain has ended, on average over the rehearsals.
    pub seconds: f64,
    /// In the shortest of them.
    pub shortest_seconds: f64,
    /// In the longest of them.
    pub longest_seconds: f64,
    /// How many there were.
    pub rehearsals: usize,
    /// How many of them did not end on the new AMI, or left an instance retained.
    pub failed_rehearsals: usize,
    /// How often a task of a service moves, all tasks together, on average over the rehearsals.
    pub tasks_moved: u64,
    /// The tasks of the services that are rehearsed: a daemon has one on each instance.
    pub service_tasks: u64,
    /// How often each of these tasks moves.
    pub moves_per_task: f64,
    /// Step Functions and Lambda, by public prices.
    pub cost_usd: f64,
    /// What was assumed.
    pub assumed: Vec<String>,
    /// What went wrong first, if anything did.
    pub gave_up: Option<String>,
}

impl Expected {
    /// How long the rollout takes.
    pub fn duration(&self) -> Option<SignedDuration> {
        SignedDuration::try_from_secs_f64(self.seconds).ok()
    }

    /// A remark, if the rollout does not end well.
    pub fn remark(&self) -> Option<Diagnostic> {
        let why = self.gave_up.as_deref();
        let or_stack = why.unwrap_or("the stack gives no reason");
        let (failed, all, outcome) = (self.failed_rehearsals, self.rehearsals, &self.outcome);
        if failed == 0 {
            let words = format!("rehearsed, this rollout ends well, but {}", why?);
            return Some(Diagnostic::warning("rehearsal", words));
        }
        if failed == all {
            let words = format!("rehearsed, this rollout ends as {outcome}: {or_stack}");
            return Some(Diagnostic::blocker("rehearsal", words));
        }
        let words = format!(
            "rehearsed {}, this rollout fails {} (it ends as {outcome}): {or_stack}. It depends on which \
             instance AWS replaces when",
            count(all, "time"),
            count(failed, "time")
        );
        Some(Diagnostic::condition("rehearsal", words))
    }
}

/// A remark on a cluster that cannot be rehearsed.
pub fn not_rehearsed(why: &EstimateError) -> Diagnostic {
    let words =
        format!("the cluster cannot be rehearsed, so its time and cost are not known: {why}");
    Diagnostic::warning("not-rehearsed", words)
}

/// Why a rollout could not be rehearsed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EstimateError {
    /// The simulator panicked.
    #[error("the rehearsal broke off; this is a mistake in ecs-rollout")]
    BrokeOff,
    /// The rehearsal ended before its rollout.
    #[error("the rehearsal has no roll")]
    NoRollout,
    /// The stack, its parameters or its workload cannot be rehearsed: what was refused.
    #[error("{0}")]
    Unplayable(String),
}

/// Rehearses it, a small cluster several times: where its tasks are placed, and which instance goes
/// first, is chance.
///
/// # Errors
/// Why it cannot be.
pub fn rehearse(seen: &Observation, asked: &PlanRequest) -> Result<Expected, EstimateError> {
    let times = match seen.capacity.desired {
        ..=SMALL => 3,
        _ => 1,
    };
    rehearse_times(seen, asked, times)
}

/// The same, so many times.
///
/// # Errors
/// As [`rehearse`].
pub fn rehearse_times(
    seen: &Observation,
    asked: &PlanRequest,
    times: u64,
) -> Result<Expected, EstimateError> {
    let rehearsed = rehearsed(seen, asked);
    let told: Vec<Result<Told, EstimateError>> = thread::scope(|scope| {
        let tellings: Vec<_> = (1..=times)
            .map(|seed| {
                let settings = Settings {
                    seed,
                    ..rehearsed.settings.clone()
                };
                let rehearsed = &rehearsed;
                scope.spawn(move || rehearse_once(seen, &settings, rehearsed))
            })
            .collect();
        let joined = tellings.into_iter().map(|it| it.join());
        joined
            .map(|told| told.unwrap_or(Err(EstimateError::BrokeOff)))
            .collect()
    });
    let told = told
        .into_iter()
        .collect::<Result<Vec<Told>, EstimateError>>()?;
    let each_instance = u64::try_from(seen.sizes_in_update().desired).unwrap_or(0);
    let services = rehearsed.settings.workload.services.iter();
    let tasks: u64 = services.map(|it| it.desired.unwrap_or(each_instance)).sum();
    let expected = together(&told, tasks, rehearsed.assumed);
    expected.ok_or(EstimateError::NoRollout)
}

/// What one rehearsal came to.
struct Told {
    report: Report,
    gave_up: Option<String>,
}

impl Told {
    fn is_well(&self) -> bool {
        self.report.outcome == "UPDATE_COMPLETE" && self.report.retained.is_empty()
    }
}

fn rehearse_once(
    seen: &Observation,
    settings: &Settings,
    rehearsed: &Rehearsed,
) -> Result<Told, EstimateError> {
    let heard = Heard::with_families(rehearsed.families.clone());
    let heard = Arc::new(Mutex::new(heard));
    let actions: &[Action] = &rehearsed.actions;
    let played = run(settings, actions, heard.clone());
    let heard = heard.lock().map_err(|_| EstimateError::BrokeOff)?;
    let played =
        played.map_err(|why| EstimateError::Unplayable(heard.without_ids(&why.to_string())))?;
    let report = played.reports.into_iter().next();
    let report = report.ok_or(EstimateError::NoRollout)?;
    let gave_up = heard.why(|parameter| seen.deadline(parameter));
    Ok(Told { report, gave_up })
}

/// All of them together: the mean of what differs, and the end of the first that did not end well.
fn together(told: &[Told], tasks: u64, assumed: Vec<String>) -> Option<Expected> {
    let shown = told.iter().find(|one| !one.is_well()).or(told.first())?;
    let mean = |each: &dyn Fn(&Report) -> f64| {
        let sum: f64 = told.iter().map(|one| each(&one.report)).sum();
        sum / told.len() as f64
    };
    let seconds = || told.iter().map(|one| one.report.roll_seconds);
    let moved = mean(&|report| report.tasks_moved as f64);
    Some(Expected {
        outcome: shown.report.outcome.clone(),
        seconds: rounded(mean(&|report| report.roll_seconds), 3),
        shortest_seconds: seconds().fold(f64::INFINITY, f64::min),
        longest_seconds: seconds().fold(0.0, f64::max),
        rehearsals: told.len(),
        failed_rehearsals: told.iter().filter(|one| !one.is_well()).count(),
        tasks_moved: moved.round() as u64,
        service_tasks: tasks,
        moves_per_task: rounded(moved / tasks.max(1) as f64, 2),
        cost_usd: rounded(mean(&|report| report.cost_usd), 6),
        assumed,
        gave_up: shown.gave_up.clone(),
    })
}
