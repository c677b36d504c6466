//! What happens at the deadline, and what a person can do before it.

use jiff::Timestamp;
use workers::model::{Policy, Transition, seconds_between};
use workers::{Verdict, Worker};

use super::{Explanation, Found};
use crate::aws::Execution;

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
    lines.push("If nobody answers it, its hook ends by itself at its heartbeat timeout.".to_owned());
    lines
}

/// What happens when the time of a question is over.
pub fn at_the_deadline(found: &Found, now: Timestamp) -> Option<String> {
    let subject = &found.subject;
    let (deadline, what) = match (subject.action.transition, found.worker) {
        (Transition::Launching, Worker::Joined) => (
            subject.join_deadline(),
            "its launch is abandoned, FAILURE is signalled, and the roll goes back",
        ),
        (Transition::Launching, _) => return None,
        (Transition::Terminating, Worker::Draining) => return None,
        (Transition::Terminating, _) => (
            subject.drain_deadline(),
            match subject.settings.policy {
                Policy::StopTasks => {
                    "its policy is stop-tasks: what still runs there is told to stop, and has 15 minutes to"
                }
                Policy::Terminate => {
                    "its policy is terminate: it goes, and what still runs there is cut off"
                }
                Policy::Retain | Policy::Keep => {
                    "its policy is retain: it is kept with its tasks, the next new instance says Never, and the roll goes back"
                }
            },
        ),
    };
    let left = seconds_between(now, deadline);
    Some(match now < deadline {
        true => format!("At {deadline:.0}, in {left} s: {what}."),
        false => format!("It was at {deadline:.0}: {what}."),
    })
}
