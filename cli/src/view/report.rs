//! The tale as text.

use std::fmt::Write;
use std::time::Duration;

use rehearsal::telling::clock;

use crate::tale::{End, Kind, Life, Tale};

/// The head of the tale: names and values.
pub fn facts(tale: &Tale) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("cluster", format!("{}, {}", tale.cluster, tale.region)),
        (
            "began",
            tale.began.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        ),
        ("took", long(tale.seconds)),
        ("instances", instances(tale)),
        ("launch template", format!("version {} now", tale.version)),
        (
            "executions",
            format!(
                "{}, {} state transitions",
                tale.executions, tale.cost.transitions
            ),
        ),
        ("failed attempts", failed(tale)),
        (
            "cost",
            format!("{:.6} USD, estimated in part", tale.cost.usd_estimated),
        ),
    ];
    for end in [End::Retained, End::Kept, End::HookLeftOpen, End::Abandoned] {
        let ids: Vec<&str> = tale.ended_as(end).map(|it| it.id.as_str()).collect();
        let Some(first) = ids.first() else {
            continue;
        };
        let mut text = ids.join(", ");
        if matches!(end, End::Retained | End::Kept) {
            text += &format!("; end each: ecs-rollout terminate {first}");
        }
        facts.push((end.words(), text));
    }
    facts
}

fn failed(tale: &Tale) -> String {
    let calls: u64 = tale
        .errors
        .iter()
        .filter(|it| it.of_aws)
        .map(|it| it.count)
        .sum();
    match tale.failures.len() {
        0 => "none".to_owned(),
        count => format!("{count}, {calls} by a call to AWS"),
    }
}

fn instances(tale: &Tale) -> String {
    let count = |end: End| tale.ended_as(end).count();
    let launched = tale
        .instances
        .iter()
        .filter(|it| it.origin != crate::tale::Origin::Before);
    let mut parts = vec![
        format!("{} launched", launched.count()),
        format!("{} let go", count(End::Gone)),
    ];
    match count(End::UnderWay) {
        0 => {}
        some => parts.push(format!("{some} under way")),
    }
    parts.join(", ")
}

/// All of it, a fact a line.
pub fn text(tale: &Tale) -> String {
    let verdict = match tale.well {
        Some(true) => "as it was meant to",
        Some(false) => "not as it was meant to",
        None => "goes on still",
    };
    let mut out = String::new();
    let mut line = |name: &str, value: &str| {
        writeln!(out, "{name:<22} {value}").expect("writing to a string does not fail");
    };
    line("stack", &tale.stack);
    line("outcome", &format!("{}, {verdict}", tale.outcome));
    for (name, value) in facts(tale) {
        line(name, &value);
    }
    tale.remarks
        .iter()
        .for_each(|remark| line("remark", remark));
    for life in &tale.instances {
        line(&life.id, &lived(life));
    }
    for wait in &tale.longest_waits {
        let of = format!(
            "{} {} {}: {}",
            long(wait.seconds),
            wait.instance,
            wait.state,
            wait.reason
        );
        line("waited", &of);
    }
    for sum in &tale.errors {
        let of = format!(
            "{} {} time(s), {} tried again: {}",
            sum.error, sum.count, sum.again, sum.example
        );
        line("failed", &of);
    }
    for mishap in &tale.mishaps {
        let at = long(mishap.at.duration_since(tale.began).as_secs_f64());
        line(
            "went wrong",
            &format!(
                "{at} {} {} {}",
                mishap.subject, mishap.status, mishap.reason
            ),
        );
    }
    out
}

fn lived(life: &Life) -> String {
    let told = life
        .phases
        .iter()
        .filter(|it| it.kind != Kind::InService && it.seconds >= 1.0);
    let phases: Vec<String> = told
        .map(|it| format!("{} {}", it.kind.words(), long(it.seconds)))
        .collect();
    let reason = match life.reason.as_str() {
        "" => String::new(),
        reason => format!(" ({reason})"),
    };
    format!(
        "{}, {}{reason}: {}",
        life.origin.words(),
        life.end.words(),
        phases.join(", ")
    )
}

/// Hours, minutes and seconds.
fn long(seconds: f64) -> String {
    clock(Duration::from_secs_f64(seconds.max(0.0)))
}
