//! The group as the update leaves it: its sizes, and which of its processes are suspended.

use super::{Diagnostic, Observation, PlanRequest, some};
use crate::aws::{quoted, with_access};
use crate::format::count;
use crate::plan::observation::Method;

/// The processes that the template's rolling update suspends itself, and resumes at its end
/// (SuspendProcesses).
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatepolicy.html>
const SUSPENDED_BY_UPDATE: [&str; 6] = [
    "HealthCheck",
    "ReplaceUnhealthy",
    "AZRebalance",
    "AlarmNotification",
    "ScheduledActions",
    "InstanceRefresh",
];

/// The processes without which no instance is replaced.
///
/// A rolling update needs Launch and Terminate:
/// <https://repost.aws/knowledge-center/auto-scaling-group-rolling-updates>. (It needs
/// AddToLoadBalancer where the group has a load balancer; the template's has none, since ECS
/// registers tasks.) An instance refresh replaces no instances while one of the three is suspended:
/// <https://docs.aws.amazon.com/autoscaling/ec2/userguide/understand-how-suspending-processes-affects-other-processes.html>
fn needed(method: Method) -> &'static [&'static str] {
    match method {
        Method::RollingUpdate => &["Launch", "Terminate"],
        Method::InstanceRefresh => &["Launch", "Terminate", "InstanceRefresh"],
    }
}

/// No process is suspended that the update needs.
pub fn processes(seen: &Observation, _: &PlanRequest) -> Vec<Diagnostic> {
    let method = seen.method();
    let rolls = method == Method::RollingUpdate;
    // A rolling update under way has suspended these itself, and a rollback still resumes them.
    let by_update = |name: &str| rolls && SUSPENDED_BY_UPDATE.contains(&name);
    let suspended = seen.capacity.suspended.iter().map(String::as_str);
    let suspended = suspended.filter(|name| !(seen.stack.is_busy() && by_update(name)));
    let (needed, others): (Vec<&str>, Vec<&str>) =
        suspended.partition(|name| needed(method).contains(name));
    let (resumed, left): (Vec<&str>, Vec<&str>) =
        others.into_iter().partition(|name| by_update(name));
    let group = seen.stack.group().unwrap_or_default();
    let call = |verb: &str, names: &[&str]| {
        with_access(&format!(
            "aws autoscaling {verb}-processes --auto-scaling-group-name {} --scaling-processes {}",
            quoted(&group),
            names.join(" ")
        ))
    };
    let mut remarks = Vec::new();
    if !needed.is_empty() {
        let what = match method {
            Method::RollingUpdate => "a rolling update",
            Method::InstanceRefresh => "an instance refresh",
        };
        let words = format!(
            "suspended in the group: {}. Without that {what} replaces no instance; {}",
            needed.join(", "),
            call("resume", &needed)
        );
        remarks.push(Diagnostic::blocker("suspended-processes", words));
    }
    if !resumed.is_empty() {
        let words = format!(
            "suspended in the group: {}. A rolling update suspends these itself and resumes them at its end; one that failed may have \
             left them so. If they are to stay suspended after this one: {}",
            resumed.join(", "),
            call("suspend", &resumed)
        );
        remarks.push(Diagnostic::warning("suspended-processes", words));
    }
    if !left.is_empty() {
        let words = format!(
            "suspended in the group: {}. The update does not need them, and leaves them suspended; to resume them: {}",
            left.join(", "),
            call("resume", &left)
        );
        remarks.push(Diagnostic::warning("suspended-processes", words));
    }
    remarks
}

/// Nobody has changed the sizes since the last update: this one takes that back before it replaces
/// an instance.
pub fn scaled(seen: &Observation, _: &PlanRequest) -> Vec<Diagnostic> {
    // CloudFormation itself has changed the sizes for the operation in progress.
    if seen.stack.is_busy() {
        return Vec::new();
    }
    let (now, then) = (seen.sizes(), seen.sizes_in_update());
    let mut remarks = Vec::new();
    let step = now.desired - then.desired;
    let why = if now.desired > then.most {
        "ClusterMaxSize"
    } else {
        "ClusterSize"
    };
    if step > 0 {
        let words = format!(
            "the group has {}, and the update sets it to {} ({why}): {step} of them {} at once, before the first batch, \
             and {} tasks need room on the others. To keep them, set ClusterSize to {} in an update, or CapacityOwner to autoscaling",
            count(now.desired, "instance"),
            then.desired,
            if step == 1 { "leaves" } else { "leave" },
            if step == 1 { "its" } else { "their" },
            now.desired
        );
        remarks.push(Diagnostic::warning("scaled", words));
    }
    if step < 0 {
        let words = format!(
            "the group has {}, and the update sets it to {} ({why}): {} more {} launched at once, before the first batch",
            count(now.desired, "instance"),
            then.desired,
            -step,
            if step == -1 { "is" } else { "are" }
        );
        remarks.push(Diagnostic::warning("scaled", words));
    }
    let bounds = [
        ("MinSize", now.least, then.least, "ClusterSize"),
        ("MaxSize", now.most, then.most, "ClusterMaxSize"),
    ];
    let changed = bounds.iter().filter(|(_, now, then, _)| now != then);
    let changed =
        changed.map(|(name, now, then, key)| format!("{name} from {now} back to {then} ({key})"));
    let changed: Vec<String> = changed.collect();
    if !changed.is_empty() {
        let words = format!(
            "the group's bounds were changed since the last update, and this one sets {}",
            changed.join(" and ")
        );
        remarks.push(Diagnostic::warning("bounds", words));
    }
    remarks
}

/// The template's MaxSize leaves room for a batch, so that new instances come before old ones go.
/// CloudFormation keeps MinInstancesInService, the template's ClusterSize, in service; what the
/// group has beyond that it takes out first.
pub fn room(seen: &Observation, asked: &PlanRequest) -> Vec<Diagnostic> {
    if seen.method() != Method::RollingUpdate {
        return Vec::new();
    }
    let sizes = seen.sizes_in_update();
    let (size, most, desired) = (sizes.least, sizes.most, sizes.desired);
    let (wanted, batch) = (asked.batch(seen).min(desired.max(1)), seen.batch(asked));
    if most <= size {
        let words = format!(
            "ClusterMaxSize is {most}, and a rolling update that keeps {} in service needs more; raise \
             ClusterMaxSize to {} or more",
            count(size, "instance"),
            size + wanted
        );
        return vec![Diagnostic::blocker("max-size", words)];
    }
    let mut remarks = Vec::new();
    if batch < wanted {
        let words = format!(
            "ClusterMaxSize {most} leaves room for {batch} more than ClusterSize {size}, so a batch has {} instead of \
             {wanted}; raise ClusterMaxSize to {}",
            count(batch, "instance"),
            size + wanted
        );
        remarks.push(Diagnostic::warning("max-size", words));
    }
    // During an operation CloudFormation raises DesiredCapacity for the new instances of a batch.
    if desired > size && !seen.stack.is_busy() {
        let words = format!(
            "the group has {}, more than ClusterSize {size}: up to {} of a batch go before new ones come, and their \
             tasks need room on the others; set ClusterSize to {desired} to have new instances first",
            count(desired, "instance"),
            (desired - size).min(batch)
        );
        remarks.push(Diagnostic::warning("no-surge", words));
    }
    remarks
}

/// Nothing but the group's own instances is in the cluster.
pub fn unmanaged_instances(seen: &Observation, _: &PlanRequest) -> Vec<Diagnostic> {
    let own = |id: &str| seen.group.members.iter().any(|one| one.id == id);
    let others = seen.machines.iter().filter(|one| !own(&one.id));
    let others = some(others.map(|one| one.id.as_str()));
    if others.is_empty() {
        return Vec::new();
    }
    let words = format!(
        "members of the cluster that are not of this group: {others}. They are not rolled, and tasks may move to them"
    );
    vec![Diagnostic::warning("foreign-instances", words)]
}
