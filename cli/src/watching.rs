//! A roll as it is seen from outside: how things stand, and what has changed since the last look. Nothing here asks AWS.

mod told;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use workers::model::group::LifecycleState;

use crate::aws::{Group, Stack, StackEvent};
use crate::explanation::asked_now;

/// How things stand.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Standing {
    /// The stack's status.
    pub status: String,
    /// Each instance of the group: where it stands, and the launch template's version that it came from.
    pub members: BTreeMap<String, (String, String)>,
    /// What was said last about each instance at a hook.
    pub said: BTreeMap<String, Said>,
}

/// What a worker said last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// Which.
    pub worker: &'static str,
    /// Its verdict; empty if it has not answered yet.
    pub verdict: String,
    /// Its reason.
    pub reason: String,
}

/// Something that has changed. Members are spelled so in JSON output.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Change {
    /// The stack's status.
    Stack {
        /// The status.
        status: String,
    },
    /// What CloudFormation told about a resource.
    Event {
        /// When.
        at: Timestamp,
        /// Logical id of the resource.
        resource: String,
        /// Its status.
        status: String,
        /// Why.
        reason: String,
    },
    /// An instance's lifecycle state; `gone` if the group has it no more.
    Instance {
        /// The instance.
        instance: String,
        /// The state.
        state: String,
        /// The launch template's version that it came from.
        version: String,
    },
    /// A worker's verdict on an instance.
    Answer {
        /// The instance.
        instance: String,
        /// What was said.
        #[serde(flatten)]
        said: Said,
    },
    /// How many instances are on which version, and what holds the roll.
    #[serde(rename_all = "camelCase")]
    Progress {
        /// The version that new instances come from.
        version: String,
        /// Instances of it in service.
        replaced: usize,
        /// All instances in service.
        in_service: usize,
        /// Instances at their terminate hooks.
        drains: usize,
        /// Instances at their launch hooks.
        at_launch: usize,
    },
    /// AWS could not be asked.
    Trouble {
        /// Why, and what is done about it.
        reason: String,
    },
    /// It is over.
    #[serde(rename_all = "camelCase")]
    End {
        /// The stack's status.
        status: String,
        /// Whether it ended as it was meant to.
        well: bool,
        /// Instances that are retained for a person.
        retained: Vec<String>,
    },
}

impl Standing {
    /// Puts together what was seen.
    pub fn of(stack: &Stack, group: &Group, said: &BTreeMap<String, Said>) -> Self {
        let members = group.members.iter().map(|one| {
            let standing = (one.state.to_string(), one.version.clone());
            (one.id.clone(), standing)
        });
        let here: BTreeSet<&str> = group.members.iter().map(|one| one.id.as_str()).collect();
        let said = said.iter().filter(|(id, _)| here.contains(id.as_str()));
        Self {
            status: stack.status.clone(),
            members: members.collect(),
            said: said.map(|(id, said)| (id.clone(), said.clone())).collect(),
        }
    }

    /// What has changed since `before`, or, at the first look, what is under way.
    pub fn since(&self, before: Option<&Self>) -> Vec<Change> {
        let mut changes = Vec::new();
        if before.is_none_or(|before| before.status != self.status) {
            let status = self.status.clone();
            changes.push(Change::Stack { status });
        }
        let known = |id: &str| before.and_then(|before| before.members.get(id));
        for (id, (state, version)) in &self.members {
            let is_new = match before {
                Some(_) => known(id).is_none_or(|(then, _)| then != state),
                None => state != "InService",
            };
            if is_new {
                changes.push(instance(id, state, version));
            }
        }
        for (id, (_, version)) in before.iter().flat_map(|before| &before.members) {
            if !self.members.contains_key(id) {
                changes.push(instance(id, "gone", version));
            }
        }
        for (id, said) in &self.said {
            let then = before.and_then(|before| before.said.get(id));
            let same = then
                .is_some_and(|then| (then.worker, &then.verdict) == (said.worker, &said.verdict));
            if !same && !said.verdict.is_empty() {
                changes.push(Change::Answer {
                    instance: id.clone(),
                    said: said.clone(),
                });
            }
        }
        if before.is_none_or(|before| before.members != self.members) {
            changes.push(self.progress());
        }
        changes
    }

    /// The newest version that an instance came from is what the roll goes to, or came from on its way back.
    fn progress(&self) -> Change {
        let number = |version: &str| version.parse::<u64>().unwrap_or_default();
        let versions = self.members.values().map(|(_, version)| version);
        let version = versions.max_by_key(|version| number(version)).cloned();
        let version = version.unwrap_or_default();
        let count = |test: &dyn Fn(&LifecycleState, &str) -> bool| {
            let all = self.members.values();
            all.filter(|(state, of)| test(&LifecycleState::from_name(state), of))
                .count()
        };
        let in_service = |state: &LifecycleState| *state == LifecycleState::InService;
        Change::Progress {
            replaced: count(&|state, of| in_service(state) && of == version),
            in_service: count(&|state, _| in_service(state)),
            drains: count(&|state, _| state.awaits_end()),
            at_launch: count(&|state, _| state.awaits_launch()),
            version,
        }
    }
}

fn instance(id: &str, state: &str, version: &str) -> Change {
    Change::Instance {
        instance: id.to_owned(),
        state: state.to_owned(),
        version: version.to_owned(),
    }
}

impl Said {
    /// What the answers in an execution's input say last.
    pub fn last(input: &Value) -> Self {
        let worker = asked_now(input).name();
        let text = |member: &str| {
            input[worker][member]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        Self {
            worker,
            verdict: text("verdict"),
            reason: text("reason"),
        }
    }
}

/// The events of a stack, as far as they have been told.
#[derive(Debug, Default)]
pub struct Events {
    known: Option<BTreeSet<String>>,
}

impl Events {
    /// Those of `events`, newest first, that are new; at the first look, those of the operation that goes on, or went on last.
    /// Oldest first.
    pub fn news(&mut self, events: Vec<StackEvent>, stack: &str) -> Vec<StackEvent> {
        let begins = |event: &StackEvent| {
            let begun = [
                "CREATE_IN_PROGRESS",
                "UPDATE_IN_PROGRESS",
                "DELETE_IN_PROGRESS",
            ];
            event.resource == stack && begun.contains(&event.status.as_str())
        };
        let first = self.known.is_none();
        let operation = events.iter().position(begins);
        let known = self.known.get_or_insert_default();
        let new = events.into_iter().enumerate().filter(|(place, event)| {
            let told = first && operation.is_some_and(|begins| *place > begins);
            known.insert(event.id.clone()) && !told
        });
        let mut new: Vec<StackEvent> = new.map(|(_, event)| event).collect();
        new.reverse();
        new
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn standing(status: &str, members: &[(&str, &str, &str)]) -> Standing {
        let member = |(id, state, version): &(&str, &str, &str)| {
            (
                (*id).to_owned(),
                ((*state).to_owned(), (*version).to_owned()),
            )
        };
        Standing {
            status: status.to_owned(),
            members: members.iter().map(member).collect(),
            said: BTreeMap::new(),
        }
    }

    #[test]
    fn the_first_look_tells_what_is_under_way_and_the_next_what_has_changed() {
        let first = standing(
            "UPDATE_IN_PROGRESS",
            &[
                ("i-1", "InService", "9"),
                ("i-2", "Terminating:Wait", "9"),
                ("i-3", "Pending:Wait", "10"),
            ],
        );
        let told = first.since(None);
        let expected = [
            json!({"kind": "stack", "status": "UPDATE_IN_PROGRESS"}),
            json!({"kind": "instance", "instance": "i-2", "state": "Terminating:Wait", "version": "9"}),
            json!({"kind": "instance", "instance": "i-3", "state": "Pending:Wait", "version": "10"}),
            json!({"kind": "progress", "version": "10", "replaced": 0, "inService": 1, "drains": 1, "atLaunch": 1}),
        ];
        assert_eq!(serde_json::to_value(told).expect("JSON"), json!(expected));
        assert_eq!(first.since(Some(&first)), []);

        let mut second = standing(
            "UPDATE_IN_PROGRESS",
            &[("i-1", "InService", "9"), ("i-3", "InService", "10")],
        );
        let input = json!({
            "detail": {"LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING"},
            "joined": {"verdict": "Reached"}, "stable": {"verdict": "NotYet", "reason": "held"},
        });
        second.said.insert("i-3".to_owned(), Said::last(&input));
        let told = second.since(Some(&first));
        let expected = [
            json!({"kind": "instance", "instance": "i-3", "state": "InService", "version": "10"}),
            json!({"kind": "instance", "instance": "i-2", "state": "gone", "version": "9"}),
            json!({"kind": "answer", "instance": "i-3", "worker": "stable", "verdict": "NotYet", "reason": "held"}),
            json!({"kind": "progress", "version": "10", "replaced": 1, "inService": 2, "drains": 0, "atLaunch": 0}),
        ];
        assert_eq!(serde_json::to_value(told).expect("JSON"), json!(expected));
        // Another reason for the same verdict is no news.
        let mut third = second.clone();
        if let Some(said) = third.said.get_mut("i-3") {
            said.reason = "held still".to_owned();
        }
        assert_eq!(third.since(Some(&second)), []);
    }

    #[test]
    fn the_first_look_tells_the_events_of_the_last_operation_alone() {
        let event = |id: &str, resource: &str, status: &str| StackEvent {
            id: id.to_owned(),
            at: Timestamp::UNIX_EPOCH,
            resource: resource.to_owned(),
            status: status.to_owned(),
            reason: String::new(),
        };
        let mut events = vec![
            event("3", "Group", "UPDATE_IN_PROGRESS"),
            event("2", "stack", "UPDATE_IN_PROGRESS"),
            event("1", "stack", "CREATE_COMPLETE"),
        ];
        let mut told = Events::default();
        let mut ids = |events: &[StackEvent]| -> Vec<String> {
            let news = told.news(events.to_vec(), "stack");
            news.into_iter().map(|it| it.id).collect()
        };
        assert_eq!(ids(&events), ["2", "3"]);
        events.insert(0, event("4", "Group", "UPDATE_COMPLETE"));
        assert_eq!(ids(&events), ["4"]);
        events.insert(0, event("5", "stack", "UPDATE_IN_PROGRESS"));
        assert_eq!(ids(&events), ["5"]);
    }
}
