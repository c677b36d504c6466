//! What happens at the deadline, and what a person can do before it.

use jiff::Timestamp;
use workers::model::{Policy, Subject, Transition};
use workers::{Verdict, Worker};

use super::{Explanation, Found};
use crate::aws::Execution;
use crate::format::{between, clock};

/// What a person can do.
pub fn advice(about: &Explanation, found: &Found) -> Vec<String> {
    let (cluster, id) = (&about.hooks.cluster, &about.member.id);
    let launching = found.subject.action.transition == Transition::Launching;
    let Ok(Some(finding)) = &found.finding else {
        return Vec::new();
    };
    if finding.verdict != Verdict::NotYet {
        return vec!["Nothing: its execution goes on at its next look.".to_owned()];
    }
    match found.worker {
        Worker::Joined => vec![
            "Nothing, if it was just started: an instance takes one to three minutes to join."
                .to_owned(),
            format!(
                "Look at its agent: aws ec2 get-console-output --instance-id {id} --latest; on it, journalctl -u ecs and \
                 /var/log/ecs/ecs-agent.log. Does it reach ECS, is its role allowed, does ECS_CLUSTER name {cluster}?"
            ),
        ],
        Worker::Stable if launching => {
            let holders = finding.extra.held_by.iter().flatten();
            let first: Vec<String> = holders
                .take(3)
                .map(|id| format!("ecs-rollout explain {id}"))
                .collect();
            match first.is_empty() {
                true => Vec::new(),
                false => vec![format!("Ask why those drain so long: {}", first.join("; "))],
            }
        }
        Worker::Drained => {
            let left = finding.extra.tasks_left.iter().flat_map(|left| &left.arns);
            let first: Vec<&str> = left.map(|arn| arn.as_str()).take(5).collect();
            vec![
                format!(
                    "Look: aws ecs describe-tasks --cluster {cluster} --tasks {}",
                    first.join(" ")
                ),
                format!(
                    "End one now, with what it does cut off after its stop timeout: aws ecs stop-task --cluster {cluster} \
                     --task {}",
                    first.first().unwrap_or(&"…")
                ),
            ]
        }
        Worker::Stable => vec![format!(
            "Look at the services named: aws ecs describe-services --cluster {cluster} --services …; their events say why \
             tasks do not start."
        )],
        Worker::Draining | Worker::CompleteAction | Worker::Reconcile => {
            vec!["Nothing: it waits its turn, and its tasks run on meanwhile.".to_owned()]
        }
    }
}

/// What a person can do about an instance at a hook for which no execution runs, where `ended` is its last one, if that ended
/// badly. A redrive is no help: it enters the Fail state again, and fails at once.
pub fn without_execution(about: &Explanation, ended: Option<&Execution>) -> Vec<String> {
    let (region, machine) = (&about.region, &about.machine);
    let first = match ended {
        Some(execution) => format!(
            "Cure the cause. Then start an execution with the same input: aws stepfunctions describe-execution --region {region} \
             --execution-arn {} --query input --output text > event.json && aws \
             stepfunctions start-execution --region {region} --state-machine-arn {machine} --input file://event.json",
            execution.arn
        ),
        None => about.await_execution(),
    };
    let state = &about.member.state;
    let names = &about.hook_names;
    let (hook, result, effect) = match state.awaits_launch() {
        true => (&names.launch, "ABANDON", "its launch is abandoned"),
        false => (
            &names.terminate,
            "CONTINUE",
            "what still runs on it is killed",
        ),
    };
    let mut lines = vec![first];
    if let Some(hook) = hook
        .as_ref()
        .filter(|_| state.awaits_launch() || state.is_at_hook())
    {
        lines.push(format!(
            "Or answer its hook yourself; {effect}: aws autoscaling complete-lifecycle-action --region {region} \
             --auto-scaling-group-name {} --lifecycle-hook-name {hook} --instance-id {} --lifecycle-action-result {result}",
            about.group, about.member.id
        ));
    }
    lines
        .push("If nobody answers it, its hook ends by itself at its heartbeat timeout.".to_owned());
    lines
}

/// When a question has to be answered, if it has a deadline.
pub fn deadline_of(subject: &Subject, worker: Worker) -> Option<Timestamp> {
    match (subject.action.transition, worker) {
        (Transition::Launching, Worker::Joined) => Some(subject.join_deadline()),
        (Transition::Launching, _) | (Transition::Terminating, Worker::Draining) => None,
        (Transition::Terminating, _) => Some(subject.drain_deadline()),
    }
}

/// What happens when the time of a question is over.
pub fn at_the_deadline(found: &Found, now: Timestamp) -> Option<String> {
    let subject = &found.subject;
    let deadline = deadline_of(subject, found.worker)?;
    let what = match subject.action.transition {
        Transition::Launching => {
            "the launch is abandoned, FAILURE is signalled, and the update rolls back"
        }
        Transition::Terminating => match subject.settings.policy {
            Policy::StopTasks => {
                "the policy stop-tasks stops what still runs, which has 15m to end"
            }
            Policy::Terminate => {
                "the policy terminate ends the instance, and what still runs is killed"
            }
            Policy::Retain | Policy::Keep => {
                "the drain fails. The instance is retained for you, and the update rolls back"
            }
        },
    };
    Some(match now < deadline {
        true => format!(
            "At {} (in {}) {what}.",
            clock(deadline),
            between(now, deadline)
        ),
        false => format!("The deadline was at {}: {what}.", clock(deadline)),
    })
}
