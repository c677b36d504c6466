//! The instances of a plan, in words.

use super::in_progress;
use crate::format::count;
use crate::plan::{Instance, Plan};

pub(super) fn instances(plan: &Plan) -> String {
    let all = plan.instances.len();
    if let Some(progress) = &plan.in_progress {
        return in_progress(progress);
    }
    if !plan.has_changes() || plan.new_ami.is_none() {
        return all.to_string();
    }
    let staying = plan.staying().count();
    let leaving = match all - staying {
        0 => String::new(),
        more => format!("; not counted: {more} on the way out or retained"),
    };
    let how = match plan.update_method.as_str() {
        "RollingUpdate" => format!(
            "{} at a time, in {}",
            plan.batch,
            count(plan.batches, "batch")
        ),
        _ => format!(
            "by an instance refresh, at most {} draining at a time",
            plan.batch
        ),
    };
    format!(
        "{} of {staying} have another AMI; all are replaced, {how}; AWS chooses the order{leaving}",
        plan.outdated()
    )
}

pub(super) fn instance(one: &Instance) -> String {
    let ami = one
        .ami
        .as_deref()
        .unwrap_or("not registered in the cluster");
    let since = match one.since {
        Some(since) => format!(", since {}", since.strftime("%Y-%m-%d %H:%MZ")),
        None => String::new(),
    };
    let (id, state, zone, tasks) = (&one.id, &one.state, &one.zone, one.tasks);
    let tasks = count(tasks, "task");
    format!("{id} {state}, {ami}, {zone}{since}, {tasks}")
}
