//! An instance that no lifecycle action concerns: is it as it should be?

use workers::model::group::LifecycleState;

use super::Explanation;
use crate::aws::{quoted, with_access};
use crate::format::{between, clock};

/// A line: its label, and the text.
pub type Line = (&'static str, String);

/// What is wrong with an instance at rest, with what helps; nothing if it is as it should be.
pub fn problems(about: &Explanation) -> Vec<Line> {
    let (cluster, id, on) = (&about.hooks.cluster, &about.member.id, &about.on_cluster);
    let mut lines = Vec::new();
    if about.member.state != LifecycleState::InService {
        return lines;
    }
    if !on.is_registered() {
        lines.push((
            "problem",
            format!("InService, but not registered in cluster {cluster}: ECS runs no task on it."),
        ));
        lines.push(("do", agent_advice(cluster, id)));
        return lines;
    }
    if let Some(arns) = on.draining() {
        lines.push((
            "problem",
            "InService, but DRAINING in ECS: ECS moves its tasks away and places none on it, and Auto Scaling does not replace it."
                .to_owned(),
        ));
        lines.push((
            "do",
            format!(
                "Let ECS use it again: {}",
                with_access(&format!(
                    "aws ecs update-container-instances-state --cluster {cluster} --container-instances {} --status ACTIVE",
                    arns.join(" ")
                ))
            ),
        ));
    }
    if on.agent_is_gone() {
        lines.push((
            "problem",
            "InService, but its ECS agent is not connected: ECS can neither start nor stop tasks on it. An agent reconnects several \
             times an hour; look again in a minute."
                .to_owned(),
        ));
        lines.push(("do", agent_advice(cluster, id)));
    }
    lines
}

/// How to look at the ECS agent.
pub fn agent_advice(cluster: &str, id: &str) -> String {
    format!(
        "Look at its agent: {}; on the instance, journalctl -u ecs and /var/log/ecs/ecs-agent.log. Check that it reaches ECS, \
         that its role allows the calls, and that ECS_CLUSTER is {cluster}.",
        with_access(&format!(
            "aws ec2 get-console-output --instance-id {id} --latest"
        ))
    )
}

/// The situation of an instance that no lifecycle action concerns.
pub fn situation(about: &Explanation) -> String {
    let state = &about.member.state;
    let (id, group) = (&about.member.id, &about.group);
    match state {
        LifecycleState::InService => at_work(about),
        LifecycleState::Standby => format!(
            "Standby: set aside by a person. Nothing waits for it. Return it to service: {}",
            with_access(&format!(
                "aws autoscaling exit-standby --instance-ids {id} --auto-scaling-group-name {}",
                quoted(group)
            ))
        ),
        LifecycleState::EnteringStandby => {
            "EnteringStandby: a person sets it aside. No lifecycle hook holds it on this way. Nothing to do.".to_owned()
        }
        LifecycleState::Detaching | LifecycleState::Detached => format!(
            "{state}: a person takes it out of the group. No lifecycle hook holds it on this way, and it runs on with its tasks \
             outside of the group."
        ),
        LifecycleState::Pending => {
            "Pending: EC2 starts it. Its launch hook is not open yet. Nothing to do.".to_owned()
        }
        LifecycleState::PendingProceed => {
            "Pending:Proceed: its launch hook is answered, and Auto Scaling puts it in service. Nothing to do.".to_owned()
        }
        LifecycleState::Terminating => {
            "Terminating: load balancers deregister it first, then its terminate hook opens. Nothing to do.".to_owned()
        }
        LifecycleState::TerminatingProceed | LifecycleState::WarmedTerminatingProceed => {
            format!("{state}: its terminate hook is answered, and EC2 terminates it. Nothing to do.")
        }
        other => format!("{other}: no lifecycle action of it is open, and no execution runs for it."),
    }
}

fn at_work(about: &Explanation) -> String {
    if about.launches == about.member.version {
        return "In service. No lifecycle action of it is open, and nothing waits for it."
            .to_owned();
    }
    let when = if about.stack.is_busy() {
        "the operation under way replaces it"
    } else {
        "the next update of the stack that changes the AMI replaces it"
    };
    format!(
        "In service, and nothing waits for it. The group launches version {} now: {when}.",
        about.launches
    )
}

/// That you asked to terminate the instance, if that is still in force.
pub fn requested(about: &Explanation) -> Option<Line> {
    let at = about.on_cluster.termination_requested(about.now)?;
    let id = &about.member.id;
    Some((
        "request",
        format!(
            "You asked to terminate it at {} ({} ago): its tasks are not waited for. If that was interrupted, run it again: \
             {}",
            clock(at),
            between(at, about.now),
            with_access(&format!("ecs-rollout terminate {id}"))
        ),
    ))
}
