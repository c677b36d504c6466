//! A plan as text.

use std::fmt::Write;
use std::time::Duration;

use rehearsal::telling::clock;

use crate::plan::checks::Level;
use crate::plan::estimate::Expected;
use crate::plan::{Instance, Plan};

/// So many instances are listed, those first that have been there longest.
const LISTED: usize = 20;

/// The plan, a fact a line.
pub fn text(plan: &Plan) -> String {
    let mut out = String::new();
    let mut line = |name: &str, value: String| {
        writeln!(out, "{name:<22} {value}").expect("writing to a string does not fail");
    };
    line("account", plan.place.clone());
    line("stack", format!("{}, {}", plan.stack, plan.status));
    line("AMI", ami(plan));
    line("instances", instances(plan));
    for one in plan.instances.iter().take(LISTED) {
        line("", instance(one));
    }
    if plan.instances.len() > LISTED {
        let more = plan.instances.len() - LISTED;
        line("", format!("and {more} more"));
    }
    let (services, alone) = (plan.services, plan.standalone_tasks);
    line(
        "services",
        format!("{services} with tasks to move; {alone} standalone task(s)"),
    );
    for one in plan.expected.iter() {
        expected(one, &mut line);
    }
    for one in &plan.unseen {
        line("not looked at", one.clone());
    }
    for remark in &plan.remarks {
        let level = match remark.level {
            Level::Blocker => "BLOCKED",
            Level::Warning => "warning",
        };
        line(level, format!("{}: {}", remark.name, remark.words));
    }
    line("verdict", verdict(plan));
    out
}

fn ami(plan: &Plan) -> String {
    let or_none = |ami: &Option<String>| ami.clone().unwrap_or_else(|| "none".to_owned());
    let (old, new) = (or_none(&plan.old_ami), or_none(&plan.new_ami));
    format!("{old} -> {new} (SSM parameter {})", plan.ami_parameter)
}

fn instances(plan: &Plan) -> String {
    let (all, batch, batches) = (plan.instances.len(), plan.batch, plan.batches);
    let how = match plan.update_method.as_str() {
        "RollingUpdate" => format!("{batch} at a time, in {batches} batches"),
        _ => format!("by an instance refresh, of which at most {batch} drain at a time"),
    };
    format!(
        "{} of {all} have another AMI; all are replaced, {how}; AWS chooses the order",
        plan.outdated()
    )
}

fn instance(one: &Instance) -> String {
    let ami = one.ami.as_deref().unwrap_or("no member of the cluster");
    let since = match one.since {
        Some(since) => format!(", since {}", since.strftime("%Y-%m-%d %H:%MZ")),
        None => String::new(),
    };
    let (id, state, zone, tasks) = (&one.id, &one.state, &one.zone, one.tasks);
    format!("{id} {state}, {ami}, {zone}{since}, {tasks} task(s)")
}

fn expected(expected: &Expected, line: &mut impl FnMut(&str, String)) {
    let time = |seconds: f64| clock(Duration::from_secs_f64(seconds.max(0.0)));
    let range = match expected.rehearsals {
        1 => "as rehearsed in memory".to_owned(),
        times => format!(
            "{} to {} in {times} rehearsals in memory",
            time(expected.shortest_seconds),
            time(expected.longest_seconds)
        ),
    };
    line(
        "expected",
        format!(
            "{} h until the last drain has ended ({range})",
            time(expected.seconds)
        ),
    );
    let (moved, each) = (expected.tasks_moved, expected.moves_per_task);
    line(
        "",
        format!(
            "{moved} tasks move, {each} times each; {:.4} USD",
            expected.cost_usd
        ),
    );
    for one in &expected.assumed {
        line("taken for granted", one.clone());
    }
}

fn verdict(plan: &Plan) -> String {
    let count = |level: Level| {
        let those = plan.remarks.iter();
        those.filter(|remark| remark.level == level).count()
    };
    match (count(Level::Blocker), count(Level::Warning)) {
        (0, 0) => "nothing hinders it".to_owned(),
        (0, warnings) => format!("it can go, with {warnings} warning(s)"),
        (blockers, _) => format!("blocked, by {blockers} thing(s)"),
    }
}
