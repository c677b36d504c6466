//! What happens at the deadline, and what a person can do before it.

use jiff::Timestamp;
use workers::model::{Policy, Subject, Transition};
use workers::reconcile::NAME_PREFIX;
use workers::{Verdict, Worker};

use super::rest::agent_advice;
use super::{Explanation, Found};
use crate::aws::{Execution, quoted, with_access};
use crate::format::{between, clock};
use crate::watch::resume_command;

/// What a person can do.
pub fn advice(about: &Explanation, found: &Found) -> Vec<String> {
    let (cluster, id) = (&about.hooks.cluster, &about.member.id);
    let launching = found.subject.action.transition == Transition::Launching;
    let Ok(Some(finding)) = &found.finding else {
        return Vec::new();
    };
    if finding.verdict != Verdict::NotYet {
        return vec!["Nothing: its execution continues at its next look.".to_owned()];
    }
    if found.waits_for_resume(about.pause.as_ref()) {
        let resume = resume_command(&about.stack.name);
        return vec![format!("Resume the rollout: {resume}")];
    }
    match found.worker {
        Worker::Joined => vec![
            "Nothing, if it was just started: an instance takes one to three minutes to join."
                .to_owned(),
            agent_advice(cluster, id),
        ],
        Worker::Stable if launching => {
            let earlier = finding.extra.held_by.iter().flatten().take(3);
            let earlier = earlier.map(|id| with_access(&format!("ecs-rollout explain {id}")));
            let earlier: Vec<String> = earlier.collect();
            if earlier.is_empty() {
                vec!["Nothing: the worker checks again soon.".to_owned()]
            } else {
                vec![format!("See why those drain: {}", earlier.join("; "))]
            }
        }
        Worker::Drained => stop_advice(about),
        Worker::Stable => vec![if found.services.is_empty() {
            format!(
                "See why tasks do not start: {}, and the events of each",
                with_access(&format!("aws ecs list-services --cluster {cluster}"))
            )
        } else {
            format!(
                "See in their events why tasks do not start: {}",
                with_access(&format!(
                    "aws ecs describe-services --cluster {cluster} --services {}",
                    found.services.join(" ")
                ))
            )
        }],
        Worker::Draining | Worker::CompleteAction | Worker::Reconcile => {
            vec!["Nothing: its tasks run until its turn comes.".to_owned()]
        }
    }
}

/// How the first of the tasks that are left can be stopped.
fn stop_advice(about: &Explanation) -> Vec<String> {
    let left = about.on_cluster.tasks_left();
    let Some(first) = left.first() else {
        return vec!["Nothing: the tasks have stopped since the last look.".to_owned()];
    };
    vec![format!(
        "Wait; or stop it now (SIGTERM, then SIGKILL after its stopTimeout): {}",
        with_access(&format!(
            "aws ecs stop-task --cluster {} --task {}",
            about.hooks.cluster, first.arn
        ))
    )]
}

/// What a person can do about an instance at a hook for which no execution runs, where `ended` is
/// its last one, if that ended badly. A redrive is no help: it enters the Fail state again, and
/// fails at once.
pub fn without_execution(about: &Explanation, ended: Option<&Execution>) -> Vec<String> {
    let first = match ended {
        Some(execution) => again(about, execution),
        None => about.await_execution(),
    };
    let mut lines = vec![first];
    lines.extend(by_hand(about));
    lines.push("If nobody answers, the hook ends at its heartbeat timeout.".to_owned());
    lines
}

/// How an action whose execution failed gets another: the reconciler starts one, once.
fn again(about: &Explanation, failed: &Execution) -> String {
    let read = with_access(&format!(
        "aws stepfunctions describe-execution --execution-arn {} --query input --output text",
        failed.arn
    ));
    let start = with_access(&format!(
        "aws stepfunctions start-execution --state-machine-arn {} --input file://event.json",
        about.machine
    ));
    let by_hand = format!("{read} > event.json && {start}");
    let is_second = failed.name.starts_with(NAME_PREFIX);
    if about.stack.reconciler().is_some() && !is_second {
        format!(
            "Cure the cause. The reconciler starts another execution within 15m; or start it now: {by_hand}"
        )
    } else {
        format!(
            "Cure the cause. The reconciler starts no other execution, so start it yourself: {by_hand}"
        )
    }
}

/// How the hook is answered by hand. CONTINUE is offered only when nothing would be killed by it.
fn by_hand(about: &Explanation) -> Option<String> {
    let state = &about.member.state;
    let command = |hook: &str, result: &str| {
        with_access(&format!(
            "aws autoscaling complete-lifecycle-action --auto-scaling-group-name {} --lifecycle-hook-name {hook} --instance-id {} \
             --lifecycle-action-result {result}",
            quoted(&about.group),
            about.member.id
        ))
    };
    if !state.is_at_hook() {
        return None;
    }
    let names = &about.hook_names;
    if state.awaits_launch() {
        let hook = names.launch.as_ref()?;
        return Some(format!(
            "Or abandon the launch yourself: {}",
            command(hook, "ABANDON")
        ));
    }
    let hook = names.terminate.as_ref()?;
    Some(if about.on_cluster.tasks_left().is_empty() {
        format!(
            "Every task has stopped, so you can let it go: {}",
            command(hook, "CONTINUE")
        )
    } else {
        format!(
            "Do not answer its hook with CONTINUE: {} on it would be killed. Stop them first.",
            about.on_cluster.counted()
        )
    })
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
pub fn at_the_deadline(found: &Found, goes_forward: bool, now: Timestamp) -> Option<String> {
    let subject = &found.subject;
    let deadline = deadline_of(subject, found.worker)?;
    let what = match subject.action.transition {
        Transition::Launching => {
            if goes_forward {
                "the launch is abandoned, FAILURE is signalled, and the update rolls back"
            } else {
                "the launch is abandoned, and Auto Scaling launches another instance"
            }
        }
        Transition::Terminating => match subject.settings.policy {
            Policy::StopTasks => {
                "the policy stop-tasks stops what still runs, which has 15m to end"
            }
            Policy::Terminate => {
                "the policy terminate ends the instance, and what still runs is killed"
            }
            Policy::Retain | Policy::Keep => {
                if goes_forward {
                    "the drain fails. The instance is retained for you, and the update rolls back"
                } else {
                    "the drain fails. The instance is retained for you; the next update stops until you terminate it"
                }
            }
        },
    };
    Some(if now < deadline {
        format!(
            "At {} (in {}) {what}.",
            clock(deadline),
            between(now, deadline)
        )
    } else {
        format!("The deadline was at {}: {what}.", clock(deadline))
    })
}
