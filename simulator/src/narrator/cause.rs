//! Why an execution failed, with the worker whose error it is.

use std::collections::BTreeMap;

use workers::Worker;
use workers::cause::in_words;

use crate::trace::{ExecutionEvent, ExecutionStatus, TraceEvent};

/// The worker whose attempt failed last, for each execution under way.
#[derive(Debug, Default)]
pub struct FailedWorkers {
    /// By the execution's name.
    by_execution: BTreeMap<String, Worker>,
}

impl FailedWorkers {
    /// Notes a failed attempt.
    pub fn note(&mut self, fact: &TraceEvent) {
        let TraceEvent::Invocation {
            execution,
            function,
            failed: true,
            ..
        } = fact
        else {
            return;
        };
        if let Some(worker) = Worker::of_function(function) {
            // An invocation names the execution's ARN, of which the execution's own facts have the
            // last part.
            let name = execution.rsplit(':').next().unwrap_or(execution);
            self.by_execution.insert(name.to_owned(), worker);
        }
    }

    /// Of an execution that ended other than well: its error and its cause, in words.
    pub fn reason(&self, fact: &TraceEvent) -> Option<String> {
        let TraceEvent::Execution {
            execution,
            what:
                ExecutionEvent::Ended {
                    status,
                    error,
                    cause,
                    ..
                },
            ..
        } = fact
        else {
            return None;
        };
        if *status == ExecutionStatus::Succeeded {
            return None;
        }
        let worker = self.by_execution.get(execution);
        let asked = worker.map(|worker| format!("worker {}", worker.name()));
        let cause = in_words(asked.as_deref(), cause);
        Some(match (error.as_str(), cause.as_ref()) {
            ("", cause) => cause.to_owned(),
            (error, "") => error.to_owned(),
            (error, cause) => format!("{error}: {cause}"),
        })
    }
}
