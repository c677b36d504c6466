//! What a rehearsal says of its own failure, in words that hold for the real cluster: ids of the
//! account in memory mean nothing there.

use std::collections::{BTreeMap, BTreeSet};

use simulator::account::Account;
use simulator::narrator::LogLine;
use simulator::scenario::Listener;
use simulator::trace::{Record, TaskStatus, TraceEvent};
use workers::Worker;

/// Hears what went wrong first.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// What the standalone tasks are called in the real cluster, by family.
    families: BTreeMap<String, String>,
    /// Instances of the account in memory.
    instances: BTreeSet<String>,
    /// Its tasks that have not stopped: group and instance, by id.
    tasks: BTreeMap<String, (String, String)>,
    first: Option<GivenUp>,
    failure: Option<String>,
}

/// A worker that gave up.
#[derive(Debug, Clone, PartialEq, Eq)]
struct GivenUp {
    worker: Option<Worker>,
    /// What still ran on the instance.
    running: Vec<String>,
}

impl Heard {
    pub(super) fn with_families(families: BTreeMap<String, String>) -> Self {
        Self {
            families,
            ..Self::default()
        }
    }

    /// Why the rollout failed, if a worker gave up or the stack told a failure.
    pub(super) fn why(&self, seconds: impl Fn(&str) -> i64) -> Option<String> {
        let Some(first) = &self.first else {
            return self.failure.as_deref().map(|text| self.without_ids(text));
        };
        let still = match first.running.as_slice() {
            [] => String::new(),
            some => format!("; still running there: {}", some.join(", ")),
        };
        let (join, drain) = ("JoinDeadlineSeconds", "DrainDeadlineSeconds");
        Some(match first.worker {
            Some(Worker::Joined) => format!(
                "a new instance does not join the cluster within {} s ({join})",
                seconds(join)
            ),
            Some(Worker::Draining | Worker::Drained) => format!(
                "a drain does not end within {} s ({drain}){still}",
                seconds(drain)
            ),
            Some(Worker::Stable) => format!(
                "the services have not recovered from a drain within {} s ({drain}){still}",
                seconds(drain)
            ),
            _ => format!("a lifecycle action is not completed{still}"),
        })
    }

    /// A text of the account in memory without the ids of its instances and tasks.
    pub(super) fn without_ids(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for id in &self.instances {
            text = text.replace(id.as_str(), "an instance");
        }
        for (id, (group, _)) in &self.tasks {
            text = text.replace(id.as_str(), &format!("of {}", self.real_name(group)));
        }
        text
    }

    fn real_name(&self, group: &str) -> String {
        match group.split_once(':') {
            Some(("service", name)) => name.to_owned(),
            Some((_, family)) => {
                let real = self.families.get(family).map_or(family, String::as_str);
                format!("{real} (standalone)")
            }
            None => group.to_owned(),
        }
    }

    fn gives_up(&mut self, function: &str, instance: &str) {
        let on_it = self.tasks.values().filter(|(_, on)| on == instance);
        let running: BTreeSet<String> = on_it.map(|(group, _)| self.real_name(group)).collect();
        let mut all = Worker::ALL.into_iter();
        let worker = all.find(|worker| function.ends_with(worker.name()));
        self.first.get_or_insert(GivenUp {
            worker,
            running: running.into_iter().collect(),
        });
    }
}

impl Listener for Heard {
    fn line(&mut self, _line: &LogLine) {}

    fn fact(&mut self, _account: &Account, told: &Record) {
        match &told.event {
            TraceEvent::Lifecycle { instance, .. } if !self.instances.contains(instance) => {
                self.instances.insert(instance.clone());
            }
            TraceEvent::Task {
                task,
                group,
                instance,
                last_status,
                ..
            } => match last_status {
                TaskStatus::Stopped => drop(self.tasks.remove(task)),
                _ => {
                    let known = (group.clone(), instance.clone());
                    self.tasks.insert(task.clone(), known);
                }
            },
            TraceEvent::Invocation {
                function,
                instance,
                verdict,
                failed: false,
                ..
            } if verdict == "Never" => self.gives_up(function, instance),
            TraceEvent::Stack {
                logical_id,
                status,
                reason,
                ..
            } if status.is_failed() && !reason.is_empty() => {
                let failure = format!("{logical_id} {status}: {reason}");
                self.failure.get_or_insert(failure);
            }
            _ => {}
        }
    }
}
