//! The answer of a rehearsal: whether the rollout comes to a good end, in one line, which is the
//! last.

use std::fmt::{self, Display};

use anstyle::{AnsiColor, Style};
use simulator::report::Report;

use super::wrap::wrapped;
use crate::aws::FailedOperation;
use crate::format::count;
use crate::format::seconds;

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    text: String,
    is_well: bool,
}

impl Answer {
    /// The answer of a rehearsal in which `cause` went wrong first. The cause is shown whole, since
    /// its end is the way out.
    pub fn of(report: &Report, cause: Option<&str>) -> Self {
        let is_well = report.as_asked();
        let took = seconds(report.roll_seconds);
        let (moved, killed) = (report.tasks_moved, report.tasks_killed_early);
        let counted = format!("{} of {} on the new AMI", report.replaced, report.instances);
        let tasks = format!("{} moved, {killed} killed", count(moved, "task"));
        let cause = cause.map_or_else(String::new, |cause| {
            format!(" Cause: {}.", cause.trim_end_matches('.'))
        });
        let broken = report
            .invariants
            .iter()
            .filter(|invariant| !invariant.held)
            .count();
        let retained = report.retained.len();
        let text = match (report.outcome.as_str(), broken, retained) {
            (_, 1.., _) => format!(
                "Violated: {}, see above. {}: {counted}.",
                count(broken, "invariant"),
                report.outcome
            ),
            ("UPDATE_COMPLETE", 0, 0) => {
                format!(
                    "Rollout complete: {counted} {} in {took}; {tasks}.",
                    report.ami.new
                )
            }
            ("UPDATE_COMPLETE", 0, _) => {
                format!(
                    "Rollout complete, but {retained} retained: {counted} in {took}; {tasks}.{cause}"
                )
            }
            (outcome, ..) => format!("{}: {counted}; {tasks}.{cause}", ended(outcome, &took)),
        };
        Self { text, is_well }
    }

    /// The same in lines of so many columns, if a terminal has them.
    #[must_use]
    pub fn within(self, columns: Option<usize>) -> Self {
        Self {
            text: wrapped(&self.text, columns, 0),
            ..self
        }
    }
}

/// How a rollout that did not complete ended.
fn ended(outcome: &str, took: &str) -> String {
    // The stack is one of the account in memory: what failed is of use here, the way out is not.
    match FailedOperation::of("", outcome) {
        Some(failed) => format!("{} in {took}, {outcome}", failed.what),
        None if outcome.contains("ROLLBACK") => format!("Rolled back in {took}"),
        None => format!("{outcome} after {took}"),
    }
}

impl Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let colour = if self.is_well {
            AnsiColor::Green
        } else {
            AnsiColor::Red
        };
        let style: Style = colour.on_default().bold();
        write!(f, "{style}{}{style:#}", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rollback_that_failed_is_not_called_a_rollback() {
        for (outcome, says) in [
            ("UPDATE_ROLLBACK_COMPLETE", "Rolled back in 1m00s"),
            (
                "UPDATE_ROLLBACK_FAILED",
                "The rollback failed in 1m00s, UPDATE_ROLLBACK_FAILED",
            ),
            ("UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS after 1m00s"),
        ] {
            assert_eq!(ended(outcome, "1m00s"), says);
        }
    }
}
