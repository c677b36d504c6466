//! What an answer is as numbers: a line of JSON in CloudWatch's embedded metric format, of which
//! CloudWatch Logs makes metrics. It is written if the hook's metadata asks for it (`metrics`),
//! since each metric costs.
//!
//! | metric | unit | dimensions | when |
//! |---|---|---|---|
//! | `PhaseDuration` | seconds | Cluster, Phase | a phase ends, reached or given up |
//! | `Reached`, `NotYet`, `Never`, `Over` | count | Cluster, Worker | a worker answers so |
//! | `Errors` | count | Cluster, Error | a worker has no answer, by the error's fixed name |
//!
//! Instance and reason are members of the line, for CloudWatch Logs Insights, and never dimensions:
//! each value of a dimension is a metric of its own. Lambda and whatever else brings lines into
//! CloudWatch Logs need nothing more than the line. The format:
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::fmt;
use std::io::Write;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::config::Reading;
use crate::model::{ClusterName, InstanceId, Transition, seconds_between};
use crate::{Answer, Error, Verdict, Worker};

/// The namespace of all our metrics.
pub const NAMESPACE: &str = "ecs-rollout";

/// What an instance at its hook goes through, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// From the opening of the launch hook until the instance has joined: what JoinDeadlineSeconds
    /// limits.
    Join,
    /// From then on until no earlier drain holds it.
    Hold,
    /// From the opening of the terminate hook, or from its turn, until its tasks have stopped: what
    /// DrainDeadlineSeconds limits.
    Drain,
    /// From then on until the services have recovered.
    Stable,
}

impl Phase {
    fn name(self) -> &'static str {
        match self {
            Self::Join => "join",
            Self::Hold => "hold",
            Self::Drain => "drain",
            Self::Stable => "stable",
        }
    }
}

/// A question whose answer is to be measured.
#[derive(Debug)]
pub struct Measured {
    worker: Worker,
    cluster: ClusterName,
    instance: InstanceId,
    transition: Transition,
    /// When its hook opened, or the turn of its drain came.
    began: Timestamp,
}

impl Measured {
    /// The question, if the metadata of its hook asks for metrics.
    pub fn of(worker: Worker, reading: &Reading) -> Option<Self> {
        let settings = reading.settings.as_ref().filter(|given| given.metrics)?;
        let action = reading.action.as_ref()?;
        Some(Self {
            worker,
            cluster: settings.cluster.clone(),
            instance: action.instance.clone(),
            transition: action.transition,
            began: reading.turn_came.or(reading.began)?,
        })
    }

    /// The line that tells what came of it at `now`.
    pub fn line(&self, answered: &Result<Answer, Error>, now: Timestamp) -> String {
        let mut line = json!({
            "_aws": {"Timestamp": now.as_millisecond(), "CloudWatchMetrics": []},
            // Lambda keeps what is below the level of its own setting to itself.
            "level": "INFO",
            "timestamp": now.to_string(),
            "Cluster": self.cluster,
            "Worker": self.worker.name(),
            "instance": self.instance,
        });
        match answered {
            Ok(answer) => {
                let verdict = verdict_name(answer.verdict);
                put(&mut line, verdict, "Count", json!(1), "Worker");
                if let Some((phase, since)) = self.ended(answer) {
                    line["Phase"] = json!(phase.name());
                    let seconds = json!(seconds_between(since, now));
                    put(&mut line, "PhaseDuration", "Seconds", seconds, "Phase");
                }
                line["reason"] = json!(answer.reason);
            }
            Err(error) => {
                line["Error"] = json!(error.name());
                put(&mut line, "Errors", "Count", json!(1), "Error");
                line["reason"] = json!(error.chain());
            }
        }
        line.to_string()
    }

    /// The phase that the answer ends, and when that began.
    fn ended(&self, answer: &Answer) -> Option<(Phase, Timestamp)> {
        let reached = match answer.verdict {
            Verdict::Reached => true,
            Verdict::Never => false,
            Verdict::NotYet | Verdict::Over => return None,
        };
        match (self.worker, self.transition) {
            (Worker::Joined, _) => Some((Phase::Join, self.began)),
            (Worker::Stable, Transition::Launching) => Some((Phase::Hold, answer.since)),
            (Worker::Drained, _) => Some((Phase::Drain, self.began)),
            // DRAINING is where a drain begins, but if it cannot even begin that is its end.
            (Worker::Draining, _) if !reached => Some((Phase::Drain, self.began)),
            (Worker::Stable, Transition::Terminating) => Some((Phase::Stable, answer.since)),
            (Worker::Draining | Worker::CompleteAction | Worker::Reconcile, _) => None,
        }
    }
}

fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Reached => "Reached",
        Verdict::NotYet => "NotYet",
        Verdict::Never => "Never",
        Verdict::Over => "Over",
    }
}

/// A metric by cluster and one more `dimension`, whose value is a member of the line.
fn put(line: &mut Value, name: &str, unit: &str, value: Value, dimension: &str) {
    line[name] = value;
    let directive = json!({
        "Namespace": NAMESPACE,
        "Dimensions": [["Cluster", dimension]],
        "Metrics": [{"Name": name, "Unit": unit}],
    });
    let directives = line["_aws"]["CloudWatchMetrics"].as_array_mut();
    directives
        .expect("every line has this list")
        .push(directive);
}

/// Where lines of metrics go.
#[derive(Clone, Default)]
pub struct Sink(Option<Arc<Taker>>);

/// Takes a line.
type Taker = dyn Fn(&str) + Send + Sync;

impl Sink {
    /// To whom it may concern.
    pub fn new(take: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(take)))
    }

    /// Into the log, which is where CloudWatch Logs looks for them: as they are, with nothing
    /// before or after them.
    pub fn stdout() -> Self {
        Self::new(|line| {
            // Who cannot write its log has worse to tell than a metric that is missing, and nobody
            // to tell it to.
            let _lost = writeln!(std::io::stdout().lock(), "{line}");
        })
    }

    /// Gives it one line.
    pub fn take(&self, line: &str) {
        if let Some(take) = &self.0 {
            take(line);
        }
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Sink" } else { "no Sink" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::read_event;
    use crate::model::{Details, Turn};
    use crate::stub;

    fn asked(worker: Worker, kind: &str) -> Measured {
        let event = measured_event(kind);
        Measured::of(worker, &read_event(&event)).expect("asked for")
    }

    fn measured_event(kind: &str) -> Value {
        let mut event = stub::event(kind);
        let metadata = event["detail"]["NotificationMetadata"].as_str();
        let metadata = metadata
            .expect("a text")
            .replacen('{', r#"{"metrics":true,"#, 1);
        event["detail"]["NotificationMetadata"] = json!(metadata);
        event
    }

    fn answer(verdict: Verdict, since: i64) -> Result<Answer, Error> {
        Ok(Answer {
            verdict,
            reason: "two tasks".to_owned(),
            wait_seconds: 0,
            since: stub::at(since),
            extra: Details::default(),
        })
    }

    fn metric_line(measured: &Measured, answered: &Result<Answer, Error>, now: i64) -> Value {
        serde_json::from_str(&measured.line(answered, stub::at(now))).expect("JSON")
    }

    #[test]
    fn nothing_is_measured_unless_the_hook_asks_for_it() {
        let reading = read_event(&stub::event("launch"));
        assert!(Measured::of(Worker::Joined, &reading).is_none());
    }

    #[test]
    fn an_answer_is_a_line_in_the_embedded_metric_format() {
        let line = metric_line(
            &asked(Worker::Drained, "terminate"),
            &answer(Verdict::Reached, 2),
            356,
        );
        let directive = |name: &str, unit: &str, dimension: &str| {
            json!({"Namespace": "ecs-rollout", "Dimensions": [["Cluster", dimension]],
                "Metrics": [{"Name": name, "Unit": unit}]})
        };
        let wanted = json!({
            "_aws": {
                "Timestamp": stub::at(356).as_millisecond(),
                "CloudWatchMetrics": [
                    directive("Reached", "Count", "Worker"), directive("PhaseDuration", "Seconds", "Phase"),
                ],
            },
            "level": "INFO", "timestamp": "2026-11-23T00:05:56Z", "Cluster": "DevCluster", "Worker": "drained",
            "instance": "i-0123456789abcdef0", "Reached": 1, "Phase": "drain", "PhaseDuration": 356,
            "reason": "two tasks",
        });
        assert_eq!(line, wanted);
    }

    #[test]
    fn each_phase_has_the_clock_of_its_deadline_and_ends_once() {
        use Verdict::{Never, NotYet, Over, Reached};
        for (worker, kind, verdict, phase, seconds) in [
            (Worker::Joined, "launch", Reached, "join", 100),
            (Worker::Joined, "launch", Never, "join", 100),
            (Worker::Joined, "launch", NotYet, "", 0),
            (Worker::Joined, "launch", Over, "", 0),
            (Worker::Stable, "launch", Reached, "hold", 60),
            (Worker::Draining, "terminate", Reached, "", 0),
            (Worker::Draining, "terminate", Never, "drain", 100),
            (Worker::Drained, "terminate", Never, "drain", 100),
            (Worker::Stable, "terminate", Reached, "stable", 60),
            (Worker::CompleteAction, "terminate", Reached, "", 0),
        ] {
            let line = metric_line(&asked(worker, kind), &answer(verdict, 40), 100);
            let got = (
                line["Phase"].as_str().unwrap_or_default(),
                line["PhaseDuration"].as_i64().unwrap_or_default(),
            );
            assert_eq!(got, (phase, seconds), "{worker:?} {verdict:?}");
            assert_eq!(line[verdict_name(verdict)], 1);
        }
    }

    #[test]
    fn a_drain_that_waited_for_its_turn_counts_from_there() {
        let mut event = measured_event("terminate");
        let turn = Turn {
            came_at: Some(stub::at(600)),
            ..Turn::default()
        };
        event["draining"] = json!({ "turn": turn });
        let reading = read_event(&event);
        let measured = Measured::of(Worker::Drained, &reading).expect("asked for");
        let line = metric_line(&measured, &answer(Verdict::Reached, 601), 700);
        assert_eq!(line["PhaseDuration"], 100);
    }

    #[test]
    fn an_error_is_counted_by_its_fixed_name() {
        let failed = Err(Error::Throttled {
            call: "ecs:ListTasks",
            code: "ThrottlingException".to_owned(),
            message: "Rate exceeded".to_owned(),
        });
        let line = metric_line(&asked(Worker::Drained, "terminate"), &failed, 5);
        assert_eq!(
            (&line["Error"], &line["Errors"]),
            (&json!("Throttled"), &json!(1))
        );
        let directives = line["_aws"]["CloudWatchMetrics"].as_array();
        assert_eq!(directives.map(Vec::len), Some(1));
    }
}
