//! The metrics that AWS services publish about themselves, of those that our alarms use.
//!
//! Executions by StateMachineArn, activities by ActivityArn
//! (<https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html>); groups by
//! AutoScalingGroupName, each minute, if their metrics collection is enabled
//! (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-metrics.html>). Left
//! out: that points come late.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::{SignedDuration, Timestamp};

use super::Metric;

/// The metrics that services publish here: namespace, name, dimension.
const PUBLISHED: [(&str, &str, &str); 8] = [
    ("AWS/States", "ExecutionsFailed", "StateMachineArn"),
    ("AWS/States", "ExecutionsTimedOut", "StateMachineArn"),
    ("AWS/States", "ExecutionsAborted", "StateMachineArn"),
    ("AWS/States", "ActivitiesStarted", "ActivityArn"),
    (
        "AWS/AutoScaling",
        "GroupInServiceInstances",
        "AutoScalingGroupName",
    ),
    (
        "AWS/AutoScaling",
        "GroupPendingInstances",
        "AutoScalingGroupName",
    ),
    (
        "AWS/AutoScaling",
        "GroupTerminatingInstances",
        "AutoScalingGroupName",
    ),
    (
        "AWS/AutoScaling",
        "GroupTerminatingRetainedInstances",
        "AutoScalingGroupName",
    ),
];

/// What was published of a metric.
#[derive(Debug)]
enum Series {
    /// So much happened then.
    Counted(Vec<(Timestamp, f64)>),
    /// From then on it was so much, until it is published no more.
    Level(Vec<(Timestamp, Option<f64>)>),
}

/// All that was published.
#[derive(Debug, Default)]
pub struct Published(BTreeMap<Metric, Series>);

/// How the values of a period become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statistic {
    /// Their sum.
    Sum,
    /// The largest.
    Maximum,
}

/// The metric `name` of a service, by its one dimension.
fn metric(namespace: &str, name: &str, dimension: &str, value: &str) -> Metric {
    Metric {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        dimensions: [(dimension.to_owned(), value.to_owned())].into(),
    }
}

/// Whether a service publishes the metric here at all: otherwise nothing can be said of it.
pub fn is_published(metric: &Metric) -> bool {
    let mut dimensions = metric.dimensions.keys();
    let only = dimensions.next().map(String::as_str);
    let of = (metric.namespace.as_str(), metric.name.as_str());
    let mut known = PUBLISHED.iter();
    dimensions.next().is_none()
        && known.any(|(namespace, name, key)| of == (*namespace, *name) && only == Some(key))
}

impl Published {
    /// Something happened once, which Step Functions counts for `arn`.
    pub fn count(&mut self, now: Timestamp, name: &str, dimension: &str, arn: &str) {
        let metric = metric("AWS/States", name, dimension, arn);
        let series = self.0.entry(metric).or_insert(Series::Counted(Vec::new()));
        if let Series::Counted(points) = series {
            points.push((now, 1.0));
        }
    }

    /// A group publishes this from now on; nothing, if it publishes it no more.
    pub fn level(&mut self, now: Timestamp, name: &str, group: &str, value: Option<f64>) {
        let metric = metric("AWS/AutoScaling", name, "AutoScalingGroupName", group);
        let series = self.0.entry(metric).or_insert(Series::Level(Vec::new()));
        if let Series::Level(points) = series
            && points.last().is_none_or(|(_, last)| *last != value)
        {
            points.push((now, value));
        }
    }

    /// The value of a period; nothing if there is no point in it.
    pub fn value(
        &self,
        metric: &Metric,
        statistic: Statistic,
        period: Range<Timestamp>,
    ) -> Option<f64> {
        let points: Vec<f64> = match self.0.get(metric)? {
            Series::Counted(points) => {
                let within = points.iter().filter(|(at, _)| period.contains(at));
                within.map(|(_, value)| *value).collect()
            }
            Series::Level(points) => {
                let minutes = (0..).map(|minute| period.start + SignedDuration::from_mins(minute));
                let sampled = minutes.take_while(|at| *at < period.end).filter_map(|at| {
                    let before = points.iter().take_while(|(since, _)| *since <= at);
                    before.last().and_then(|(_, value)| *value)
                });
                sampled.collect()
            }
        };
        let all = points.into_iter();
        match statistic {
            Statistic::Sum => all.reduce(|one, other| one + other),
            Statistic::Maximum => all.reduce(f64::max),
        }
    }
}
