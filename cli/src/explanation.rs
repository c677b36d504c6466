//! Why an instance is where it is, in words: what is asked about it, what the answer is now, what
//! happens at the deadline, and what a person can do. Nothing here asks AWS.

mod advice;
mod cluster;
mod detached;
mod found;
mod json;
mod pending_execution;
mod rest;

use std::fmt::{self, Display};

use jiff::Timestamp;
use workers::model::Transition;
use workers::{Verdict, Worker};

use crate::aws::{
    Execution, Hooks, Member, Pause, Ran, Stack, console, error_text, with_access, with_access_in,
};
use crate::format::{between, clock};
use crate::watch::{LastAnswer, paused, why_retained, without_instance};
pub use advice::deadline_of;
use advice::{advice, at_the_deadline, without_execution};
pub use cluster::OnCluster;
pub use detached::Detached;
pub use found::Found;
use rest::{Line, problems, requested, situation};

/// The column at which the texts of an explanation stand.
pub const VALUES: usize = 13;

/// What is known about an instance.
#[derive(Debug)]
pub struct Explanation {
    /// AWS's time.
    pub now: Timestamp,
    /// The Region.
    pub region: String,
    /// Its group.
    pub group: String,
    /// The launch template's version that the group launches from.
    pub launches: String,
    /// The group's other instances.
    pub others: Vec<Member>,
    /// The instance.
    pub member: Member,
    /// What our hooks say.
    pub hooks: Hooks,
    /// Our hooks' names: of the launch hook, if the group has it, and of the terminate hook.
    pub hook_names: HookNames,
    /// The ARN of the state machine.
    pub machine: String,
    /// The stack.
    pub stack: Stack,
    /// How ECS sees it.
    pub on_cluster: OnCluster,
    /// Whether the group is paused.
    pub pause: Option<Pause>,
    /// When CloudFormation gives the batch up, if the group is paused and a batch waits.
    pub times_out: Option<Timestamp>,
    /// When the activity began at whose hook it is, if no execution runs for it.
    pub opened: Option<Timestamp>,
    /// What is done about it.
    pub life: InstanceState,
}

/// The names of our hooks, of those that the group has.
#[derive(Debug, Default)]
pub struct HookNames {
    /// Of the launch hook.
    pub launch: Option<String>,
    /// Of the terminate hook.
    pub terminate: Option<String>,
}

/// What is done about an instance.
#[derive(Debug)]
pub enum InstanceState {
    /// An execution asks a worker about it.
    Asked(Box<(Execution, Ran, Found)>),
    /// It moves, or is retained, and no execution runs for it; the last one ended so, if one did.
    Alone(Option<Box<(Execution, Ran)>>),
    /// It is at rest.
    Rests,
}

impl Explanation {
    /// Whether nothing is wrong: it is at rest, or on its way in time.
    pub fn is_well(&self) -> bool {
        match &self.life {
            InstanceState::Rests => problems(self).is_empty(),
            InstanceState::Alone(ended) => ended.is_none() && self.execution_may_come(),
            InstanceState::Asked(asked) => match &asked.2.finding {
                Ok(Some(finding)) => finding.verdict != Verdict::Never,
                Ok(None) => true,
                Err(_) => false,
            },
        }
    }

    /// The lines, each with its label.
    fn lines(&self) -> Vec<Line> {
        let (group, stack) = (&self.group, &self.stack);
        let mut lines = vec![(
            "where",
            format!(
                "{} in group {group}, {}, launch template version {}; cluster {}; stack {} is {}",
                self.member.state,
                self.member.zone,
                self.member.version,
                self.hooks.cluster,
                stack.name,
                stack.status
            ),
        )];
        if let Some(pause) = &self.pause {
            let text = paused(pause, self.times_out, self.now, &stack.name);
            lines.push(("paused", text));
        }
        lines.extend(requested(self));
        match &self.life {
            InstanceState::Asked(asked) => {
                let (execution, ran, found) = &**asked;
                self.asked(&mut lines, execution, ran, found);
            }
            InstanceState::Alone(ended) => self.alone(&mut lines, ended.as_deref()),
            InstanceState::Rests => {
                let problems = problems(self);
                if problems.is_empty() {
                    lines.push(("now", situation(self)));
                }
                lines.extend(problems);
            }
        }
        lines
    }

    fn asked(&self, lines: &mut Vec<Line>, execution: &Execution, ran: &Ran, found: &Found) {
        let subject = &found.subject;
        let hook = match subject.action.transition {
            Transition::Launching => "Launch",
            Transition::Terminating => "Terminate",
        };
        lines.push((
            "hook",
            format!(
                "{hook} hook open since {} ({}): {}.",
                clock(subject.began),
                between(subject.began, self.now),
                if found.waits_for_resume(self.pause.as_ref()) {
                    "paused"
                } else {
                    LastAnswer::last(&ran.input).situation()
                }
            ),
        ));
        lines.push(("now", self.situation(found)));
        if found.worker == Worker::Drained {
            self.tasks(lines);
        }
        if let Some(line) = at_the_deadline(found, self.stack.goes_forward(), self.now) {
            lines.push(("deadline", line));
        }
        let waiting: Vec<&str> = self.queued().collect();
        if subject.action.transition == Transition::Terminating && !waiting.is_empty() {
            lines.push((
                "queued",
                format!(
                    "{} for this and every other open drain: {}",
                    match waiting.len() {
                        1 => "1 new instance waits".to_owned(),
                        more => format!("{more} new instances wait"),
                    },
                    waiting.join(", ")
                ),
            ));
        }
        for line in advice(self, found) {
            lines.push(("do", line));
        }
        lines.push((
            "execution",
            format!(
                "{}, in {} since {}",
                execution.name,
                ran.state,
                clock(ran.since)
            ),
        ));
        lines.push(("", console(&self.region, &execution.arn)));
    }

    /// What its execution waits for now.
    fn situation(&self, found: &Found) -> String {
        match &found.finding {
            Ok(Some(_)) if found.waits_for_resume(self.pause.as_ref()) => {
                "Waiting until the rollout is resumed, and for nothing else.".to_owned()
            }
            Ok(Some(finding)) if found.is_set_draining(finding) => {
                "Its turn has come: the next look sets it DRAINING.".to_owned()
            }
            Ok(Some(finding)) => {
                with_access_in(&without_instance(&finding.reason, &self.member.id))
            }
            Ok(None) => {
                "All questions are answered: the lifecycle action is being completed.".to_owned()
            }
            Err(error) => format!(
                "{} cannot answer: {}",
                found.worker.name(),
                error_text(error)
            ),
        }
    }

    /// The tasks that are left on it.
    fn tasks(&self, lines: &mut Vec<Line>) {
        let tasks = self.on_cluster.lines(self.now);
        lines.extend(tasks.into_iter().map(|task| ("task", task)));
    }

    fn alone(&self, lines: &mut Vec<Line>, ended: Option<&(Execution, Ran)>) {
        let id = &self.member.id;
        if let Some((execution, ran)) = ended {
            let (error, cause) = ran.failure.clone().unwrap_or_default();
            let (status, state) = (&execution.status, &ran.state);
            lines.push((
                "ended",
                format!(
                    "Execution {} {status} in {state}: {error}: {cause}",
                    execution.name
                ),
            ));
        }
        if self.member.state.can_be_ended() {
            lines.push((
                "now",
                format!(
                    "{}, retained for you: {} left. Each rollout stops until you terminate it.",
                    why_retained(&self.member.state),
                    self.on_cluster.counted()
                ),
            ));
            self.tasks(lines);
            lines.push((
                "do",
                format!(
                    "Terminate it: {} (--stop-tasks: SIGTERM first). terminate-instance-in-auto-scaling-group alone drains it once \
                     more, and retains it again.",
                    with_access(&format!("ecs-rollout terminate {id}"))
                ),
            ));
        } else {
            lines.push(("now", self.without_execution()));
            self.tasks(lines);
            let what = without_execution(self, ended.map(|(execution, _)| execution));
            lines.extend(what.into_iter().map(|line| ("do", line)));
        }
        if let Some((execution, _)) = ended {
            lines.push(("", console(&self.region, &execution.arn)));
        }
    }

    /// The instances that stand at their launch hooks.
    fn queued(&self) -> impl Iterator<Item = &str> {
        let waiting = self.others.iter().filter(|one| one.state.awaits_launch());
        waiting.map(|one| one.id.as_str())
    }
}

impl Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_lines(f, &self.member.id, &self.lines())
    }
}

fn write_lines(f: &mut fmt::Formatter<'_>, instance: &str, lines: &[Line]) -> fmt::Result {
    writeln!(f, "{instance}")?;
    for (label, text) in lines {
        writeln!(f, "  {label:<width$} {text}", width = VALUES - 3)?;
    }
    Ok(())
}
