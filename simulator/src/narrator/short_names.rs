//! Short names for instances and tasks: `i-1` is the first instance that was launched, `web/3` the
//! third task of the service or family `web`. They stay the same for a scenario when seed or code
//! change, and a scenario's `expect` lines name instances by them.

use std::collections::BTreeMap;

use crate::trace::TraceEvent;

/// The names given so far.
#[derive(Debug, Default)]
pub struct ShortNames {
    /// Ids of the instances in the order of their launches.
    instances: Vec<String>,
    /// The short name of each id that has one.
    names: BTreeMap<String, String>,
    /// How many tasks of each service or family have a name.
    tasks: BTreeMap<String, usize>,
}

impl ShortNames {
    /// Names the instance or the task of an event, if the event is the first that mentions it.
    pub fn note(&mut self, event: &TraceEvent) {
        match event {
            TraceEvent::Lifecycle { instance, .. } if !self.names.contains_key(instance) => {
                self.instances.push(instance.clone());
                let name = format!("i-{}", self.instances.len());
                self.names.insert(instance.clone(), name);
            }
            TraceEvent::Task { task, group, .. } if !self.names.contains_key(task) => {
                let of = group.split_once(':').map_or(group.as_str(), |(_, of)| of);
                let number = self.tasks.entry(of.to_owned()).or_default();
                *number += 1;
                self.names.insert(task.clone(), format!("{of}/{number}"));
            }
            _ => {}
        }
    }

    /// The number of an instance in the order of the launches, from 1.
    pub fn number(&self, instance: &str) -> Option<usize> {
        let place = self.instances.iter().position(|known| known == instance)?;
        Some(place + 1)
    }

    /// The id of the instance with a number.
    pub fn instance(&self, number: usize) -> Option<&str> {
        let place = number.checked_sub(1)?;
        self.instances.get(place).map(String::as_str)
    }

    /// How many instances were launched.
    pub fn launched(&self) -> usize {
        self.instances.len()
    }

    /// A text with short names in the place of the ids. An id inside a longer word, such as the
    /// name of an execution, stays.
    pub fn shorten(&self, text: &str) -> String {
        let mut short = String::with_capacity(text.len());
        let mut rest = text;
        while !rest.is_empty() {
            let word = rest.find(|it| !is_of_word(it)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(word);
            short.push_str(self.names.get(word).map_or(word, String::as_str));
            let next = after.find(is_of_word).unwrap_or(after.len());
            let (between, next) = after.split_at(next);
            short.push_str(between);
            rest = next;
        }
        short
    }
}

fn is_of_word(it: char) -> bool {
    it.is_ascii_alphanumeric() || it == '-'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{LifecycleState, TaskStatus};

    fn launch(id: &str) -> TraceEvent {
        TraceEvent::Lifecycle {
            group: "g".to_owned(),
            instance: id.to_owned(),
            ami: "ami-1".to_owned(),
            state: LifecycleState::Pending,
            reason: "".into(),
        }
    }

    fn task(id: &str, group: &str) -> TraceEvent {
        TraceEvent::Task {
            task: id.to_owned(),
            group: group.to_owned(),
            instance: String::new(),
            last_status: TaskStatus::Running,
            reason: String::new(),
        }
    }

    #[test]
    fn ids_are_named_in_the_order_of_their_first_events() {
        let mut names = ShortNames::default();
        for event in [
            launch("i-0b"),
            launch("i-0a"),
            launch("i-0b"),
            task("f1", "service:web"),
            task("f2", "family:job"),
            task("f3", "service:web"),
        ] {
            names.note(&event);
        }
        assert_eq!(
            names.shorten("é [i-0a]; i-0b's tasks: f3, f2 (i-0c, x-i-0a)"),
            "é [i-2]; i-1's tasks: web/2, job/1 (i-0c, x-i-0a)"
        );
        assert_eq!(names.number("i-0a"), Some(2));
        assert_eq!(names.instance(2), Some("i-0a"));
        assert_eq!(names.instance(0), None);
        assert_eq!(names.launched(), 2);
    }
}
