//! `scenario`: runs a scenario from a text file.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use clap::Args;
use serde_json::{Value, json};
use simulator::scenario::expectation::{Unmet, Witness};
use simulator::scenario::{Outcome, parse, run};
use simulator::text_file;

use super::flow;
use super::rehearse::Output;
use crate::failure::Failure;
use crate::view::live::{Live, Shown};
use crate::view::out::{print, print_values};
use crate::view::summary;

/// Flags of `scenario`.
#[derive(Debug, Args)]
#[command(after_help = flow("Examples:
  ecs-rollout scenario tests/scenarios/queue/next-instance-waits.scenario
  ecs-rollout scenario tests/scenarios/rollout/plain.scenario --output json

Scenarios to start from are in tests/scenarios.

Exit code: 0 if every invariant held and every expectation was met, however the rollouts ended; 1 if not; 2 input."))]
pub struct Scenario {
    /// The scenario: settings, then what happens, one step a line
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Lines to read, or one JSON object with a report for each rollout and the violations
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
}

impl Scenario {
    /// Runs the scenario.
    ///
    /// # Errors
    /// What is wrong with the scenario, or what the account refused.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let file = self.file.display().to_string();
        let text = text_file::read(&self.file)?;
        let script = parse::read(&file, &text)?;
        if script.actions.is_empty() {
            return Err(Failure::from(format!(
                "{file}: it has no step, so nothing would happen; write one a line, such as `deploy` and then `roll`"
            )));
        }
        let is_text = self.output == Output::Text;
        let live = Arc::new(Mutex::new(Live::new(if is_text {
            Shown::Lines
        } else {
            Shown::Progress
        })));
        let witness = Arc::new(Mutex::new(Witness::new(live.clone())));
        let played = run(&script.settings, &script.actions, witness.clone())
            .map_err(|why| format!("{file}: {why}"))?;
        let unmet = witness
            .lock()
            .expect("a panic in a listener ends the program")
            .unmet(&script.expectations, &played);
        let mut live = live.lock().expect("a panic in a listener ends the program");
        live.finish();
        match self.output {
            Output::Text => print_text(&live, &played, &unmet),
            Output::Json => print(format!("{:#}\n", as_json(&played, &unmet))),
        }
        let held = unmet.is_empty()
            && played.violations.is_empty()
            && played
                .reports
                .iter()
                .all(simulator::report::Report::invariants_hold);
        Ok(if held {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

/// The values of each rollout, then what was violated and what was not met.
fn print_text(live: &Live, played: &Outcome, unmet: &[Unmet]) {
    for report in &played.reports {
        print_values(&live.shorten(&summary::text(report)), summary::VALUES);
    }
    for broken in &played.violations {
        let name = broken.invariant.name();
        print(format!(
            "violation of {name} at {}: {}\n",
            broken.at,
            live.shorten(&broken.detail)
        ));
    }
    for one in unmet {
        print(format!("{one}\n"));
    }
}

fn as_json(played: &Outcome, unmet: &[Unmet]) -> Value {
    let violations = played.violations.iter().map(|it| {
        json!({"invariant": it.invariant.name(), "at": it.at.to_string(), "detail": it.detail})
    });
    let unmet = unmet
        .iter()
        .map(|one| json!({"expected": one.expectation.to_string(), "seen": one.seen}));
    json!({
        "rollouts": played.reports,
        "violations": violations.collect::<Vec<_>>(),
        "unmet": unmet.collect::<Vec<_>>(),
    })
}
