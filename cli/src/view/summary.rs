//! The summary after a roll.

use std::fmt::Write;
use std::time::Duration;

use rehearsal::environments::Starts;
use rehearsal::report::Report;
use rehearsal::telling::clock;
use rehearsal::usage::BucketUse;

/// The summary as text, a fact a line. `not_claimed` is why nothing is said of the same seed's story, if somebody may miss it.
pub fn text(report: &Report, not_claimed: Option<&str>) -> String {
    let mut out = String::from("\n");
    let mut line = |name: &str, value: String| {
        writeln!(out, "{name:<22} {value}").expect("writing to a string does not fail");
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
    line("virtual duration", duration(report));
    let (moved, cut) = (report.tasks_moved, report.tasks_killed_early);
    line("tasks moved", format!("{moved}, cut off {cut}"));
    if report.tasks_lost_to_spot > 0 {
        let lost = format!("{} task(s) that had not stopped", report.tasks_lost_to_spot);
        line("EC2 took with Spot", lost);
    }
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
            "{}, longest history {} events",
            report.state_transitions, report.max_history_events
        ),
    );
    line("cost", format!("{:.6} USD", report.cost_usd));
    line("seed", report.seed.to_string());
    for (function, starts) in report.starts.iter().flatten() {
        let Starts { cold, warm } = starts;
        line(
            "function starts",
            format!("{function}: {cold} cold, {warm} warm"),
        );
    }
    for promise in &report.promises {
        let verdict = if promise.held { "held" } else { "BROKEN" };
        line(
            &format!("promise {verdict}"),
            format!("{}: {}", promise.name, promise.detail),
        );
    }
    if let Some(why) = not_claimed {
        line(
            "not claimed",
            format!("that the same seed tells the same story: {why}"),
        );
    }
    out
}

/// The instances that a person has to end, and why.
fn left_over(report: &Report) -> Vec<(&'static str, String)> {
    let groups = [
        (
            "instances retained",
            &report.retained,
            "the drain failed; look at each, then end it: ecs-rollout terminate INSTANCE",
        ),
        (
            "instances kept",
            &report.kept,
            "for standalone tasks; when they have ended: ecs-rollout terminate INSTANCE",
        ),
    ];
    let some = groups.into_iter().filter(|(_, ids, _)| !ids.is_empty());
    some.map(|(name, ids, why)| (name, format!("{} ({why})", ids.join(", "))))
        .collect()
}

fn duration(report: &Report) -> String {
    let whole = clock(Duration::from_secs_f64(report.roll_seconds));
    match (report.lower_bound_seconds, report.overhead) {
        (Some(lower), Some(overhead)) => {
            let lower = clock(Duration::from_secs_f64(lower));
            format!(
                "{whole}, {overhead:.2} times the {lower} of the same rollout noticed without delay"
            )
        }
        _ => whole,
    }
}

fn failures(report: &Report) -> String {
    let errors = report.failed_invocations.iter();
    let errors: Vec<String> = errors
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    errors.join(", ")
}

fn limit(used: &BucketUse) -> String {
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
