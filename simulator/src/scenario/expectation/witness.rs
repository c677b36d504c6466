//! Who was there, and says which expectations were not met.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use super::super::{Listener, Outcome};
use super::{Counted, Expectation, Fact, Occurrence, Subject};
use crate::account::Account;
use crate::autoscaling::LifecycleState;
use crate::narrator::{LogLine, ShortNames, clock};
use crate::trace::{Record, StackStatus, TraceEvent};
use workers::Worker;
use workers::model::Verdict;
use workers::text::count;

/// An expectation that was not met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    /// What was expected.
    pub expectation: Expectation,
    /// What was seen instead.
    pub seen: String,
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, but {}", self.expectation, self.seen)
    }
}

/// Hears a scenario, hands all of it on to another listener, and remembers when what happened
/// first.
pub struct Witness {
    next: Arc<Mutex<dyn Listener>>,
    /// The stack that the scenario is about: the one that was seen first.
    stack: Option<String>,
    names: ShortNames,
    /// The last state of each instance, in the order of the launches.
    states: Vec<LifecycleState>,
    /// The lines of the log, without their times and with single blanks.
    lines: Vec<(String, Duration)>,
    /// What happened to the stack, and to each instance by its place, and when it did first.
    seen: BTreeMap<Option<usize>, Vec<(Fact, Duration)>>,
    now: Duration,
}

impl Witness {
    /// One who hands on to `next`.
    pub fn new(next: Arc<Mutex<dyn Listener>>) -> Self {
        Self {
            next,
            stack: None,
            names: ShortNames::default(),
            states: Vec::new(),
            lines: Vec::new(),
            seen: BTreeMap::new(),
            now: Duration::ZERO,
        }
    }

    /// Those of the expectations that were not met, when the scenario has come to `outcome`.
    pub fn unmet(&self, expectations: &[Expectation], outcome: &Outcome) -> Vec<Unmet> {
        let judged = expectations.iter().filter_map(|expectation| {
            let seen = self.contradiction(expectation, outcome)?;
            let expectation = expectation.clone();
            Some(Unmet { expectation, seen })
        });
        judged.collect()
    }

    /// What was seen instead, if the expectation was not met.
    fn contradiction(&self, expectation: &Expectation, outcome: &Outcome) -> Option<String> {
        match expectation {
            Expectation::Outcome(status) => {
                let ended = outcome.ended.map_or("", StackStatus::name);
                (Some(*status) != outcome.ended).then(|| format!("the stack is {ended}"))
            }
            Expectation::Count(counted, wanted) => {
                let seen = self.count(*counted);
                (seen != *wanted).then(|| format!("{} {}", count(seen, "instance"), counted.verb()))
            }
            Expectation::Took(range) => {
                let Some(report) = outcome.reports.last() else {
                    return Some("there was no rollout".to_owned());
                };
                let took = Duration::from_secs_f64(report.roll_seconds);
                (!range.contains(&took)).then(|| format!("it took {}", clock(took)))
            }
            Expectation::Happened(one) => match self.first(one) {
                Some(_) => None,
                None => Some(self.instead(one)),
            },
            Expectation::Never(one) => {
                let at = self.first(one)?;
                Some(format!("that happened at {}", clock(at)))
            }
            Expectation::Logged(text) => match self.logged(text) {
                Some(_) => None,
                None => Some("no line of the log has it".to_owned()),
            },
            Expectation::NeverLogged(text) => {
                let at = self.logged(text)?;
                Some(format!("a line of the log has it at {}", clock(at)))
            }
            Expectation::Before(one, other) => match (self.first(one), self.first(other)) {
                (Some(at), Some(after)) if at < after => None,
                (Some(at), Some(after)) => Some(format!(
                    "the first was at {}, the other at {}",
                    clock(at),
                    clock(after)
                )),
                (None, _) => Some(format!("the first never happened: {}", self.instead(one))),
                (_, None) => Some(format!("the other never happened: {}", self.instead(other))),
            },
        }
    }

    fn count(&self, counted: Counted) -> usize {
        let states = self.states.iter().copied();
        match counted {
            Counted::Launched => self.names.launched(),
            Counted::Terminated => states.filter(|state| is_gone(*state)).count(),
            Counted::Retained => states.filter(|state| state.is_retained()).count(),
        }
    }

    /// When a line of the log first had a text.
    fn logged(&self, text: &str) -> Option<Duration> {
        let mut lines = self.lines.iter();
        lines
            .find(|(line, _)| line.contains(text))
            .map(|(_, at)| *at)
    }

    /// When something happened first.
    fn first(&self, wanted: &Occurrence) -> Option<Duration> {
        let of = |key: &Option<usize>| match wanted.subject {
            Subject::Stack => key.is_none(),
            Subject::Instance(number) => *key == Some(number),
            Subject::Any => key.is_some(),
        };
        let some = self.seen.iter().filter(|(key, _)| of(key));
        let facts = some.flat_map(|(_, facts)| facts);
        let times = facts.filter(|(fact, _)| *fact == wanted.fact);
        times.map(|(_, at)| *at).min()
    }

    /// What is known of the subject of something that never happened.
    fn instead(&self, wanted: &Occurrence) -> String {
        match wanted.subject {
            Subject::Instance(number) => match self.names.instance(number) {
                None => format!(
                    "only {} were launched",
                    count(self.names.launched(), "instance")
                ),
                Some(id) => {
                    let state = self.states[number - 1].as_str();
                    format!("i-{number} ({id}) never was; it ended {state}")
                }
            },
            Subject::Stack | Subject::Any => "it never happened".to_owned(),
        }
    }

    fn note(&mut self, key: Option<usize>, fact: Fact) {
        let facts = self.seen.entry(key).or_default();
        if facts.iter().all(|(known, _)| *known != fact) {
            facts.push((fact, self.now));
        }
    }

    fn take(&mut self, event: &TraceEvent) {
        self.names.note(event);
        match event {
            TraceEvent::Stack {
                stack,
                logical_id,
                status,
                ..
            } => {
                let about = self.stack.get_or_insert_with(|| stack.clone());
                if about == stack && stack == logical_id {
                    self.note(None, Fact::Stack(*status));
                }
            }
            TraceEvent::Lifecycle {
                instance, state, ..
            } => {
                let Some(number) = self.names.number(instance) else {
                    return;
                };
                self.states.resize(self.names.launched(), *state);
                self.states[number - 1] = *state;
                self.note(Some(number), Fact::Lifecycle(*state));
            }
            TraceEvent::ContainerInstance {
                instance, status, ..
            } => {
                let known = super::CONTAINER_INSTANCE.into_iter();
                let status = known.into_iter().find(|known| *known == status.name());
                if let (Some(number), Some(status)) = (self.names.number(instance), status) {
                    self.note(Some(number), Fact::ContainerInstance(status));
                }
            }
            TraceEvent::Invocation {
                function,
                instance,
                verdict,
                ..
            } => {
                if let (Some(number), Some(worker), Some(verdict)) = (
                    self.names.number(instance),
                    Worker::of_function(function),
                    Verdict::named(verdict),
                ) {
                    self.note(Some(number), Fact::Answer(worker, verdict));
                }
            }
            _ => {}
        }
    }

    fn listener(&self) -> MutexGuard<'_, dyn Listener + 'static> {
        self.next
            .lock()
            .expect("a panic in a listener ends the program")
    }
}

/// A text whose runs of blanks are single blanks.
pub(super) fn single_blanks(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_gone(state: LifecycleState) -> bool {
    matches!(
        state,
        LifecycleState::Terminated | LifecycleState::WarmedTerminated
    )
}

impl Counted {
    fn verb(self) -> &'static str {
        match self {
            Self::Launched => "launched",
            Self::Terminated => "gone",
            Self::Retained => "retained",
        }
    }
}

impl Listener for Witness {
    fn line(&mut self, line: &LogLine) {
        let text = format!("{} {} {}", line.subject, line.state, line.reason);
        self.lines.push((single_blanks(&text), line.at));
        self.listener().line(line);
    }

    fn remark(&mut self, remark: &str) {
        self.listener().remark(remark);
    }

    fn fact(&mut self, account: &Account, told: &Record) {
        self.take(&told.event);
        self.listener().fact(account, told);
    }

    fn passed(&mut self, at: Duration) {
        self.now = at;
        self.listener().passed(at);
    }
}
