//! What executions and workers do to the watch: how long and how large executions get, and after which answer a hook is
//! answered CONTINUE.

use jiff::Timestamp;

use super::{Answered, Inner};
use crate::account::Account;
use crate::fact::{ExecutionFact, Fact, Told};
use crate::promises::Claim;

impl Inner {
    pub(super) fn execution(&mut self, at: Timestamp, execution: &str, what: &ExecutionFact) {
        match what {
            ExecutionFact::Started => {
                self.open_executions.insert(execution.to_owned(), at);
            }
            // A drain may have to wait for its turn in a roll, and its deadline counts from that.
            ExecutionFact::Entered { state, .. } => {
                if state == "Drained" && self.turns_seen.insert(execution.to_owned()) {
                    self.open_executions.insert(execution.to_owned(), at);
                }
            }
            ExecutionFact::Ended {
                status,
                history_events,
                cause,
                ..
            } => {
                let began = self.open_executions.remove(execution).unwrap_or(at);
                self.turns_seen.remove(execution);
                let late = at > began + self.terms.longest_execution() + self.unanswered(began, at);
                self.seen.max_history_events = self.seen.max_history_events.max(*history_events);
                if late || status == "TIMED_OUT" || *history_events >= 25_000 {
                    let detail = format!(
                        "execution {execution} ended {status} after {} s and {history_events} events: {cause}",
                        at.duration_since(began).as_secs()
                    );
                    self.broke(Claim::ExecutionsEnd, at, detail);
                }
            }
        }
    }

    pub(super) fn invocation(&mut self, account: &Account, told: &Told) {
        let Fact::Invocation {
            execution,
            function,
            instance,
            result,
            failed,
            verdict,
            billed_ms,
            ..
        } = &told.fact
        else {
            return;
        };
        self.seen.invocations += 1;
        let memory = account
            .lambda
            .function(function)
            .map_or(0, |function| function.memory_mb);
        self.seen.megabyte_ms += memory * billed_ms;
        if result.is_empty() {
            let answered = Answered {
                failed: *failed,
                verdict: verdict.clone(),
            };
            self.last_answers.insert(execution.clone(), answered);
            return;
        }
        let why_not = match self.last_answers.get(execution) {
            Some(answered) if answered.failed => format!("after the error {}", answered.verdict),
            Some(answered) if answered.verdict == "NotYet" => "after the verdict NotYet".to_owned(),
            Some(answered) if answered.verdict == "Never" && !self.never_may_continue() => {
                "after the verdict Never".to_owned()
            }
            _ => return,
        };
        if result == "CONTINUE" {
            let detail = format!("the hook of {instance} was answered CONTINUE {why_not}");
            self.broke(Claim::NoErrorContinues, told.at, detail);
        }
    }

    /// At a drain deadline the user may have chosen to go on; and a stack that is deleted keeps nothing.
    fn never_may_continue(&self) -> bool {
        let deleting = ["DELETE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"];
        self.terms.policy != "retain" || deleting.contains(&self.stack_status.as_str())
    }
}
