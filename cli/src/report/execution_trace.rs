//! One execution, read from its history: what was asked of the workers and for how long, what
//! failed, what was passed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use workers::Worker;
use workers::cause::{self, InvocationError};
use workers::model::NamedTask;
use workers::model::cluster::ServiceCounts;

use super::{ExecutionTrace, Failure, Kind, Phase, seconds};
use crate::aws::{Happened, Past, Pause};

/// The member of the state's output that holds a worker's answer, for each Task state of a
/// definition.
pub type Answers = BTreeMap<String, String>;

/// So many tasks are named at most.
const TASKS_NAMED: usize = 3;

/// Where the reading of a history stands.
#[derive(Debug)]
pub struct Reading<'a> {
    answers: &'a Answers,
    passage: ExecutionTrace,
    state: String,
    attempts: u64,
    /// Whether the last attempt failed.
    has_failed: bool,
    runs_since: Option<Timestamp>,
    /// How often each task was still waited for in the present phase.
    waits: BTreeMap<String, u64>,
    /// What the workers called tasks.
    names: BTreeMap<String, String>,
}

/// In which members a definition's Task states put their answers.
pub fn answers(definition: &Value) -> Answers {
    let states = definition["States"].as_object().into_iter().flatten();
    let answers = states.filter_map(|(name, state)| {
        let member = state["ResultPath"].as_str()?.strip_prefix("$.")?;
        (state["Type"] == "Task").then(|| (name.clone(), member.to_owned()))
    });
    answers.collect()
}

impl<'a> Reading<'a> {
    /// Nothing read yet of `past`.
    pub fn of(past: &Past, answers: &'a Answers) -> Self {
        let passage = ExecutionTrace {
            arn: past.arn.clone(),
            started: past.started,
            stopped: past.stopped,
            status: past.status.clone(),
            ..ExecutionTrace::default()
        };
        Self {
            answers,
            passage,
            state: String::new(),
            attempts: 0,
            has_failed: false,
            runs_since: None,
            waits: BTreeMap::new(),
            names: BTreeMap::new(),
        }
    }

    /// Reads the next event.
    pub fn take(&mut self, event: &Happened) {
        let kind = event.kind.as_str();
        match kind {
            "ExecutionStarted" => self.started(event),
            "TaskStateExited" => self.answered(event),
            "LambdaFunctionStarted" => self.runs_since = Some(event.at),
            _ if kind.ends_with("StateEntered") => self.entered(event),
            _ if kind.ends_with("Scheduled") => self.scheduled(),
            _ if kind.starts_with("Execution") => {
                self.passage.error.clone_from(&event.error);
                self.passage.cause = self.in_words(&event.cause);
            }
            _ => {}
        }
        if ["Succeeded", "Failed", "TimedOut"]
            .iter()
            .any(|end| kind.ends_with(end))
        {
            self.function_ended(event);
        }
        let failed = ["Failed", "TimedOut"].iter().any(|end| kind.ends_with(end));
        if failed && !kind.starts_with("Execution") {
            self.has_failed = true;
            self.passage.failures.push(Failure {
                at: event.at,
                instance: self.passage.instance.clone(),
                state: self.state.clone(),
                error: or(&event.error, kind),
                cause: message(&event.cause),
                again: false,
            });
        }
    }

    /// What was read; an execution that still runs has come as far as `now`.
    pub fn end(mut self, now: Timestamp) -> ExecutionTrace {
        let until = self.passage.stopped.unwrap_or(now);
        self.close(until);
        self.passage
    }

    fn started(&mut self, event: &Happened) {
        let input: Value = serde_json::from_str(&event.input).unwrap_or_default();
        let detail = &input["detail"];
        let text = |member: &str| detail[member].as_str().unwrap_or_default();
        self.passage.instance = text("EC2InstanceId").to_owned();
        self.passage.launches = text("LifecycleTransition").ends_with("_LAUNCHING");
        self.passage.to_pool = text("Destination") == "WarmPool";
    }

    fn entered(&mut self, event: &Happened) {
        let passage = &mut self.passage;
        passage.transitions += 1;
        *passage.states.entry(event.state.clone()).or_default() += 1;
        if !self.state.is_empty() {
            let arrow = (self.state.clone(), event.state.clone());
            *passage.arrows.entry(arrow).or_default() += 1;
        }
        self.state.clone_from(&event.state);
        (self.attempts, self.has_failed) = (0, false);
        // Choices and waits after a question belong to it, and so does the same question asked
        // again.
        let asks = event.kind == "TaskStateEntered";
        let same = |phase: &Phase| phase.state == event.state;
        if asks && !self.passage.phases.last().is_some_and(same) {
            self.close(event.at);
            let worker = self.answers.get(&event.state);
            let phase = Phase::asked(&event.state, worker.map_or("", String::as_str), event.at);
            self.passage.phases.push(phase);
        }
    }

    fn scheduled(&mut self) {
        self.attempts += 1;
        self.has_failed = false;
        if self.attempts > 1 {
            self.passage.transitions += 1;
            if let Some(failure) = self.passage.failures.last_mut() {
                failure.again = true;
            }
        }
    }

    fn function_ended(&mut self, event: &Happened) {
        let Some(since) = self.runs_since.take() else {
            return;
        };
        self.passage.invocations += 1;
        let ran = event.at.duration_since(since).as_millis();
        self.passage.function_ms += u64::try_from(ran).unwrap_or_default();
    }

    fn answered(&mut self, event: &Happened) {
        // An error that was caught left what was answered the time before.
        let phase = self.passage.phases.last_mut();
        let Some(phase) = phase.filter(|_| !self.has_failed) else {
            return;
        };
        let Some(member) = self.answers.get(&event.state) else {
            phase.times_asked += 1;
            return;
        };
        let output: Value = serde_json::from_str(&event.output).unwrap_or_default();
        let answer = &output[member];
        if answer["verdict"] == "NotYet" {
            self.paused_or_not(
                event,
                Option::deserialize(&answer["paused"]).unwrap_or_default(),
            );
        }
        let Some(phase) = self.passage.phases.last_mut() else {
            return;
        };
        phase.times_asked += 1;
        let daemons = answer["daemons"].as_array().into_iter().flatten();
        let daemons = daemons.filter_map(Value::as_str).map(str::to_owned);
        self.passage.daemons.extend(daemons);
        // Workers of an earlier version counted nothing.
        let counted = Vec::<ServiceCounts>::deserialize(&output[member]["servicesCounted"]);
        let counted = counted.unwrap_or_default().into_iter();
        let counted = counted.map(|counts| (event.at, counts));
        self.passage.counted.extend(counted);
        let text = |name: &str| output[member][name].as_str().unwrap_or_default().to_owned();
        let (verdict, reason) = (text("verdict"), text("reason"));
        if verdict == "NotYet" {
            phase.waited_for.clone_from(&reason);
            // Among the ARNs may be tasks that have stopped since all were listed; workers of an
            // earlier version name none.
            let left = &answer["tasksLeft"];
            let named = Vec::<NamedTask>::deserialize(&left["named"]).unwrap_or_default();
            let all = left["arns"].as_array().into_iter().flatten();
            let all = all.filter_map(Value::as_str).map(str::to_owned);
            let tasks: Vec<String> = if named.is_empty() {
                all.collect()
            } else {
                named.iter().map(|one| one.task.to_string()).collect()
            };
            for task in tasks {
                *self.waits.entry(task).or_default() += 1;
            }
            let names = named.into_iter();
            let names = names.map(|one| (one.task.to_string(), one.name));
            self.names.extend(names);
        }
        (phase.verdict, phase.reason) = (verdict, reason);
    }

    /// The question waits for the end of a pause from now on, or no more: what was asked before is
    /// a phase of its own.
    fn paused_or_not(&mut self, event: &Happened, pause: Option<Pause>) {
        let Some(phase) = self.passage.phases.last_mut() else {
            return;
        };
        if pause.is_some() != phase.pause.is_some() && phase.times_asked > 0 {
            let (state, worker) = (phase.state.clone(), self.answers.get(&event.state));
            self.close(event.at);
            let worker = worker.map_or("", String::as_str);
            let next = Phase::asked(&state, worker, event.at);
            self.passage.phases.push(next);
        }
        let seen = &mut self.passage.pauses_seen;
        if let Some(pause) = &pause
            && seen.last().is_none_or(|(_, last)| last != pause)
        {
            seen.push((event.at, pause.clone()));
        }
        if let Some(phase) = self.passage.phases.last_mut()
            && pause.is_some()
        {
            // The first reason stays: it is why the phase began.
            (phase.kind, phase.pause) = (Kind::Paused, phase.pause.take().or(pause));
        }
    }

    /// The execution's cause: if it is a worker's error, then that of the last attempt that failed.
    fn in_words(&self, cause: &str) -> String {
        let failed = self.passage.failures.last();
        let phase = failed.and_then(|it| self.answers.get(&it.state));
        let worker = phase.and_then(|phase| Worker::of_phase(phase));
        let asked = worker.map(|worker| format!("worker {}", worker.name()));
        cause::in_words(asked.as_deref(), cause).into_owned()
    }

    fn close(&mut self, at: Timestamp) {
        if let Some(phase) = self.passage.phases.last_mut() {
            phase.ended = at;
            phase.seconds = seconds(phase.began, at);
            phase.longest_tasks = longest(&std::mem::take(&mut self.waits));
            let named = phase.longest_tasks.iter();
            let named = named.filter_map(|task| self.names.get(task).cloned());
            phase.longest_task_names = named.collect();
            phase.longest_task_names.dedup();
        }
    }
}

/// The tasks that were waited for most often, a few of them; none if all were as often, and so none
/// longest.
fn longest(waits: &BTreeMap<String, u64>) -> Vec<String> {
    let most = waits.values().max().copied().unwrap_or_default();
    let all_alike = waits.len() > TASKS_NAMED && waits.values().all(|times| *times == most);
    let longest = waits.iter().filter(|(_, times)| **times == most);
    let longest = longest.map(|(task, _)| task.clone()).take(TASKS_NAMED);
    if all_alike {
        Vec::new()
    } else {
        longest.collect()
    }
}

fn or(text: &str, other: &str) -> String {
    match text {
        "" => other.to_owned(),
        text => text.to_owned(),
    }
}

/// The message of a function's error: a failed attempt has its name beside it.
fn message(cause: &str) -> String {
    let error = InvocationError::read(cause);
    error.map_or_else(|| cause.to_owned(), |error| error.message().to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn event(second: i64, kind: &str, state: &str) -> Happened {
        Happened {
            at: at(second),
            kind: kind.to_owned(),
            state: state.to_owned(),
            ..Happened::default()
        }
    }

    fn left(second: i64, verdict: &str, reason: &str) -> Happened {
        let output = json!({"drained": {"verdict": verdict, "reason": reason}});
        Happened {
            output: output.to_string(),
            ..event(second, "TaskStateExited", "Drained")
        }
    }

    /// A drain that is asked twice, and once in vain.
    fn asked_again() -> ExecutionTrace {
        let answers = Answers::from([("Drained".to_owned(), "drained".to_owned())]);
        let past = Past {
            arn: String::new(),
            status: "SUCCEEDED".to_owned(),
            started: at(0),
            stopped: Some(at(40)),
        };
        let input = json!({"detail": {"EC2InstanceId": "i-1", "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING"}});
        let failed = Happened {
            error: "Throttled".to_owned(),
            cause: json!({"errorType": "Throttled", "errorMessage": "ecs:ListTasks was throttled"})
                .to_string(),
            ..event(3, "LambdaFunctionFailed", "")
        };
        let mut reading = Reading::of(&past, &answers);
        for event in [
            Happened {
                input: input.to_string(),
                ..event(0, "ExecutionStarted", "")
            },
            event(1, "TaskStateEntered", "Drained"),
            event(1, "LambdaFunctionScheduled", ""),
            event(2, "LambdaFunctionStarted", ""),
            failed,
            event(5, "LambdaFunctionScheduled", ""),
            event(5, "LambdaFunctionStarted", ""),
            event(6, "LambdaFunctionSucceeded", ""),
            left(6, "NotYet", "3 tasks"),
            event(6, "WaitStateEntered", "WaitForTasks"),
            event(36, "TaskStateEntered", "Drained"),
            left(37, "Reached", "all are STOPPED"),
            event(38, "TaskStateEntered", "Continue"),
        ] {
            reading.take(&event);
        }
        reading.end(at(99))
    }

    #[test]
    fn a_question_asked_again_is_one_phase_and_an_attempt_that_failed_is_reported() {
        let passage = asked_again();
        assert_eq!(
            (passage.instance.as_str(), passage.launches),
            ("i-1", false)
        );
        let [drained, answer] = &passage.phases[..] else {
            panic!("two phases, not {:?}", passage.phases);
        };
        assert_eq!(
            (drained.began, drained.ended, drained.times_asked),
            (at(1), at(38), 2)
        );
        assert_eq!(
            (drained.waited_for.as_str(), drained.verdict.as_str()),
            ("3 tasks", "Reached")
        );
        assert_eq!((answer.began, answer.ended), (at(38), at(40)));
        let [failure] = &passage.failures[..] else {
            panic!("one failure, not {:?}", passage.failures);
        };
        assert_eq!((failure.error.as_str(), failure.again), ("Throttled", true));
        assert_eq!(failure.cause, "ecs:ListTasks was throttled");
        // Four states entered, one attempt again; two invocations, of a second each.
        assert_eq!(
            (
                passage.transitions,
                passage.invocations,
                passage.function_ms
            ),
            (5, 2, 2000)
        );
        assert_eq!(passage.states["Drained"], 2);
    }

    #[test]
    fn the_cause_of_an_execution_names_the_worker_and_what_its_error_means() {
        let answers = Answers::from([("Continue".to_owned(), "completed".to_owned())]);
        let past = Past {
            arn: String::new(),
            status: "FAILED".to_owned(),
            started: at(0),
            stopped: Some(at(4)),
        };
        let mut reading = Reading::of(&past, &answers);
        let cause = json!({"errorType": "Runtime.ExitError", "errorMessage": "signal: killed"});
        let failed = |second, kind: &str| Happened {
            cause: cause.to_string(),
            ..event(second, kind, "")
        };
        reading.take(&event(1, "TaskStateEntered", "Continue"));
        reading.take(&failed(2, "LambdaFunctionFailed"));
        reading.take(&event(3, "FailStateEntered", "HookLeftOpen"));
        reading.take(&failed(4, "ExecutionFailed"));
        let passage = reading.end(at(9));
        assert_eq!(
            passage.cause,
            "worker complete-action failed: its process ended before it answered (Runtime.ExitError: signal: killed)"
        );
    }

    #[test]
    fn the_definition_says_where_its_answers_are() {
        let definition = include_str!("../../../statemachine/lifecycle.asl.json");
        let definition = serde_json::from_str(definition).expect("our definition");
        let answers = answers(&definition);
        assert_eq!(answers["WaitForEarlierDrains"], "stable");
        assert_eq!(answers["Continue"], "completed");
        assert!(!answers.contains_key("ChooseTransition"));
    }

    #[test]
    fn a_pause_is_a_phase_and_the_longest_tasks_have_names() {
        let answers = Answers::from([("Drained".to_owned(), "drained".to_owned())]);
        let past = Past {
            arn: String::new(),
            status: "RUNNING".to_owned(),
            started: at(0),
            stopped: None,
        };
        let mut reading = Reading::of(&past, &answers);
        let paused = json!({"why": "sale", "since": at(5)});
        let left =
            json!({"arns": ["a", "b"], "named": [{"task": "b", "name": "batch (standalone)"}]});
        for (second, answer) in [
            (0, json!({"verdict": "NotYet", "tasksLeft": left})),
            (10, json!({"verdict": "NotYet", "paused": paused})),
            (20, json!({"verdict": "NotYet", "paused": paused})),
            (30, json!({"verdict": "Reached"})),
        ] {
            reading.take(&event(second, "TaskStateEntered", "Drained"));
            reading.take(&Happened {
                output: json!({"drained": answer}).to_string(),
                ..event(second + 1, "TaskStateExited", "Drained")
            });
        }
        let passage = reading.end(at(40));
        let told = passage.phases.iter();
        let told: Vec<_> = told
            .map(|it| (it.kind, it.seconds, it.times_asked))
            .collect();
        assert_eq!(told, [(Kind::TasksStop, 11.0, 1), (Kind::Paused, 29.0, 3)]);
        assert_eq!(passage.phases[0].longest_task_names, ["batch (standalone)"]);
        assert_eq!(
            passage.phases[1].pause.as_ref().map(|it| it.why.as_str()),
            Some("sale")
        );
    }
}
