//! The tale as text.

use simulator::narrator::Severity;

use crate::aws::with_access;
use crate::format::count;
use crate::report::{
    End, ErrorSum, InstanceTimeline, Kind, OperationSummary, RolloutReport, ServiceSeries, Wait,
};
use crate::watch::without_instance;

/// The column at which the values stand.
pub const VALUES: usize = 23;

/// The value of what there is none of.
const NONE: &str = "none";

/// So many blocks a service's chart has.
const CHART_PARTS: usize = 24;

/// From none of the tasks to all of them.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The head of the tale: names and values.
pub fn facts(tale: &RolloutReport) -> Vec<(&'static str, String)> {
    let latest = tale.operations.last();
    let (began, took) = latest.map_or((tale.began, tale.seconds), |it| (it.began, it.seconds));
    let mut facts = vec![
        ("cluster", format!("{}, {}", tale.cluster, tale.region)),
        ("began", began.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()),
        ("took", long(took)),
        ("instances", instances(tale)),
        ("AMI", ami(tale)),
        (
            "executions",
            format!(
                "{}, {} state transitions",
                tale.executions, tale.cost.transitions
            ),
        ),
        ("failed executions", failed_executions(tale)),
        ("worker retries", failed(tale)),
        ("cost", usd(tale.cost.usd_estimated)),
    ];
    for end in [
        End::Retained,
        End::RetainedInPool,
        End::Kept,
        End::HookLeftOpen,
        End::Abandoned,
    ] {
        let ids: Vec<&str> = tale.ended_as(end).map(|it| it.id.as_str()).collect();
        let Some(first) = ids.first() else {
            continue;
        };
        let mut text = ids.join(", ");
        if matches!(end, End::Retained | End::RetainedInPool | End::Kept) {
            let terminate = with_access(&format!("ecs-rollout terminate {first}"));
            text += &format!("; terminate each: {terminate}");
        }
        facts.push((end.words(), text));
    }
    facts
}

/// What came of the operations before the last, a line each.
pub fn earlier(tale: &RolloutReport) -> impl Iterator<Item = String> {
    let operations = tale.operations.split_last();
    let earlier = operations.into_iter().flat_map(|(_, earlier)| earlier);
    earlier.map(OperationSummary::line)
}

/// A sum of money, alike wherever it is shown.
pub fn usd(value: f64) -> String {
    format!("{value:.4} USD")
}

fn ami(tale: &RolloutReport) -> String {
    let ami = tale.ami.as_deref().unwrap_or("not in the cluster");
    format!("{ami} (launch template version {})", tale.version)
}

fn failed_executions(tale: &RolloutReport) -> String {
    match tale.executions_failed.len() {
        0 => NONE.to_owned(),
        count => format!("{count}: {}", tale.executions_failed.join(", ")),
    }
}

fn failed(tale: &RolloutReport) -> String {
    let calls: u64 = tale
        .errors
        .iter()
        .filter(|it| it.of_aws)
        .map(|it| it.count)
        .sum();
    match tale.worker_retries.len() {
        0 => NONE.to_owned(),
        count => format!("{count}, {calls} by a call to AWS"),
    }
}

fn instances(tale: &RolloutReport) -> String {
    let count = |end: End| tale.ended_as(end).count();
    let launched = tale
        .instances
        .iter()
        .filter(|it| it.origin != crate::report::Origin::Before);
    let mut parts = vec![
        format!("{} launched", launched.count()),
        format!("{} terminated", count(End::Gone)),
    ];
    match count(End::UnderWay) {
        0 => {}
        some => parts.push(format!("{some} under way")),
    }
    parts.join(", ")
}

/// All of it, a fact a line.
#[cfg(test)]
pub fn text(tale: &RolloutReport) -> String {
    let lines = lines(tale).into_iter();
    lines.map(|(_, line)| line + "\n").collect()
}

/// The same lines, each with how it is meant.
pub fn lines(tale: &RolloutReport) -> Vec<(Severity, String)> {
    let headline = match tale.well {
        Some(true) => Severity::Good,
        Some(false) => Severity::Bad,
        None => Severity::Plain,
    };
    let mut out = vec![(headline, tale.headline.text.clone())];
    let mut line = |name: &str, value: &str| {
        let line = format!("{name:<width$} {value}", width = VALUES - 1);
        out.push((severity(name, value), line));
    };
    let cause = tale.headline.cause.iter().map(|it| ("cause", it));
    let also = tale.headline.also.iter().map(|it| ("also failed", it));
    let next = tale.headline.next.iter().map(|it| ("next", it));
    let paused = tale.paused.iter().map(|it| ("paused", it));
    let restore = tale.headline.restore.iter().map(|it| ("afterwards", it));
    for (name, value) in cause.chain(also).chain(next).chain(restore).chain(paused) {
        line(name, value);
    }
    line("stack", &format!("{}, {}", tale.stack, tale.outcome));
    for (name, value) in facts(tale) {
        line(name, &value);
    }
    for earlier in earlier(tale) {
        line("earlier", &earlier);
    }
    for remark in &tale.remarks {
        line("remark", remark);
    }
    for milestone in &tale.milestones {
        let at = long(milestone.at.duration_since(tale.began).as_secs_f64());
        line("milestone", &format!("{at} {}", milestone.text));
    }
    for life in &tale.instances {
        line(&life.id, &lived(life));
    }
    for series in &tale.services {
        line("service", &service(series, tale));
    }
    for wait in &tale.longest_waits {
        line("waited", &waited(wait));
    }
    for sum in &tale.errors {
        line("worker retries", &retried(sum));
    }
    for incident in &tale.failures {
        let at = long(incident.at.duration_since(tale.began).as_secs_f64());
        let (subject, status, reason) = (&incident.subject, &incident.status, &incident.reason);
        line("failure", &format!("{at} {subject} {status} {reason}"));
    }
    for link in &tale.links {
        line("console", &format!("{}: {}", link.label, link.url));
    }
    out
}

fn waited(wait: &Wait) -> String {
    format!(
        "{} {} {}: {}{}",
        long(wait.seconds),
        wait.instance,
        wait.kind.words(),
        longest(wait),
        without_instance(&wait.reason, &wait.instance)
    )
}

fn retried(sum: &ErrorSum) -> String {
    format!(
        "{} {}, {} tried again: {}",
        sum.error,
        count(sum.count, "time"),
        sum.again,
        sum.example
    )
}

/// How the line of this name is meant: what failed is shown as bad.
fn severity(name: &str, value: &str) -> Severity {
    let fails = ["cause", "also failed", "failure", "failed executions"];
    let left = [
        End::Retained,
        End::RetainedInPool,
        End::Kept,
        End::HookLeftOpen,
        End::Abandoned,
    ];
    match name {
        _ if fails.contains(&name) && value != NONE => Severity::Bad,
        _ if left.iter().any(|end| end.words() == name) => Severity::Bad,
        _ => Severity::Plain,
    }
}

/// The share of a service's tasks that ran, a block for each part of the time, and its lowest
/// count.
fn service(series: &ServiceSeries, tale: &RolloutReport) -> String {
    let shares = series.shares(CHART_PARTS, tale.began, tale.ended);
    let chart: String = shares.into_iter().map(block).collect();
    let (Some(lowest), Some(last)) = (series.lowest(), series.samples.last()) else {
        return series.service.clone();
    };
    let at = long(lowest.at.duration_since(tale.began).as_secs_f64());
    format!(
        "{chart} {}: lowest {} of {} running after {at}, {} of {} at last",
        series.service, lowest.running, lowest.desired, last.running, last.desired
    )
}

/// A share as a block of that height; a dot where nothing is known.
fn block(share: Option<f64>) -> char {
    let Some(share) = share else {
        return '·';
    };
    let highest = BLOCKS.len() - 1;
    BLOCKS[((share * highest as f64).floor() as usize).min(highest)]
}

/// The tasks that were waited for longest, if they are known: by name, or else by id.
pub fn longest(wait: &Wait) -> String {
    if !wait.longest_task_names.is_empty() {
        let names = wait.longest_task_names.join(", ");
        return format!("longest for {names}; last reported reason: ");
    }
    let named = wait
        .longest_tasks
        .iter()
        .map(|arn| arn.rsplit('/').next().unwrap_or(arn));
    let named: Vec<&str> = named.collect();
    if named.is_empty() {
        String::new()
    } else {
        format!(
            "longest for task {}; last reported reason: ",
            named.join(", ")
        )
    }
}

fn lived(life: &InstanceTimeline) -> String {
    let told = life
        .phases
        .iter()
        .filter(|it| it.kind != Kind::InService && it.seconds >= 1.0);
    let phases: Vec<String> = told
        .map(|it| format!("{} {}", it.kind.words(), long(it.seconds)))
        .collect();
    let reason = match life.reason.as_str() {
        "" => String::new(),
        reason => format!(" ({})", without_instance(reason, &life.id)),
    };
    format!(
        "{}, {}{reason}: {}",
        life.origin.words(),
        life.end.words(),
        phases.join(", ")
    )
}

fn long(seconds: f64) -> String {
    crate::format::seconds(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headline_and_what_failed_have_the_colour_of_their_outcome() {
        let of = |status: &str, reason: &str| {
            let event = |status: &str, resource: &str| crate::aws::StackEvent {
                id: status.to_owned(),
                at: jiff::Timestamp::UNIX_EPOCH,
                resource: resource.to_owned(),
                status: status.to_owned(),
                reason: reason.to_owned(),
            };
            let tale = RolloutReport::of(crate::report::Source {
                stack: "s".to_owned(),
                status: status.to_owned(),
                events: vec![event("UPDATE_FAILED", "Group"), event(status, "s")],
                ..crate::report::Source::default()
            });
            lines(&tale)
        };
        let well = of("UPDATE_COMPLETE", "");
        assert_eq!(well[0].0, Severity::Good);
        let back = of("UPDATE_ROLLBACK_COMPLETE", "no capacity");
        assert_eq!(back[0].0, Severity::Bad);
        let bad = back
            .iter()
            .filter(|(severity, _)| *severity == Severity::Bad);
        let bad: Vec<&str> = bad.filter_map(|(_, line)| line.split(' ').next()).collect();
        assert_eq!(bad, ["Rolled", "cause", "failure"]);
        let none = back
            .iter()
            .find(|(_, line)| line.starts_with("failed executions"));
        assert_eq!(none.expect("a line").0, Severity::Plain);
        assert_eq!(of("UPDATE_IN_PROGRESS", "")[0].0, Severity::Plain);
    }

    #[test]
    fn a_block_is_as_high_as_the_share_and_only_all_is_full() {
        let shown: String = [None, Some(0.0), Some(0.5), Some(0.99), Some(1.0)]
            .into_iter()
            .map(block)
            .collect();
        assert_eq!(shown, "·▁▄▇█");
    }
}
