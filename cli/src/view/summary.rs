//! The summary after a rollout.

use std::fmt::Write;

use simulator::api_quota::QuotaUsage;
use simulator::invariants::CheckedInvariant;
use simulator::lambda_process::Starts;
use simulator::report::Report;

use super::report::usd;
use crate::aws::with_access;
use crate::format::{count, seconds};

/// The column at which the values of the summary stand.
pub const VALUES: usize = 23;

/// The column at which the values of the short one stand.
pub const SHORT_VALUES: usize = 20;

/// The invariant that is about tasks of instances that go.
const TERMINATES_NOTHING_EARLY: &str = "drained-before-gone";

/// The summary as text, a fact a line.
pub fn text(report: &Report) -> String {
    let mut out = String::from("\n");
    let mut line = |name: &str, value: String| {
        writeln!(out, "{name:<width$} {value}", width = VALUES - 1)
            .expect("writing to a string does not fail");
    };
    line("outcome", report.outcome.clone());
    line("AMI", format!("{} -> {}", report.ami.old, report.ami.new));
    line(
        "instances replaced",
        format!("{} (the group has {})", report.replaced, report.instances),
    );
    for (name, value) in left_over(report) {
        line(name, value);
    }
    line("simulated duration", duration(report));
    for late in lateness(report) {
        line("noticed", late);
    }
    line("tasks", tasks(report));
    line("drains open at most", report.max_open_drains.to_string());
    line("API calls", calls(report));
    for used in &report.api_buckets {
        line("API limit", limit(used));
    }
    if !report.failed_invocations.is_empty() {
        line("invocations failed", failures(report));
    }
    line(
        "state transitions",
        format!(
            "{}, longest history {}",
            report.state_transitions,
            count(report.max_history_events, "event")
        ),
    );
    line("cost", usd(report.cost_usd));
    line("seed", report.seed.to_string());
    for (function, starts) in report.starts.iter().flatten() {
        let Starts { cold, warm } = starts;
        line(
            "function starts",
            format!("{function}: {cold} cold, {warm} warm"),
        );
    }
    for (verdict, text) in report.invariants.iter().map(|it| invariant(report, it)) {
        line(verdict, text);
    }
    out
}

/// An invariant: whether it holds, and its words.
fn invariant(report: &Report, checked: &CheckedInvariant) -> (&'static str, String) {
    let (verdict, besides) = if checked.held {
        ("invariant", besides_spot(report))
    } else {
        ("VIOLATION", String::new())
    };
    let besides = Some(besides).filter(|_| checked.name == TERMINATES_NOTHING_EARLY);
    let besides = besides.unwrap_or_default();
    (
        verdict,
        format!("{}: {}{besides}", checked.name, checked.detail),
    )
}

/// The numbers that matter most, a fact a line, on one screen.
pub fn short(report: &Report) -> String {
    let mut out = String::from("\n");
    let mut line = |name: &str, value: String| {
        writeln!(out, "{name:<width$} {value}", width = SHORT_VALUES - 1)
            .expect("writing to a string does not fail");
    };
    line("AMI", format!("{} -> {}", report.ami.old, report.ami.new));
    for (name, value) in left_over(report) {
        line(name, value);
    }
    line("simulated duration", duration(report));
    line("tasks", tasks(report));
    line("drains open at most", report.max_open_drains.to_string());
    let calls: u64 = report.api_calls.values().sum();
    let busiest = report
        .api_buckets
        .iter()
        .max_by(|a, b| a.peak_share.total_cmp(&b.peak_share));
    let busiest = busiest.map_or_else(String::new, |it| {
        let share = it.peak_share * 100.0;
        format!(
            "; busiest limit: {}, {share:.0} % of {} a second",
            it.bucket, it.per_second
        )
    });
    line("API calls", format!("{calls}{busiest}"));
    line(
        "cost",
        format!("{} (Step Functions and Lambda)", usd(report.cost_usd)),
    );
    let (held, violated): (Vec<_>, Vec<_>) = report.invariants.iter().partition(|it| it.held);
    for checked in violated {
        line("VIOLATION", format!("{}: {}", checked.name, checked.detail));
    }
    line(
        "invariants",
        format!("{} hold{}", held.len(), besides_spot(report)),
    );
    out
}

fn tasks(report: &Report) -> String {
    let (moved, killed) = (report.tasks_moved, report.tasks_killed_early);
    format!("{moved} moved, {killed} killed{}", besides_spot(report))
}

/// Spot capacity is EC2's to take: no invariant is about the tasks that go with it, and whoever
/// reads one should know.
fn besides_spot(report: &Report) -> String {
    match report.tasks_lost_to_spot {
        0 => String::new(),
        lost => format!(
            " (besides {}, lost when EC2 took a Spot instance back)",
            count(usize::try_from(lost).unwrap_or(usize::MAX), "task")
        ),
    }
}

/// The instances that a person has to end, and why.
fn left_over(report: &Report) -> Vec<(&'static str, String)> {
    let terminate = with_access("ecs-rollout terminate INSTANCE");
    let groups = [
        (
            "instances retained",
            &report.retained,
            format!("the drain failed; look at each, then: {terminate}"),
        ),
        (
            "instances kept",
            &report.retained_for_standalone_tasks,
            format!("for standalone tasks; when they have ended: {terminate}"),
        ),
    ];
    let some = groups.into_iter().filter(|(_, ids, _)| !ids.is_empty());
    some.map(|(name, ids, why)| (name, format!("{} ({why})", ids.join(", "))))
        .collect()
}

fn duration(report: &Report) -> String {
    format!(
        "{}, {:.0} % over the minimum",
        seconds(report.roll_seconds),
        (report.overhead - 1.0) * 100.0
    )
}

/// How late each phase noticed what it waits for, in the order of the phases.
fn lateness(report: &Report) -> Vec<String> {
    let phases = [
        ("joined", "joins"),
        ("queued", "the end of earlier drains"),
        ("draining", "the turn to drain"),
        ("drained", "stopped tasks"),
        ("stable", "recovered services"),
    ];
    let known = phases.into_iter().filter_map(|(phase, what)| {
        let late = report.lateness.get(phase)?;
        let (mean, longest) = (late.mean_seconds, late.longest_seconds);
        Some(format!(
            "{what}: after {mean:.0}s on average, {longest:.0}s at most"
        ))
    });
    known.collect()
}

fn failures(report: &Report) -> String {
    let errors = report.failed_invocations.iter();
    let errors: Vec<String> = errors
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    errors.join(", ")
}

fn limit(used: &QuotaUsage) -> String {
    let percent = |share: f64| share * 100.0;
    let refused = match used.throttled {
        0 => String::new(),
        count => format!(", {count} refused and made again"),
    };
    format!(
        "{}: {:.1} % of {} a second in its busiest minute, {:.1} % on average{refused}",
        used.bucket,
        percent(used.peak_share),
        used.per_second,
        percent(used.average_share)
    )
}

/// The sum, then by service, then by call.
fn calls(report: &Report) -> String {
    let mut services: Vec<(&str, u64)> = Vec::new();
    for (call, count) in &report.api_calls {
        let service = call.split(':').next().unwrap_or(call);
        match services.last_mut() {
            Some((last, sum)) if *last == service => *sum += count,
            _ => services.push((service, *count)),
        }
    }
    let services: Vec<String> = services
        .iter()
        .map(|(service, count)| format!("{service} {count}"))
        .collect();
    let sum: u64 = report.api_calls.values().sum();
    format!(
        "{sum} ({}), {} for each instance",
        services.join(", "),
        report.api_calls_per_instance
    )
}
