//! Why an instance is where it is, in words: what is asked about it, what the answer is now, what happens at the deadline,
//! and what a person can do. Nothing here asks AWS.

mod advice;

use std::fmt::{self, Display};

use jiff::Timestamp;
use serde_json::Value;
use workers::model::{Subject, Transition, seconds_between};
use workers::{Finding, Verdict, Worker};

use crate::aws::{Execution, Hooks, Member, Ran, Stack, console};
pub use advice::deadline_of;
use advice::{advice, at_the_deadline, without_execution};

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
    /// What is done about it.
    pub life: Life,
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
pub enum Life {
    /// An execution asks a worker about it.
    Asked(Box<(Execution, Ran, Found)>),
    /// It moves, or is retained, and no execution runs for it; the last one ended so, if one did.
    Alone(Option<Box<(Execution, Ran)>>),
    /// It is at rest.
    Rests,
}

/// What the worker whose question stands finds now.
#[derive(Debug)]
pub struct Found {
    /// Whose question stands.
    pub worker: Worker,
    /// What it is about.
    pub subject: Subject,
    /// What it finds; nothing for complete-action, which only acts; or the error that it meets.
    pub finding: Result<Option<Finding>, String>,
}

/// Whether a lifecycle event is of a launch hook.
pub fn is_of_launch(input: &Value) -> bool {
    input["detail"]["LifecycleTransition"] == "autoscaling:EC2_INSTANCE_LAUNCHING"
}

/// Whose question stands: the first that has not been answered well.
pub fn asked_now(input: &Value) -> Worker {
    let launching = is_of_launch(input);
    let order: &[Worker] = match launching {
        true => &[Worker::Joined, Worker::Stable],
        false if input["draining"]["member"] == Value::Bool(false) => &[],
        false => &[Worker::Draining, Worker::Drained, Worker::Stable],
    };
    let open = order
        .iter()
        .find(|worker| input[worker.name()]["verdict"] != "Reached");
    open.copied().unwrap_or(Worker::CompleteAction)
}

impl Explanation {
    /// Whether nothing is wrong: it is at rest, or on its way in time.
    pub fn is_well(&self) -> bool {
        match &self.life {
            Life::Rests => true,
            Life::Alone(_) => false,
            Life::Asked(asked) => match &asked.2.finding {
                Ok(Some(finding)) => finding.verdict != Verdict::Never,
                Ok(None) => true,
                Err(_) => false,
            },
        }
    }

    /// The lines, each with its label.
    fn lines(&self) -> Vec<(&'static str, String)> {
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
        match &self.life {
            Life::Asked(asked) => self.asked(&mut lines, asked),
            Life::Alone(ended) => self.alone(&mut lines, ended.as_deref()),
            Life::Rests => lines.push(("now", self.at_rest())),
        }
        lines
    }

    fn at_rest(&self) -> String {
        let mut text = "No lifecycle action of it is open, and no execution runs for it: nothing waits for it.".to_owned();
        if self.launches != self.member.version {
            text += &format!(" The group launches version {} by now", self.launches);
            text += match self.stack.is_busy() {
                true => ", and the operation under way will replace it.",
                false => "; the next update of the stack that changes the AMI replaces it.",
            };
        }
        text
    }

    fn asked(
        &self,
        lines: &mut Vec<(&'static str, String)>,
        (execution, ran, found): &(Execution, Ran, Found),
    ) {
        let subject = &found.subject;
        let (way, hook) = match subject.action.transition {
            Transition::Launching => ("comes", "launch"),
            Transition::Terminating => ("leaves", "terminate"),
        };
        let spent = seconds_between(subject.began, self.now);
        lines.push((
            "way",
            format!(
                "It {way}: its {hook} hook opened at {:.0}, {spent} s ago. {}",
                subject.began,
                answers(&ran.input)
            ),
        ));
        let name = found.worker.name();
        lines.push((
            "now",
            match &found.finding {
                Ok(Some(finding)) if is_set_draining(found, finding) => {
                    "Its turn has come: at its next look draining sets it DRAINING.".to_owned()
                }
                Ok(Some(finding)) => format!("{name}: {}", finding.reason),
                Ok(None) => "All questions are answered: the lifecycle action is being completed."
                    .to_owned(),
                Err(error) => format!("{name} cannot be answered: {error}"),
            },
        ));
        if let Some(line) = at_the_deadline(found, self.now) {
            lines.push(("deadline", line));
        }
        let waiting: Vec<&str> = self.held().collect();
        if subject.action.transition == Transition::Terminating && !waiting.is_empty() {
            lines.push((
                "holds",
                format!(
                    "{} at their launch hooks wait until this and every other drain has ended: {}",
                    waiting.len(),
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
                "{}, in {} since {:.0}",
                execution.name, ran.state, ran.since
            ),
        ));
        lines.push(("", console(&self.region, &execution.arn)));
    }

    fn alone(&self, lines: &mut Vec<(&'static str, String)>, ended: Option<&(Execution, Ran)>) {
        let id = &self.member.id;
        if let Some((execution, ran)) = ended {
            let (error, cause) = ran.failure.clone().unwrap_or_default();
            let (status, state) = (&execution.status, &ran.state);
            lines.push((
                "ended",
                format!(
                    "Its execution {} is {status}, in {state}: {error}: {cause}",
                    execution.name
                ),
            ));
        }
        if self.member.state.is_retained() {
            lines.push((
                "now",
                "Its drain failed, and it is retained for you. Its tasks run on, and each rollout stops until you end it."
                    .to_owned(),
            ));
            lines.push((
                "do",
                format!(
                    "See what runs on it, and end it: ecs-rollout terminate {id} (--stop-tasks: SIGTERM first). \
                     terminate-instance-in-auto-scaling-group alone drains it once more, and retains it again."
                ),
            ));
        } else {
            lines.push((
                "now",
                format!("It is {}, and no execution runs for it.", self.member.state),
            ));
            let what = without_execution(self, ended.map(|(execution, _)| execution));
            lines.extend(what.into_iter().map(|line| ("do", line)));
        }
        if let Some((execution, _)) = ended {
            lines.push(("", console(&self.region, &execution.arn)));
        }
    }

    /// What to do while no execution has run for an instance at a hook.
    fn await_execution(&self) -> String {
        match self.stack.reconciler() {
            Some(machine) => format!(
                "Wait: its event may be up to two minutes late, and if it was lost the reconciler starts an execution within \
                 nine minutes after the hook opened, or fifteen if an event of its own is lost. If none runs by then, look whether the reconciler does: aws \
                 stepfunctions list-executions --state-machine-arn {machine} --max-items 3"
            ),
            None => format!(
                "Its event may be up to two minutes late. If none runs by then the event was lost; stack {} has no reconciler, \
                 which the template of this version adds. Start an execution with the event from the dead letters (output \
                 DeadLetterQueueUrl). Its hook ends by itself at its heartbeat timeout.",
                self.stack.name
            ),
        }
    }

    /// The instances that stand at their launch hooks.
    fn held(&self) -> impl Iterator<Item = &str> {
        let waiting = self.others.iter().filter(|one| one.state.awaits_launch());
        waiting.map(|one| one.id.as_str())
    }
}

/// Whether that is what draining would do, since a look alone does not set it.
fn is_set_draining(found: &Found, finding: &Finding) -> bool {
    let done = finding.verdict == Verdict::Reached && finding.extra.member == Some(false);
    let turn = finding.extra.turn.as_ref();
    let waits = turn.is_some_and(|turn| turn.came_at.is_none());
    found.worker == Worker::Draining && !done && !waits
}

/// What the workers have answered so far.
fn answers(input: &Value) -> String {
    let said = ["joined", "draining", "drained", "stable"]
        .iter()
        .filter_map(|name| {
            let verdict = input[name]["verdict"].as_str()?;
            Some(format!("{name} {verdict}"))
        });
    let said: Vec<String> = said.collect();
    match said.is_empty() {
        true => "Nothing is answered yet.".to_owned(),
        false => format!("Answered last: {}.", said.join(", ")),
    }
}

impl Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.member.id)?;
        for (label, text) in self.lines() {
            writeln!(f, "  {label:<10} {text}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_question_that_stands_is_the_first_that_is_not_answered_well() {
        let reached = || json!({"verdict": "Reached"});
        let not_yet = || json!({"verdict": "NotYet"});
        for (way, said, expected) in [
            ("LAUNCHING", json!({}), Worker::Joined),
            ("LAUNCHING", json!({"joined": not_yet()}), Worker::Joined),
            ("LAUNCHING", json!({"joined": reached()}), Worker::Stable),
            (
                "LAUNCHING",
                json!({"joined": reached(), "stable": reached()}),
                Worker::CompleteAction,
            ),
            ("TERMINATING", json!({}), Worker::Draining),
            (
                "TERMINATING",
                json!({"draining": reached()}),
                Worker::Drained,
            ),
            (
                "TERMINATING",
                json!({"draining": reached(), "drained": {"verdict": "Never"}}),
                Worker::Drained,
            ),
            (
                "TERMINATING",
                json!({"draining": {"verdict": "Reached", "member": false}}),
                Worker::CompleteAction,
            ),
        ] {
            let mut input = said.clone();
            input["detail"] =
                json!({"LifecycleTransition": format!("autoscaling:EC2_INSTANCE_{way}")});
            assert_eq!(asked_now(&input), expected, "{way} {said}");
        }
    }
}
