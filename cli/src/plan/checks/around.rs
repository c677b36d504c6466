//! The stack, the AMI, and what the group is allowed to do.

use super::{Asked, Remark, Seen, some};

/// Statuses from which CloudFormation takes an update (documented).
const TAKES_AN_UPDATE: [&str; 5] = [
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
];

/// The stack takes an update now.
pub fn stack(seen: &Seen, _: &Asked) -> Vec<Remark> {
    let (name, status) = (&seen.stack.name, seen.stack.status.as_str());
    if TAKES_AN_UPDATE.contains(&status) {
        return Vec::new();
    }
    if seen.stack.is_busy() {
        let words = format!(
            "stack {name} is {status}, and takes no update before that is over; see it with ecs-rollout watch {name}"
        );
        return vec![Remark::blocker("stack-busy", words)];
    }
    let out = match status {
        "UPDATE_ROLLBACK_FAILED" => {
            "cure the cause, then aws cloudformation continue-update-rollback --stack-name".to_owned()
        }
        "ROLLBACK_COMPLETE" | "CREATE_FAILED" | "ROLLBACK_FAILED" | "DELETE_FAILED" => {
            "delete it and create it anew; its events tell what failed: aws cloudformation describe-stack-events --stack-name"
                .to_owned()
        }
        _ => "its events tell why: aws cloudformation describe-stack-events --stack-name".to_owned(),
    };
    let words = format!(
        "stack {name} is {status}, from which CloudFormation takes no update; {out} {name}"
    );
    vec![Remark::blocker("stack-failed", words)]
}

/// The AMI is named, and is another one.
pub fn ami(seen: &Seen, asked: &Asked) -> Vec<Remark> {
    let parameter = &seen.ami_parameter;
    let Some(ami) = asked.new_ami(seen) else {
        let words = format!(
            "there is no SSM parameter {parameter}, from which the stack takes the AMI id; put one there: aws ssm put-parameter \
             --name {parameter} --type String --value ami-…"
        );
        return vec![Remark::blocker("ami-parameter", words)];
    };
    if !is_ami(ami) {
        let words = format!(
            "SSM parameter {parameter} holds {ami:?}, which is no AMI id (ami- and 8 or 17 hexadecimal digits)"
        );
        return vec![Remark::blocker("ami-parameter", words)];
    }
    let all_have_it = |ami: &str| {
        let mut own = seen.own_machines();
        own.all(|machine| machine.attribute("ecs.ami-id") == Some(ami))
    };
    if seen.last_ami.as_deref() == Some(ami) && all_have_it(ami) {
        let words = format!(
            "there is nothing to roll: all instances are on {ami}, and SSM parameter {parameter} still names it; what is said \
             here is for when it names another"
        );
        return vec![Remark::warning("same-ami", words)];
    }
    Vec::new()
}

fn is_ami(text: &str) -> bool {
    let digits = text.strip_prefix("ami-").unwrap_or_default();
    matches!(digits.len(), 8 | 17) && digits.bytes().all(|one| one.is_ascii_hexdigit())
}

/// Our hooks are there, and whose others are.
pub fn hooks(seen: &Seen, _: &Asked) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for (of_launch, moment) in [(true, "launch"), (false, "terminate")] {
        let mut hooks = seen
            .hooks
            .iter()
            .filter(|hook| hook.is_of_launch == of_launch);
        if !hooks.any(|hook| hook.ours.is_some()) {
            let words = format!(
                "the group has no {moment} hook of this stack, so instances {} without anybody asking; somebody deleted it: put it \
                 back by an update of the stack that changes it",
                if of_launch { "come" } else { "go" }
            );
            remarks.push(Remark::blocker("hooks-missing", words));
        }
    }
    let others = seen.hooks.iter().filter(|hook| hook.ours.is_none());
    let others = some(others.map(|hook| hook.name.as_str()));
    if !others.is_empty() {
        let words = format!(
            "hooks that are not of this stack: {others}. An instance comes or goes only when they are answered too, and what they \
             take counts into CloudFormation's hour for each batch"
        );
        remarks.push(Remark::warning("foreign-hooks", words));
    }
    remarks
}

/// No process is suspended that a roll needs.
pub fn processes(seen: &Seen, _: &Asked) -> Vec<Remark> {
    let suspended = seen.capacity.suspended.iter().map(String::as_str);
    let (needed, others): (Vec<&str>, Vec<&str>) =
        suspended.partition(|process| ["Launch", "Terminate"].contains(process));
    let group = seen.stack.group().unwrap_or_default();
    let resume = format!(
        "aws autoscaling resume-processes --auto-scaling-group-name {group} --scaling-processes"
    );
    let mut remarks = Vec::new();
    if !needed.is_empty() {
        let words = format!(
            "the group's processes {} are suspended, without which no instance is replaced; {resume} {}",
            needed.join(", "),
            needed.join(" ")
        );
        remarks.push(Remark::blocker("suspended-processes", words));
    }
    if !others.is_empty() {
        let words = format!(
            "the group's processes {} are suspended, which a failed roll may have left so; if nobody wants that: {resume} {}",
            some(others.iter().copied()),
            others.join(" ")
        );
        remarks.push(Remark::warning("suspended-processes", words));
    }
    remarks
}

/// The group may have more instances than it has, so that new ones come first.
pub fn room(seen: &Seen, asked: &Asked) -> Vec<Remark> {
    let (desired, most) = (seen.capacity.desired, seen.capacity.most);
    if seen.word("UpdateMethod", "RollingUpdate") != "RollingUpdate" {
        return Vec::new();
    }
    let (size, batch) = (seen.number("ClusterSize", 0), asked.batch(seen));
    if most <= size {
        let words = format!(
            "the group's MaxSize is {most}, and a rolling update that keeps {size} in service needs more; raise ClusterMaxSize to \
             {} or more",
            size + batch
        );
        return vec![Remark::blocker("max-size", words)];
    }
    if desired + batch > most {
        let words = format!(
            "the group has {desired} instances, and its MaxSize {most} leaves no room for a batch of {batch} more: instances go \
             before new ones come, and their tasks need room on the others; raise ClusterMaxSize, or roll with a smaller batch"
        );
        return vec![Remark::warning("max-size", words)];
    }
    Vec::new()
}

/// Nobody holds the group as it is.
pub fn hold(seen: &Seen, _: &Asked) -> Vec<Remark> {
    let Some(why) = seen.capacity.on_hold.as_deref() else {
        return Vec::new();
    };
    let words = format!(
        "somebody holds the group as it is ('{why}'), so no instance comes or goes; ecs-rollout resume {}",
        seen.stack.name
    );
    vec![Remark::blocker("on-hold", words)]
}

/// No instance refresh goes on.
pub fn refresh(seen: &Seen, _: &Asked) -> Vec<Remark> {
    let Some(status) = seen.capacity.refresh.as_deref() else {
        return Vec::new();
    };
    let words = format!(
        "an instance refresh of the group is {status}; wait for its end, or cancel it with aws autoscaling cancel-instance-refresh"
    );
    vec![Remark::blocker("refresh-running", words)]
}
