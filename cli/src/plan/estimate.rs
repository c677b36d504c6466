//! How long a roll would take and what it would cost, from rehearsing this very cluster in memory.

mod cluster;

use std::sync::{Arc, Mutex};
use std::thread;

use rehearsal::report::{Report, rounded};
use rehearsal::story::{Action, Listener, Settings, play};
use rehearsal::telling::Line;
use serde::Serialize;

use super::checks::Remark;
use super::seen::{Asked, Seen};
use cluster::settings;

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
    /// Tasks that move.
    pub tasks_moved: u64,
    /// How often each of the services' tasks moves.
    pub moves_per_task: f64,
    /// Step Functions and Lambda, by public prices.
    pub cost_usd: f64,
    /// What was taken for granted.
    pub assumed: Vec<String>,
    /// What a worker said when it gave up, if one did.
    pub gave_up: Option<String>,
}

impl Expected {
    /// A remark, if the roll does not end well.
    pub fn remark(&self) -> Option<Remark> {
        if self.outcome == "UPDATE_COMPLETE" && self.gave_up.is_none() {
            return None;
        }
        let why = self.gave_up.as_deref().unwrap_or("no worker gave up");
        let words = format!("rehearsed, this roll ends as {}: {why}", self.outcome);
        Some(Remark::blocker("rehearsal", words))
    }
}

/// A remark on a cluster that cannot be rehearsed.
pub fn not_rehearsed(why: &str) -> Remark {
    Remark::warning(
        "not-rehearsed",
        format!(
            "this cluster could not be rehearsed, so nothing is said of its time and cost: {why}"
        ),
    )
}

/// Hears which worker gave up last.
#[derive(Debug, Default)]
struct GivenUp(Option<String>);

impl Listener for GivenUp {
    fn line(&mut self, line: &Line) {
        if line.state.ends_with(" Never") {
            self.0 = Some(format!("{} {}: {}", line.subject, line.state, line.reason));
        }
    }
}

/// Rehearses it, a small cluster several times: where its tasks are placed, and which instance goes first, is chance.
///
/// # Errors
/// A sentence on why it cannot be.
pub fn rehearse(seen: &Seen, asked: &Asked) -> Result<Expected, String> {
    let (settings, actions, assumed) = settings(seen, asked);
    let actions = actions.as_slice();
    let times = match seen.capacity.desired {
        ..=SMALL => 3,
        _ => 1,
    };
    let told: Vec<Result<Told, String>> = thread::scope(|scope| {
        let tellings: Vec<_> = (1..=times)
            .map(|seed| {
                let settings = Settings {
                    seed,
                    ..settings.clone()
                };
                scope.spawn(move || tell(&settings, actions))
            })
            .collect();
        let broke_off =
            || Err("the rehearsal broke off; this is a mistake in ecs-rollout".to_owned());
        let joined = tellings.into_iter().map(|it| it.join());
        joined
            .map(|told| told.unwrap_or_else(|_| broke_off()))
            .collect()
    });
    let told = told.into_iter().collect::<Result<Vec<Told>, String>>()?;
    let replicas = settings.workload.services.iter();
    let tasks: u64 = replicas.filter_map(|it| it.desired).sum();
    together(&told, tasks, assumed).ok_or_else(|| "the rehearsal has no roll".to_owned())
}

/// What one rehearsal came to.
struct Told {
    report: Report,
    gave_up: Option<String>,
}

impl Told {
    fn is_well(&self) -> bool {
        self.report.outcome == "UPDATE_COMPLETE" && self.gave_up.is_none()
    }
}

fn tell(settings: &Settings, actions: &[Action]) -> Result<Told, String> {
    let heard = Arc::new(Mutex::new(GivenUp::default()));
    let played = play(settings, actions, None, heard.clone())?;
    let report = played.reports.into_iter().next();
    let report = report.ok_or("the rehearsal has no roll")?;
    let gave_up = heard.lock().ok().and_then(|heard| heard.0.clone());
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
        tasks_moved: moved.round() as u64,
        moves_per_task: rounded(moved / tasks.max(1) as f64, 2),
        cost_usd: rounded(mean(&|report| report.cost_usd), 6),
        assumed,
        gave_up: shown.gave_up.clone(),
    })
}
