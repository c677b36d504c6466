//! Tells facts as lines of text: one line for each thing that a person cares about.

mod cause;
mod instances;
mod short_names;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use workers::Worker;
use workers::model::{Verdict, WaitCause};

use crate::trace::{ExecutionEvent, Record, TraceEvent};
pub use cause::FailedWorkers;
use instances::{instance_line, reconciled_line, refresh_line, spot};
pub use short_names::ShortNames;

/// How often a wait that goes on for the same reason is told again.
const SAME_WAIT_AGAIN: Duration = Duration::from_secs(600);

/// Said of every resource of a new stack, so nobody learns from it.
const RESOURCE_BEGUN: &str = "Resource creation Initiated";

/// How a line strikes the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// A step forward.
    Good,
    /// Something is being waited for.
    Waiting,
    /// Something went wrong.
    Bad,
    /// Neither.
    Plain,
}

/// One line of the scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Time since the scenario began.
    pub at: Duration,
    /// The stack or instance that it is about.
    pub subject: String,
    /// The state in which that is now.
    pub state: String,
    /// Why, or what it is waiting for.
    pub reason: String,
    /// How it strikes the reader.
    pub severity: Severity,
}

impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = format!(
            "{} {:<19} {:<22} {}",
            clock(self.at),
            self.subject,
            self.state,
            self.reason
        );
        f.write_str(line.trim_end())
    }
}

/// `hh:mm:ss`; hours grow beyond two digits when they must.
pub fn clock(at: Duration) -> String {
    let seconds = at.as_secs();
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// Turns facts into lines.
#[derive(Debug)]
pub struct Narrator {
    began: Timestamp,
    stack: String,
    waits: BTreeMap<String, (String, Timestamp)>,
    failed: FailedWorkers,
    names: ShortNames,
}

impl Narrator {
    /// A teller of a scenario that begins at `began` and is about `stack`.
    pub fn new(began: Timestamp, stack: &str) -> Self {
        Self {
            began,
            stack: stack.to_owned(),
            waits: BTreeMap::new(),
            failed: FailedWorkers::default(),
            names: ShortNames::default(),
        }
    }

    /// The line for a fact, if a person cares about it. Instances and tasks have their short names;
    /// the first line of an instance has its id too.
    pub fn line(&mut self, record: &Record) -> Option<LogLine> {
        self.failed.note(&record.event);
        let launched = self.names.launched();
        self.names.note(&record.event);
        let (subject, state, reason, mood) = match &record.event {
            TraceEvent::Stack { .. } => self.stack_line(&record.event)?,
            TraceEvent::Invocation { .. } => self.answer_line(record)?,
            TraceEvent::Execution {
                execution,
                instance,
                what: ExecutionEvent::Started,
            } => reconciled_line(execution, instance)?,
            TraceEvent::Lifecycle { .. } | TraceEvent::ContainerInstance { .. } => {
                instance_line(&record.event)?
            }
            TraceEvent::Refresh { .. } => refresh_line(&record.event)?,
            TraceEvent::ScenarioAction { by, what, detail } => (
                by.as_str().to_owned(),
                what.clone(),
                detail.clone(),
                Severity::Plain,
            ),
            TraceEvent::Notice { topic, message } => (
                "notice".to_owned(),
                topic.clone(),
                message.lines().collect::<Vec<_>>().join(" "),
                Severity::Plain,
            ),
            TraceEvent::Scaling {
                subject,
                what,
                detail,
            } => (
                subject.clone(),
                what.clone(),
                detail.clone(),
                Severity::Plain,
            ),
            TraceEvent::Execution { .. } => self.execution_line(&record.event)?,
            other => trouble_line(other)?,
        };
        let at = record.at.duration_since(self.began).unsigned_abs();
        let reason = self.names.shorten(&reason);
        let id = self.names.instance(launched + 1);
        Some(LogLine {
            at,
            subject: self.names.shorten(&subject),
            state: self.names.shorten(&state),
            reason: id.map_or(reason.clone(), |id| format!("{id}, {reason}")),
            severity: mood,
        })
    }

    /// Of the stack itself everything is told; of its resources what has a reason or failed.
    fn stack_line(&self, fact: &TraceEvent) -> Option<(String, String, String, Severity)> {
        let TraceEvent::Stack {
            stack,
            logical_id,
            status,
            reason,
            ..
        } = fact
        else {
            return None;
        };
        let itself = *logical_id == self.stack;
        if reason == RESOURCE_BEGUN {
            return None;
        }
        let failed = status.is_failed() || status.is_of_a_rollback();
        if !itself && (*stack != self.stack || reason.is_empty()) && !status.is_failed() {
            return None;
        }
        let mood = match () {
            () if failed => Severity::Bad,
            () if status.is_complete() => Severity::Good,
            () => Severity::Plain,
        };
        let subject = if itself {
            "stack".to_owned()
        } else {
            logical_id.clone()
        };
        Some((subject, status.to_string(), reason.clone(), mood))
    }

    /// An execution that ended other than well; one without an instance is the reconciler's.
    fn execution_line(&self, fact: &TraceEvent) -> Option<(String, String, String, Severity)> {
        let reason = self.failed.reason(fact)?;
        let TraceEvent::Execution {
            execution,
            instance,
            what: ExecutionEvent::Ended { status, .. },
        } = fact
        else {
            return None;
        };
        let subject = match instance.as_str() {
            "" => execution,
            instance => instance,
        };
        let state = format!("execution {status}");
        Some((subject.to_owned(), state, reason, Severity::Bad))
    }

    /// An answer is told when it is new; a wait for the same thing is told again from time to time.
    fn answer_line(&mut self, record: &Record) -> Option<(String, String, String, Severity)> {
        let TraceEvent::Invocation {
            execution,
            function,
            instance,
            failed,
            verdict,
            reason,
            answer,
            ..
        } = &record.event
        else {
            return None;
        };
        let worker = Worker::of_function(function).map(Worker::name);
        let worker = worker.unwrap_or(function);
        let known = Verdict::named(verdict).filter(|_| !failed);
        let mood = match known {
            _ if *failed => Severity::Bad,
            Some(Verdict::Reached) => Severity::Good,
            Some(Verdict::NotYet) => Severity::Waiting,
            Some(Verdict::Never) => Severity::Bad,
            Some(Verdict::Over) | None => Severity::Plain,
        };
        if worker == Worker::CompleteAction.name()
            && matches!(known, Some(Verdict::Reached | Verdict::NotYet))
        {
            // The instance's next state and the stack's own event tell the same.
            return None;
        }
        if worker == Worker::Reconcile.name() && !*failed {
            // It looks every few minutes, and mostly finds nothing; what it starts has a line of
            // its own.
            return None;
        }
        let key = format!("{worker} {verdict} {:?}", WaitCause::of_answer(answer));
        let again = self
            .waits
            .get(execution)
            .is_none_or(|(last, since)| *last != key || record.at >= *since + SAME_WAIT_AGAIN);
        if mood == Severity::Waiting && !again {
            return None;
        }
        self.waits.insert(execution.clone(), (key, record.at));
        let state = if *failed {
            format!("{worker}: {verdict}")
        } else {
            format!("{worker} {verdict}")
        };
        // The reconciler is asked about no instance.
        let subject = if instance.is_empty() {
            worker
        } else {
            instance
        };
        Some((subject.to_owned(), state, reason.clone(), mood))
    }
}

/// What nobody wants to read: tasks killed, events lost.
fn trouble_line(fact: &TraceEvent) -> Option<(String, String, String, Severity)> {
    let (subject, state, reason) = match fact {
        TraceEvent::TaskKilled {
            task,
            instance,
            last_status,
            ..
        } => {
            let reason = format!("task {task} was {last_status} when the instance went away");
            (instance, "task killed".to_owned(), reason)
        }
        TraceEvent::Spot { instance, what } => {
            let (state, reason) = spot(*what);
            (instance, state.to_owned(), reason)
        }
        TraceEvent::Died { instance } => (instance, "died".to_owned(), String::new()),
        TraceEvent::Delivery {
            rule,
            outcome,
            detail_type,
            ..
        } if outcome != "delivered" => (
            rule,
            "event".to_owned(),
            format!("{detail_type}: {outcome}"),
        ),
        _ => return None,
    };
    Some((subject.clone(), state, reason, Severity::Bad))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn answer(at: i64, verdict: &str) -> Record {
        Record {
            at: Timestamp::from_second(at).expect("in range"),
            event: TraceEvent::Invocation {
                execution: "e".to_owned(),
                function: "Dev-drained".to_owned(),
                instance: "i-1".to_owned(),
                result: String::new(),
                failed: false,
                verdict: verdict.to_owned(),
                reason: "two tasks".to_owned(),
                answer: Value::Null,
                billed_ms: 3,
            },
        }
    }

    #[test]
    fn a_wait_is_reported_once_and_again_after_a_while() {
        let mut narrator = Narrator::new(Timestamp::UNIX_EPOCH, "Dev");
        let record: Vec<bool> = [
            (1, "NotYet"),
            (20, "NotYet"),
            (700, "NotYet"),
            (701, "Reached"),
        ]
        .into_iter()
        .map(|(at, verdict)| narrator.line(&answer(at, verdict)).is_some())
        .collect();
        assert_eq!(record, [true, false, true, true]);
    }

    #[test]
    fn a_wait_is_reported_again_when_it_has_another_cause() {
        let mut narrator = Narrator::new(Timestamp::UNIX_EPOCH, "Dev");
        let mut record = |at: i64, why: &str, causes: &[WaitCause]| {
            let mut answer = answer(at, "NotYet");
            if let TraceEvent::Invocation { reason, answer, .. } = &mut answer.event {
                *reason = why.to_owned();
                *answer = json!({"waitCauses": causes});
            }
            narrator.line(&answer).is_some()
        };
        assert!(record(1, "two tasks", &[]));
        assert!(!record(20, "one task", &[]));
        assert!(record(30, "one task", &[WaitCause::ScaleInProtection]));
        assert!(!record(40, "two tasks", &[WaitCause::ScaleInProtection]));
    }

    #[test]
    fn a_line_reads_as_time_subject_state_and_reason() {
        let line = Narrator::new(Timestamp::UNIX_EPOCH, "Dev")
            .line(&answer(3725, "Reached"))
            .expect("told");
        assert_eq!(
            line.to_string(),
            "01:02:05 i-1                 drained Reached        two tasks"
        );
    }
}
