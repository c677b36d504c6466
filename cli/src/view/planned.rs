//! A plan as text.

mod instances;
mod line;

use std::cmp::Ordering;

use crate::format::shortened;
use crate::format::{count, noun};
use crate::plan::ami::SHOWN_AT_MOST;
use crate::plan::checks::{Level, UNFINISHED};
use crate::plan::estimate::Expected;
use crate::plan::progress::{Progress, Toward};
use crate::plan::{Plan, Verdict};
use instances::{instance, instances};
use line::{Line, Mark};

/// The column at which the values stand.
pub const VALUES: usize = 15;

/// So many instances are listed, those first that have been there longest.
const LISTED: usize = 20;

/// The plan, a fact a line, without colours; what comes of it last.
#[cfg(test)]
pub fn text(plan: &Plan) -> String {
    lines(plan).iter().map(Line::plain).collect()
}

/// The plan, a fact a line, in colours; what comes of it last. The lines have so many columns, if a
/// terminal has them.
pub fn painted(plan: &Plan, columns: Option<usize>) -> String {
    let lines = lines(plan);
    lines.iter().map(|line| line.painted(columns)).collect()
}

fn lines(plan: &Plan) -> Vec<Line> {
    let mut lines = vec![
        Line::of("account", plan.place.clone()),
        Line::of("stack", format!("{}, {}", plan.stack, plan.status)),
        Line::of("AMI", ami(plan)),
        Line::of("instances", instances(plan)),
    ];
    for one in plan.instances.iter().take(LISTED) {
        lines.push(Line::of("", instance(one)));
    }
    if plan.instances.len() > LISTED {
        let more = plan.instances.len() - LISTED;
        lines.push(Line::of("", format!("and {more} more")));
    }
    lines.push(Line::of("services", services(plan)));
    if !plan.has_changes() {
        let unfinished = plan.remarks.iter();
        for one in unfinished.filter(|it| UNFINISHED.contains(&it.name)) {
            let text = format!("{}: {}", one.name, one.words);
            lines.push(Line::of("unfinished", text).marked(Mark::Caution));
        }
        lines.push(Line::of(&verdict(plan), no_changes(plan)).marked(mark(plan)));
        return lines;
    }
    for one in plan.expected.iter() {
        expected(one, &mut |name, value| lines.push(Line::of(name, value)));
    }
    for one in &plan.not_checked {
        lines.push(Line::of("not checked", one.clone()));
    }
    for remark in &plan.remarks {
        let (level, mark) = match remark.level {
            Level::Blocker => ("blocked", Mark::Bad),
            Level::Condition => ("uncertain", Mark::Caution),
            Level::Warning => ("warning", Mark::Caution),
        };
        let text = format!("{}: {}", remark.name, remark.words);
        lines.push(Line::of(level, text).marked(mark));
    }
    lines.push(Line::headline(&verdict(plan)).marked(mark(plan)));
    lines
}

/// How good the verdict is.
fn mark(plan: &Plan) -> Mark {
    match plan.verdict {
        Verdict::Ready | Verdict::NoChanges => Mark::Good,
        Verdict::Uncertain | Verdict::UnderWay => Mark::Caution,
        Verdict::Blocked => Mark::Bad,
    }
}

fn ami(plan: &Plan) -> String {
    let or_none = |ami: &Option<String>| ami.clone().unwrap_or_else(|| "none".to_owned());
    let (old, new) = (or_none(&plan.old_ami), or_none(&plan.new_ami));
    let parameter = &plan.ami_parameter;
    let Some(progress) = &plan.in_progress else {
        let what = if old == new {
            old
        } else {
            format!("{old} -> {new}")
        };
        return match plan.ami_to_write() {
            Some(ami) => format!("{what} ({}; roll writes {ami} into it)", held(plan)),
            None => format!("{what} (SSM parameter {parameter})"),
        };
    };
    let until = match progress.toward {
        Toward::New => "the update in progress brings it",
        Toward::Old => "the rollback in progress restores it",
        Toward::End => "the stack's last operation has not ended",
    };
    // What would be rolled to afterwards, if that is something else.
    let then = if new == old {
        String::new()
    } else {
        format!("; then {new}")
    };
    format!("{old} ({until}; SSM parameter {parameter}){then}")
}

/// What the parameter holds.
pub fn held(plan: &Plan) -> String {
    let parameter = &plan.ami_parameter;
    match &plan.held_ami {
        Some(held) => format!(
            "SSM parameter {parameter} holds {}",
            shortened(held, SHOWN_AT_MOST)
        ),
        None => format!("there is no SSM parameter {parameter}"),
    }
}

/// What the operation in progress has replaced so far.
fn in_progress(progress: &Progress) -> String {
    let Progress {
        toward,
        ami,
        on_it,
        of,
        leaving,
    } = progress;
    let ami = ami.as_deref().unwrap_or("an AMI that is not known");
    let leaving = match leaving {
        0 => String::new(),
        _ => format!("; {leaving} on the way out or retained"),
    };
    match toward {
        Toward::New => {
            format!(
                "an update is in progress: {on_it} of {of} on the new AMI {ami} so far{leaving}"
            )
        }
        Toward::Old => {
            format!("a rollback is in progress: {on_it} of {of} on the old AMI {ami}{leaving}")
        }
        Toward::End => {
            format!("an operation of the stack is in progress: {on_it} of {of} on {ami}{leaving}")
        }
    }
}

fn services(plan: &Plan) -> String {
    let (alone, leaving) = (plan.standalone_tasks, plan.standalone_tasks_leaving);
    let leaving = match leaving {
        0 => String::new(),
        _ => format!(
            ", and {leaving} on {} on the way out or retained",
            if leaving == 1 {
                "an instance"
            } else {
                "instances"
            }
        ),
    };
    let left_out = match plan.left_out.as_slice() {
        [] => String::new(),
        some => format!("; left out: {}", some.join(", ")),
    };
    format!(
        "{} with tasks to move; {alone} standalone {}{leaving}{left_out}",
        plan.services,
        noun(alone, "task")
    )
}

fn expected(expected: &Expected, line: &mut impl FnMut(&str, String)) {
    let range = match expected.rehearsals {
        1 => "rehearsed in memory".to_owned(),
        times => format!(
            "{} to {} in {times} rehearsals in memory",
            duration(expected.shortest_seconds),
            duration(expected.longest_seconds)
        ),
    };
    let time = duration(expected.seconds);
    line(
        "expected",
        format!("{time} until the last drain has ended ({range})"),
    );
    let (moves, cost) = (
        moves(expected.tasks_moved, expected.service_tasks),
        expected.cost_usd,
    );
    line("", format!("{moves}; {cost:.4} USD"));
    for one in &expected.assumed {
        line("assumed", one.clone());
    }
}

/// How often the tasks of services move: `moved` times in all, of `tasks`.
fn moves(moved: u64, tasks: u64) -> String {
    let of = count(tasks, "service task");
    let verb = if tasks == 1 { "moves" } else { "move" };
    if moved == 0 {
        return "no service task moves".to_owned();
    }
    match moved.cmp(&tasks) {
        Ordering::Less => format!("{moved} of {of} {verb}"),
        Ordering::Equal if tasks == 1 => format!("{of} {verb} once"),
        Ordering::Equal => format!("{of} {verb}, each once"),
        Ordering::Greater if tasks == 1 => format!(
            "{of} {verb} {moved} times: again when the instance that took it is replaced too"
        ),
        Ordering::Greater => format!(
            "{of} {verb}, {moved} times in all: some move again when the instance that took them is replaced too"
        ),
    }
}

fn no_changes(plan: &Plan) -> String {
    let ami = plan.new_ami.as_deref().unwrap_or("the same AMI");
    let all = plan.instances.len();
    let holds = match plan.ami_to_write() {
        Some(ami) => format!(
            "But {}: the next update would bring that. `roll --ami {ami}` writes {ami} into it.",
            held(plan)
        ),
        None => format!("SSM parameter {} names it.", plan.ami_parameter),
    };
    if plan.verdict == Verdict::UnderWay {
        let leaving = all - plan.staying().count();
        return format!(
            "The last update brought {ami} already, so there is nothing to roll. {holds} Still on the way out or retained: \
             {leaving} of {all} instances."
        );
    }
    let on_it = plan.instances.iter().filter(|one| one.ami == plan.new_ami);
    let unknown = plan.instances.iter().filter(|one| one.ami.is_none());
    match (on_it.count(), unknown.count()) {
        (on_it, _) if on_it == all => format!("All instances are on {ami}. {holds}"),
        (on_it, 0) => format!("{on_it} of {all} instances are on {ami}. {holds}"),
        (on_it, unknown) => {
            format!("{on_it} of {all} instances are on {ami} ({unknown} not registered). {holds}")
        }
    }
}

/// The headline: what comes of it.
pub fn verdict(plan: &Plan) -> String {
    let problems = plan.count(Level::Blocker);
    let (conditions, warnings) = (plan.count(Level::Condition), plan.count(Level::Warning));
    match plan.verdict {
        Verdict::NoChanges => "No changes".to_owned(),
        Verdict::UnderWay => "UNDER WAY".to_owned(),
        Verdict::Blocked => format!("BLOCKED, {}", count(problems, "problem")),
        Verdict::Uncertain => format!("UNCERTAIN, {}", count(conditions, "condition")),
        Verdict::Ready if warnings == 0 => "READY".to_owned(),
        Verdict::Ready => format!("READY, {}", count(warnings, "warning")),
    }
}

/// A duration, such as `14m47s` or `1h04m07s`.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds:02}s"),
        _ => format!("{hours}h{minutes:02}m{seconds:02}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_are_said_in_words_that_name_no_fraction() {
        let again = "some move again when the instance that took them is replaced too";
        for (moved, tasks, said) in [
            (0, 0, "no service task moves".to_owned()),
            (0, 9, "no service task moves".to_owned()),
            (1, 1, "1 service task moves once".to_owned()),
            (
                3,
                1,
                "1 service task moves 3 times: again when the instance that took it is replaced too"
                    .to_owned(),
            ),
            // 1.00, 0.56 and 1.78 times each.
            (9, 9, "9 service tasks move, each once".to_owned()),
            (5, 9, "5 of 9 service tasks move".to_owned()),
            (
                16,
                9,
                format!("9 service tasks move, 16 times in all: {again}"),
            ),
        ] {
            assert_eq!(moves(moved, tasks), said);
        }
    }

    #[test]
    fn durations_are_written_in_one_way() {
        let all = [0.4, 47.0, 303.0, 887.4, 3847.0].map(duration);
        assert_eq!(all, ["0s", "47s", "5m03s", "14m47s", "1h04m07s"]);
    }
}
