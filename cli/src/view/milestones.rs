//! The milestones of a rehearsed rollout: the few happenings that tell how it went, out of all that
//! happened.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use simulator::narrator::{FailedWorkers, Severity};
use simulator::trace::{
    ExecutionEvent, LifecycleState, Record, SpotEvent, StackStatus, TraceEvent,
};

use crate::format::{between, count, duration, shortened};

/// The stack of every rehearsal.
const STACK: &str = "ecs-cluster";

/// So many instances at most get a milestone each; of more it is each tenth of them.
const EACH_UP_TO: usize = 8;

/// A milestone's text is no longer than that; `--verbose` shows all of it.
const TEXT_AT_MOST: usize = 160;

/// So many milestones of one kind of trouble are shown; all of them are among the lines of
/// `--verbose`.
const OF_A_KIND: usize = 3;

/// A milestone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Milestone {
    /// Time since the rollout began; nothing before that.
    pub at: Option<Duration>,
    /// What happened.
    pub text: String,
    /// How it strikes the reader.
    pub severity: Severity,
}

/// Picks the milestones out of the facts.
#[derive(Debug, Default)]
pub struct Milestones {
    began: Option<Timestamp>,
    rolls: bool,
    /// Whether the rollout rolls back: then nothing is replaced any more, though old instances may
    /// still go.
    rolls_back: bool,
    /// The AMI and the state of each instance of the group.
    instances: BTreeMap<String, (String, LifecycleState)>,
    old: BTreeSet<String>,
    /// The AMIs that the instances had when the rollout began.
    old_amis: BTreeSet<String>,
    size: usize,
    gone: usize,
    /// How many instances were replaced when that was counted last.
    replaced: usize,
    /// When each instance that leaves reached its terminate hook.
    leaving: BTreeMap<String, Timestamp>,
    troubles: BTreeMap<&'static str, usize>,
    /// The instances about which a worker gave up: that their executions then fail is no news.
    given_up: BTreeSet<String>,
    /// The instances that EC2 took back.
    reclaimed: BTreeSet<String>,
    /// The workers that failed, to name the one that an execution's cause is about.
    failed: FailedWorkers,
    /// What went wrong first.
    pub cause: Option<String>,
}

/// The words of a milestone and how good it is, if it is one.
type Words = Option<(String, Severity)>;

impl Milestones {
    /// The milestone that a fact is, if it is one.
    pub fn of(&mut self, told: &Record) -> Option<Milestone> {
        self.failed.note(&told.event);
        let course = self.course(told);
        let (text, severity) = course.or_else(|| self.went_wrong(&told.event))?;
        let since = |began| told.at.duration_since(began).unsigned_abs();
        Some(Milestone {
            at: self.began.map(since),
            text: shortened(&text, TEXT_AT_MOST),
            severity,
        })
    }

    /// How many instances are replaced now, of how many: the old one is gone, and one on the new
    /// AMI is in service.
    pub fn replaced(&self) -> (usize, usize) {
        let states = self.instances.values();
        let on_new = states.filter(|(ami, state)| {
            *state == LifecycleState::InService && !self.old_amis.contains(ami)
        });
        (self.gone.min(on_new.count()), self.size)
    }

    /// What the stack and its instances do.
    fn course(&mut self, told: &Record) -> Words {
        match &told.event {
            TraceEvent::Stack {
                stack,
                logical_id,
                status,
                reason,
                ..
            } if stack == STACK && logical_id == STACK => self.stack(told.at, *status, reason),
            TraceEvent::Lifecycle {
                instance,
                ami,
                state,
                ..
            } => self.lifecycle(told.at, instance, ami, *state),
            _ => None,
        }
    }

    /// What goes wrong.
    fn went_wrong(&mut self, fact: &TraceEvent) -> Words {
        match fact {
            TraceEvent::Invocation {
                instance,
                function,
                verdict,
                reason,
                ..
            } if verdict == "Never" => {
                self.given_up.insert(instance.clone());
                // Of all reasons this alone begins with the instance.
                self.trouble("never", reason.clone())
            }
            TraceEvent::Execution {
                instance,
                what: ExecutionEvent::Ended { status, .. },
                ..
            } if !self.given_up.contains(instance) => {
                let reason = self.failed.reason(fact)?;
                match instance.as_str() {
                    "" => self.trouble("reconciler", format!("reconciler {status}, {reason}")),
                    instance => self.trouble("execution", format!("{instance} {status}, {reason}")),
                }
            }
            // That an instance which EC2 took back died with its tasks is told already.
            TraceEvent::Died { instance } | TraceEvent::TaskKilled { instance, .. }
                if self.reclaimed.contains(instance) =>
            {
                None
            }
            TraceEvent::Died { instance } => self.trouble("died", format!("{instance} died")),
            TraceEvent::Spot { instance, what } => self.spot(instance, *what),
            TraceEvent::TaskKilled {
                group, instance, ..
            } => {
                let text = format!("a task of {group} was killed with {instance}");
                self.trouble("killed", text)
            }
            _ => None,
        }
    }

    fn stack(&mut self, at: Timestamp, status: StackStatus, reason: &str) -> Words {
        Some(match status {
            StackStatus::UpdateInProgress if !self.rolls => {
                (self.rolls, self.began) = (true, Some(at));
                self.old = self.instances.keys().cloned().collect();
                self.old_amis = self
                    .instances
                    .values()
                    .map(|(ami, _)| ami.clone())
                    .collect();
                self.size = self.in_service();
                let count = count(self.size, "instance");
                (
                    format!("the update begins: {count} to replace"),
                    Severity::Plain,
                )
            }
            StackStatus::UpdateRollbackInProgress => {
                self.rolls_back = true;
                self.cause.get_or_insert_with(|| reason.to_owned());
                (format!("the update rolls back: {reason}"), Severity::Bad)
            }
            StackStatus::UpdateComplete => (
                "CloudFormation is done: UPDATE_COMPLETE".to_owned(),
                Severity::Good,
            ),
            StackStatus::UpdateRollbackComplete => (
                "CloudFormation is done: UPDATE_ROLLBACK_COMPLETE".to_owned(),
                Severity::Plain,
            ),
            other if other.is_failed() => {
                self.cause.get_or_insert_with(|| reason.to_owned());
                (format!("the stack is {other}: {reason}"), Severity::Bad)
            }
            _ => return None,
        })
    }

    fn in_service(&self) -> usize {
        let serves = |(_, state): &&(_, LifecycleState)| *state == LifecycleState::InService;
        self.instances.values().filter(serves).count()
    }

    fn lifecycle(
        &mut self,
        at: Timestamp,
        instance: &str,
        ami: &str,
        state: LifecycleState,
    ) -> Words {
        let entry = (ami.to_owned(), state);
        self.instances.insert(instance.to_owned(), entry);
        match state {
            LifecycleState::TerminatingWait => {
                self.leaving.entry(instance.to_owned()).or_insert(at);
                None
            }
            LifecycleState::TerminatingRetained | LifecycleState::WarmedPendingRetained => Some((
                format!("{instance} is retained: its drain failed"),
                Severity::Bad,
            )),
            LifecycleState::Terminated => {
                self.instances.remove(instance);
                self.gone(at, instance)
            }
            LifecycleState::InService => self.step(format!("{instance} is in service")),
            _ => None,
        }
    }

    /// One more instance is replaced, if that is so: a milestone for each of a few, or for each
    /// tenth of many.
    fn step(&mut self, what: String) -> Words {
        if !self.rolls || self.rolls_back {
            return None;
        }
        let (now, size) = self.replaced();
        let before = std::mem::replace(&mut self.replaced, now);
        let tenth = |replaced: usize| replaced * 10 / size.max(1);
        let text = match size <= EACH_UP_TO {
            true if now > before => format!("{now} of {size} replaced: {what}"),
            false if tenth(now) > tenth(before) => format!("{now} of {size} replaced"),
            _ => return None,
        };
        Some((text, Severity::Good))
    }

    /// An instance is gone: it may be the old one of a replaced instance.
    fn gone(&mut self, at: Timestamp, instance: &str) -> Words {
        let left = self.leaving.remove(instance);
        if !self.rolls {
            return None;
        }
        let took = left.map_or_else(String::new, |left| {
            format!(", {} after its hook opened", between(left, at))
        });
        let is_old = self.old.remove(instance);
        self.gone += usize::from(is_old);
        let step = self.step(format!("{instance} is gone{took}"));
        // It replaces nothing, as in a rollback; many of them are no milestones.
        let is_few = self.size <= EACH_UP_TO;
        let which = if is_old { "old" } else { "new" };
        let text = || format!("{instance} is gone, which had the {which} AMI{took}");
        step.or_else(|| is_few.then(|| (text(), Severity::Plain)))
    }

    fn spot(&mut self, instance: &str, what: SpotEvent) -> Words {
        match what {
            SpotEvent::Notice => self.trouble(
                "notice",
                format!("EC2 takes {instance} back in {}", duration_of_notice()),
            ),
            SpotEvent::AtRisk => self.trouble("risk", format!("EC2 may take {instance} back soon")),
            SpotEvent::Reclaimed { not_stopped } => {
                self.reclaimed.insert(instance.to_owned());
                let tasks = count(not_stopped, "task");
                let text = format!("EC2 took {instance} back, with {tasks} that had not stopped");
                self.trouble("reclaimed", text)
            }
        }
    }

    /// Something that went wrong; the first few of a kind are milestones.
    fn trouble(&mut self, kind: &'static str, text: String) -> Words {
        if matches!(kind, "never" | "execution") {
            self.cause.get_or_insert_with(|| text.clone());
        }
        let count = self.troubles.entry(kind).or_default();
        *count += 1;
        match *count {
            1..=OF_A_KIND => Some((text, Severity::Bad)),
            _ => None,
        }
    }
}

/// EC2 gives two minutes of notice
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html>).
fn duration_of_notice() -> String {
    duration(jiff::SignedDuration::from_mins(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(second: i64, event: TraceEvent) -> Record {
        Record {
            at: Timestamp::from_second(second).expect("a time"),
            event,
        }
    }

    fn stack(second: i64, status: &str) -> Record {
        record(
            second,
            TraceEvent::Stack {
                stack: STACK.to_owned(),
                logical_id: STACK.to_owned(),
                resource_type: "AWS::CloudFormation::Stack".to_owned(),
                status: StackStatus::named(status).expect("a status"),
                reason: String::new(),
            },
        )
    }

    fn lifecycle(second: i64, instance: usize, state: &str) -> Record {
        of_ami("ami-1", second, instance, state)
    }

    fn of_ami(ami: &str, second: i64, instance: usize, state: &str) -> Record {
        record(
            second,
            TraceEvent::Lifecycle {
                group: "g".to_owned(),
                instance: format!("i-{instance}"),
                ami: ami.to_owned(),
                state: LifecycleState::named(state).expect("a state"),
                reason: "".into(),
            },
        )
    }

    fn texts(facts: impl IntoIterator<Item = Record>) -> Vec<String> {
        let mut milestones = Milestones::default();
        let picked = facts.into_iter().filter_map(|told| milestones.of(&told));
        picked
            .map(|it| match it.at {
                Some(at) => format!("{} {}", at.as_secs(), it.text),
                None => format!("before {}", it.text),
            })
            .collect()
    }

    #[test]
    fn a_small_rollout_has_a_milestone_for_each_instance() {
        let facts = [
            lifecycle(0, 1, "InService"),
            lifecycle(0, 2, "InService"),
            stack(10, "CREATE_COMPLETE"),
            stack(100, "UPDATE_IN_PROGRESS"),
            of_ami("ami-2", 130, 3, "InService"),
            lifecycle(140, 1, "Terminating:Wait"),
            lifecycle(200, 1, "Terminated"),
        ];
        assert_eq!(
            texts(facts),
            [
                "0 the update begins: 2 instances to replace",
                "100 1 of 2 replaced: i-1 is gone, 1m00s after its hook opened",
            ]
        );
    }

    #[test]
    fn what_goes_wrong_before_the_update_has_no_time_of_the_rollout() {
        let died = TraceEvent::Died {
            instance: "i-1".to_owned(),
        };
        let facts = [
            lifecycle(0, 1, "InService"),
            record(90, died),
            stack(100, "CREATE_COMPLETE"),
            stack(200, "UPDATE_IN_PROGRESS"),
            stack(260, "UPDATE_COMPLETE"),
        ];
        assert_eq!(
            texts(facts),
            [
                "before i-1 died",
                "0 the update begins: 1 instance to replace",
                "60 CloudFormation is done: UPDATE_COMPLETE",
            ]
        );
    }

    #[test]
    fn a_large_rollout_has_ten_milestones() {
        let many = (0..100).map(|number| lifecycle(0, number, "InService"));
        let begins = [stack(10, "UPDATE_IN_PROGRESS")];
        let come = (100..200).map(|number| of_ami("ami-2", 15, number, "InService"));
        let go = (0..100).map(|number| lifecycle(20, number, "Terminated"));
        let texts = texts(many.chain(begins).chain(come).chain(go));
        assert_eq!(texts.len(), 11, "{texts:?}");
        assert_eq!(texts[10], "10 100 of 100 replaced");
    }

    #[test]
    fn replaced_is_what_is_on_the_new_ami_when_it_is_said() {
        let mut milestones = Milestones::default();
        let mut take = |told: Record| {
            let text = milestones.of(&told).map(|it| it.text);
            (text.unwrap_or_default(), milestones.replaced().0)
        };
        take(lifecycle(0, 1, "InService"));
        take(lifecycle(0, 2, "InService"));
        take(stack(10, "UPDATE_IN_PROGRESS"));
        // An old one goes before its replacement has come.
        let (text, replaced) = take(lifecycle(20, 1, "Terminated"));
        assert_eq!(
            (text.as_str(), replaced),
            ("i-1 is gone, which had the old AMI", 0)
        );
        let (text, replaced) = take(of_ami("ami-2", 30, 3, "InService"));
        assert_eq!(
            (text.as_str(), replaced),
            ("1 of 2 replaced: i-3 is in service", 1)
        );
        // In a rollback an old instance may go while a new one still serves: that one does not
        // stay.
        take(of_ami("ami-2", 35, 5, "InService"));
        take(stack(40, "UPDATE_ROLLBACK_IN_PROGRESS"));
        take(lifecycle(50, 4, "InService"));
        let (text, _) = take(lifecycle(55, 2, "Terminated"));
        assert_eq!(text, "i-2 is gone, which had the old AMI");
        take(of_ami("ami-2", 58, 5, "Terminated"));
        let (text, replaced) = take(of_ami("ami-2", 60, 3, "Terminated"));
        assert_eq!(
            (text.as_str(), replaced),
            ("i-3 is gone, which had the new AMI", 0)
        );
    }

    fn ended(second: i64, instance: &str, error: &str) -> Record {
        let cause = r#"{"errorMessage":"It cannot.","errorType":"ServiceException"}"#;
        record(
            second,
            TraceEvent::Execution {
                execution: format!("of-{instance}"),
                instance: instance.to_owned(),
                what: ExecutionEvent::Ended {
                    status: simulator::trace::ExecutionStatus::Failed,
                    error: error.to_owned(),
                    cause: cause.to_owned(),
                    history_events: 9,
                },
            },
        )
    }

    fn attempt(second: i64, instance: &str, function: &str) -> Record {
        record(
            second,
            TraceEvent::Invocation {
                execution: format!("arn:aws:states:eu-west-1:1:execution:m:of-{instance}"),
                function: function.to_owned(),
                instance: instance.to_owned(),
                result: String::new(),
                failed: true,
                verdict: "Lambda.ServiceException".to_owned(),
                reason: "It cannot.".to_owned(),
                answer: serde_json::Value::Null,
                billed_ms: 1,
            },
        )
    }

    #[test]
    fn a_failed_execution_names_the_worker_and_the_reconciler_is_not_nobody() {
        let mut milestones = Milestones::default();
        let facts = [
            attempt(1, "", "DevCluster-reconcile"),
            ended(2, "", "ReconcileFailed"),
            attempt(3, "i-1", "DevCluster-draining"),
            ended(4, "i-1", "HookLeftOpen"),
        ];
        let shown = facts.iter().filter_map(|told| milestones.of(told));
        let shown: Vec<String> = shown.map(|it| it.text).collect();
        let meaning = "Lambda itself failed (ServiceException: It cannot.)";
        assert_eq!(
            shown,
            [
                format!("reconciler FAILED, ReconcileFailed: worker reconcile failed: {meaning}"),
                format!("i-1 FAILED, HookLeftOpen: worker draining failed: {meaning}"),
            ]
        );
        let cause = milestones.cause.as_deref();
        assert!(
            cause.is_some_and(|it| it.starts_with("i-1 FAILED, HookLeftOpen")),
            "{cause:?}"
        );
    }

    #[test]
    fn troubles_of_a_kind_are_shown_three_times_and_the_first_is_the_cause() {
        let never = |second: i64, reason: &str| {
            record(
                second,
                TraceEvent::Invocation {
                    execution: String::new(),
                    function: "DevCluster-joined".to_owned(),
                    instance: "i-1".to_owned(),
                    result: String::new(),
                    failed: false,
                    verdict: "Never".to_owned(),
                    reason: reason.to_owned(),
                    answer: serde_json::Value::Null,
                    billed_ms: 1,
                },
            )
        };
        let mut milestones = Milestones::default();
        let shown = (0..9)
            .filter_map(|at| milestones.of(&never(at, &format!("i-1 did not join: reason {at}"))));
        assert_eq!(shown.count(), 3);
        assert_eq!(
            milestones.cause.as_deref(),
            Some("i-1 did not join: reason 0")
        );
    }
}
