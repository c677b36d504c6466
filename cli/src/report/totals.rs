//! What the tale adds up: waits, errors, the ways through the definition, the cost.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use serde::Serialize;

use super::cost::cost;
use super::errors::{errors, failures, service_failures};
use super::headline::headline;
use super::links::links;
use super::milestones::milestones;
use super::operations::parts;
use super::pauses::part_queue;
use super::services::series;
use super::timelines::lives;
use super::{End, ExecutionTrace, InstanceTimeline, Kind, Noted, RolloutReport, Source, seconds};
use crate::format::{count, noun};

/// So many of the longest waits are told.
const WAITS_TOLD: usize = 10;

/// A wait.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Wait {
    /// Of which instance.
    pub instance: String,
    /// What it waited for.
    pub kind: Kind,
    /// In which state of the definition.
    pub state: String,
    /// How long.
    pub seconds: f64,
    /// How often it was asked.
    pub times_asked: u64,
    /// The worker's last reported reason.
    pub reason: String,
    /// The tasks, by ARN, that were waited for longest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub longest_tasks: Vec<String>,
    /// What these are called, as far as a worker named them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub longest_task_names: Vec<String>,
}

/// How many passed a state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StateSum {
    /// Executions that entered it.
    pub executions: u64,
    /// How often it was entered.
    pub times: u64,
}

/// A way from state to state.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Arrow {
    /// From which state.
    pub from: String,
    /// To which.
    pub to: String,
    /// How often it was taken.
    pub times: u64,
}

impl RolloutReport {
    /// The tale of what was read.
    pub fn of(mut source: Source) -> Self {
        part_queue(&mut source.passages);
        let mut parts = parts(&source);
        let operations = parts.iter().map(|it| it.summary.clone()).collect();
        let latest = parts.pop().expect("a source has one operation at least");
        let goes_on = goes_on(&source);
        let ended = if goes_on {
            source.now
        } else {
            last(&source).unwrap_or(source.now)
        };
        let instances = lives(&source, ended);
        let worker_retries = failures(&source.passages);
        let took = seconds(source.began, ended);
        Self {
            headline: headline(&latest),
            milestones: milestones(&source),
            links: links(&source),
            operations,
            well: latest.summary.well,
            seconds: took,
            remarks: remarks(&source, goes_on, &instances),
            services: series(&source.passages),
            longest_waits: longest_waits(&instances),
            errors: errors(&worker_retries),
            failures: service_failures(&source),
            states: states(&source.passages),
            arrows: arrows(&source.passages),
            executions: source.passages.len(),
            executions_failed: executions_failed(&source.passages),
            cost: cost(&source.passages),
            events: source.events.iter().map(noted_event).collect(),
            activities: noted_activities(&source),
            stack: source.stack,
            cluster: source.cluster,
            ami: source.ami,
            paused: source.paused,
            region: source.region,
            began: source.began,
            version: source.version,
            outcome: latest.summary.outcome,
            ended,
            instances,
            worker_retries,
        }
    }

    /// Instances of the rollout that ended so.
    pub fn ended_as(&self, end: End) -> impl Iterator<Item = &InstanceTimeline> {
        self.instances.iter().filter(move |it| it.end == end)
    }
}

/// Whether the last operation is under way.
pub fn goes_on(source: &Source) -> bool {
    let runs = source.passages.iter().any(|it| it.stopped.is_none());
    runs || source.status.ends_with("_IN_PROGRESS")
}

/// When the last thing ended.
pub fn last(source: &Source) -> Option<Timestamp> {
    let events = source.events.iter().map(|it| it.at);
    let passages = source.passages.iter().filter_map(|it| it.stopped);
    let activities = source.activities.iter().filter_map(|it| it.ended);
    events.chain(passages).chain(activities).max()
}

/// The stack's last status in what is told.
pub fn outcome(source: &Source) -> String {
    let mut events = source.events.iter().rev();
    let last = events.find(|it| it.resource == source.stack);
    last.map_or_else(|| source.status.clone(), |it| it.status.clone())
}

fn remarks(source: &Source, goes_on: bool, instances: &[InstanceTimeline]) -> Vec<String> {
    let mut remarks = Vec::new();
    if goes_on {
        let until = source.now.strftime("%H:%M:%SZ");
        remarks.push(format!("Under way: this is the situation at {until}."));
    }
    if source.operations.len() > 1 {
        remarks.push(format!(
            "The headline is about the last operation; all else is about {} since {}.",
            count(source.operations.len(), "operation"),
            source.began.strftime("%Y-%m-%d %H:%M:%S UTC")
        ));
    }
    if source.forgotten > 0 {
        remarks.push(format!(
            "Step Functions no longer has the histories of {}: it keeps them for 90 days.",
            count(source.forgotten, "execution")
        ));
    }
    if let Some(daemons) = daemons(source) {
        remarks.push(daemons);
    }
    if instances.is_empty() {
        remarks.push("No instance came or went in it.".to_owned());
    }
    remarks
}

/// The daemon services, of which no counts are kept: a drain stops their task on the leaving
/// instance, and ECS starts none in its place
/// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_services.html>).
fn daemons(source: &Source) -> Option<String> {
    let counted = source.passages.iter().flat_map(|it| &it.counted);
    let counted: BTreeSet<&str> = counted.map(|(_, counts)| counts.service.as_str()).collect();
    let daemons = source.passages.iter().flat_map(|it| &it.daemons);
    let daemons: BTreeSet<&str> = daemons.map(String::as_str).collect();
    let left_out: Vec<&str> = daemons.difference(&counted).copied().collect();
    if left_out.is_empty() {
        return None;
    }
    Some(format!(
        "The chart of services leaves out {} {}: each instance runs one task of a daemon service, which stops with it.",
        noun(left_out.len(), "daemon service"),
        left_out.join(", ")
    ))
}

fn longest_waits(instances: &[InstanceTimeline]) -> Vec<Wait> {
    let waits = instances.iter().flat_map(|life| {
        let asked = life.phases.iter().filter(|it| !it.waited_for.is_empty());
        asked.map(|phase| Wait {
            instance: life.id.clone(),
            kind: phase.kind,
            state: phase.state.clone(),
            seconds: phase.seconds,
            times_asked: phase.times_asked,
            reason: phase.waited_for.clone(),
            longest_tasks: phase.longest_tasks.clone(),
            longest_task_names: phase.longest_task_names.clone(),
        })
    });
    let mut waits: Vec<Wait> = waits.collect();
    waits.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
    waits.truncate(WAITS_TOLD);
    waits
}

fn states(passages: &[ExecutionTrace]) -> BTreeMap<String, StateSum> {
    let mut sums: BTreeMap<String, StateSum> = BTreeMap::new();
    for (state, times) in passages.iter().flat_map(|it| &it.states) {
        let sum = sums.entry(state.clone()).or_default();
        sum.executions += 1;
        sum.times += times;
    }
    sums
}

fn arrows(passages: &[ExecutionTrace]) -> Vec<Arrow> {
    let mut sums: HashMap<&(String, String), u64> = HashMap::new();
    for (way, times) in passages.iter().flat_map(|it| &it.arrows) {
        *sums.entry(way).or_default() += times;
    }
    let arrows = sums.into_iter().map(|((from, to), times)| Arrow {
        from: from.clone(),
        to: to.clone(),
        times,
    });
    let mut arrows: Vec<Arrow> = arrows.collect();
    arrows.sort_by(|a, b| (&a.from, &a.to).cmp(&(&b.from, &b.to)));
    arrows
}

/// The instance and the error of each execution that failed.
fn executions_failed(passages: &[ExecutionTrace]) -> Vec<String> {
    let failed = passages.iter().filter(|it| it.has_failed());
    let named = failed.map(|it| format!("{} {} {}", it.instance, it.status, it.error));
    named.map(|it| it.trim_end().to_owned()).collect()
}

fn noted_event(event: &crate::aws::StackEvent) -> Noted {
    Noted {
        at: event.at,
        what: event.resource.clone(),
        status: event.status.clone(),
        reason: event.reason.clone(),
    }
}

fn noted_activities(source: &Source) -> Vec<Noted> {
    let noted = source.activities.iter().map(|it| Noted {
        at: it.began,
        what: it.description.clone(),
        status: it.status.clone(),
        reason: it.cause.clone(),
    });
    let mut noted: Vec<Noted> = noted.collect();
    noted.sort_by_key(|it| it.at);
    noted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::{Happened, Past, StackEvent};
    use crate::report::Reading;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    /// An execution that asked one state so often, from `started` on, a minute each time.
    fn execution(instance: &str, started: i64, times: i64, stopped: Option<i64>) -> ExecutionTrace {
        let past = Past {
            arn: instance.to_owned(),
            status: if stopped.is_some() {
                "SUCCEEDED"
            } else {
                "RUNNING"
            }
            .to_owned(),
            started: at(started),
            stopped: stopped.map(at),
        };
        let answers = [("Drained".to_owned(), "drained".to_owned())].into();
        let mut reading = Reading::of(&past, &answers);
        let event = |second: i64, kind: &str| Happened {
            at: at(second),
            kind: kind.to_owned(),
            state: "Drained".to_owned(),
            ..Happened::default()
        };
        reading.take(&Happened {
            input: format!(r#"{{"detail": {{"EC2InstanceId": "{instance}"}}}}"#),
            ..event(started, "ExecutionStarted")
        });
        for time in 0..times {
            let second = started + time * 60;
            reading.take(&event(second, "TaskStateEntered"));
            reading.take(&Happened {
                output: r#"{"drained": {"verdict": "NotYet", "reason": "a task"}}"#.to_owned(),
                ..event(second + 1, "TaskStateExited")
            });
        }
        reading.end(at(started + times * 60))
    }

    fn source(status: &str, passages: Vec<ExecutionTrace>) -> Source {
        Source {
            stack: "stack".to_owned(),
            status: status.to_owned(),
            events: vec![StackEvent {
                id: "1".to_owned(),
                at: at(90),
                resource: "stack".to_owned(),
                status: status.to_owned(),
                reason: String::new(),
            }],
            now: at(10_000),
            passages,
            ..Source::default()
        }
    }

    #[test]
    fn executions_are_counted_and_waits_listed_the_longest_first() {
        let passages = vec![
            execution("i-short", 0, 2, Some(120)),
            execution("i-long", 0, 5, Some(300)),
        ];
        let tale = RolloutReport::of(source("UPDATE_COMPLETE", passages));
        let sum = StateSum {
            executions: 2,
            times: 7,
        };
        assert_eq!(tale.states["Drained"], sum);
        assert_eq!(tale.arrows[0].times, 5, "from Drained to itself, between");
        assert_eq!(tale.cost.transitions, 7);
        assert_eq!(tale.cost.transitions_usd, 0.000_175);
        let waits: Vec<(&str, f64)> = tale
            .longest_waits
            .iter()
            .map(|it| (it.instance.as_str(), it.seconds))
            .collect();
        assert_eq!(waits, [("i-long", 300.0), ("i-short", 120.0)]);
        // The last drain outlives the update.
        assert_eq!((tale.well, tale.seconds), (Some(true), 300.0));
    }

    #[test]
    fn it_goes_on_while_an_execution_runs_and_is_not_well_when_it_went_back() {
        let runs = execution("i-1", 0, 2, None);
        let tale = RolloutReport::of(source("UPDATE_COMPLETE", vec![runs]));
        assert_eq!((tale.well, tale.ended), (None, at(10_000)));
        assert!(tale.remarks[0].starts_with("Under way"));
        let back = RolloutReport::of(source("UPDATE_ROLLBACK_COMPLETE", Vec::new()));
        assert_eq!(back.well, Some(false));
    }

    #[test]
    fn it_is_not_well_while_the_instance_is_retained_whose_drain_ended_last() {
        let mut failed = execution("i-last", 0, 5, Some(300));
        (failed.status, failed.error) = ("FAILED".to_owned(), "DrainFailed".to_owned());
        let mut source = source("UPDATE_COMPLETE", vec![failed]);
        source.members = vec![crate::aws::Member {
            id: "i-last".to_owned(),
            state: workers::model::group::LifecycleState::TerminatingRetained,
            version: "1".to_owned(),
            zone: String::new(),
        }];
        let tale = RolloutReport::of(source.clone());
        assert_eq!((tale.well, tale.seconds), (Some(false), 300.0));
        assert!(tale.headline.text.contains("i-last is retained"));
        let next = "ecs-rollout explain i-last, then ecs-rollout terminate i-last";
        assert_eq!(tale.headline.next.as_deref(), Some(next));
        // One that is retained for its standalone tasks needs a person too.
        let mut kept = source.clone();
        kept.passages[0].status = "SUCCEEDED".to_owned();
        kept.passages[0].error.clear();
        kept.passages[0]
            .states
            .insert("InstanceRetained".to_owned(), 1);
        let tale = RolloutReport::of(kept);
        assert_eq!(tale.instances[0].end, End::Kept, "{:?}", tale.instances);
        assert_eq!(tale.well, Some(false));
        // Once somebody has ended the instance, nothing is left to do.
        source.members.clear();
        let tale = RolloutReport::of(source);
        assert_eq!((tale.well, tale.headline.next), (Some(true), None));
        assert_eq!(tale.instances[0].end, End::Gone);
    }

    #[test]
    fn json_names_failures_and_worker_retries_as_the_text_does() {
        let mut failed = execution("i-1", 0, 2, Some(120));
        (failed.status, failed.error) = ("FAILED".to_owned(), "DrainFailed".to_owned());
        let tale = RolloutReport::of(source("UPDATE_ROLLBACK_COMPLETE", vec![failed]));
        let json = serde_json::to_value(&tale).expect("plain data");
        let text = crate::view::report::text(&tale);
        let lines = text.lines().filter(|line| line.starts_with("failure "));
        let members = json["failures"].as_array().expect("failures");
        assert_eq!(members.len(), lines.count(), "{text}");
        assert_eq!(members[0]["status"], "FAILED DrainFailed");
        assert!(json["workerRetries"].is_array() && json.get("mishaps").is_none());
    }
}
