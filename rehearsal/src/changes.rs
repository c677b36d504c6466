//! Counts what workers could see change. A question about which nothing has changed would be answered as before, so the
//! lower bound of a roll need not ask it.

use std::collections::{BTreeMap, BTreeSet};

use crate::fact::Fact;

/// How much of the account a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight<'a> {
    /// One EC2 instance, as a container instance with its tasks and in its group.
    Instance(&'a str),
    /// Whether any instance of the group is still on its way out, or retained, and the stack.
    Group,
    /// All of it.
    All,
}

/// How often something changed.
#[derive(Debug, Default)]
pub struct Changes {
    all: u64,
    group: u64,
    leaving: BTreeSet<String>,
    on: BTreeMap<String, u64>,
}

impl Changes {
    /// Takes notice of a fact.
    pub fn note(&mut self, fact: &Fact) {
        let instance = match fact {
            Fact::Stack { .. } | Fact::Refresh { .. } => None,
            Fact::Lifecycle { instance, .. }
            | Fact::ContainerInstance { instance, .. }
            | Fact::Attribute { instance, .. }
            | Fact::Died { instance }
            | Fact::Spot { instance, .. }
            | Fact::Task { instance, .. }
            | Fact::TaskKilled { instance, .. } => Some(instance),
            Fact::TaskHealthy { .. }
            | Fact::Delivery { .. }
            | Fact::Notice { .. }
            | Fact::Execution { .. }
            | Fact::Invocation { .. }
            | Fact::Deed { .. }
            | Fact::Scaling { .. }
            | Fact::ApiCall { .. } => return,
        };
        self.all += 1;
        self.group += u64::from(self.tells_of_the_group(fact));
        if let Some(instance) = instance {
            *self.on.entry(instance.clone()).or_default() += 1;
        }
    }

    /// One instance less that is on its way out is no news to those that it holds while there are others.
    fn tells_of_the_group(&mut self, fact: &Fact) -> bool {
        let Fact::Lifecycle {
            instance, state, ..
        } = fact
        else {
            return matches!(fact, Fact::Stack { .. } | Fact::Attribute { .. });
        };
        let leaves = state.starts_with("Terminating") || state.starts_with("Warmed:Pending");
        let stays = state.ends_with(":Retained");
        let holds = leaves && !stays && !state.ends_with(":Proceed");
        match holds {
            true => self.leaving.insert(instance.clone()),
            false => self.leaving.remove(instance),
        };
        stays || self.leaving.is_empty()
    }

    /// How often something changed that is in sight.
    pub fn in_sight(&self, sight: Sight<'_>) -> u64 {
        match sight {
            Sight::Instance(instance) => self.on.get(instance).copied().unwrap_or_default(),
            Sight::Group => self.group,
            Sight::All => self.all,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_seen_by_those_who_look_there() {
        let mut changes = Changes::default();
        changes.note(&Fact::Task {
            task: "t".to_owned(),
            group: "service:web".to_owned(),
            instance: "i-1".to_owned(),
            last_status: "STOPPED".to_owned(),
            reason: String::new(),
        });
        let seen = [
            Sight::Instance("i-1"),
            Sight::Instance("i-2"),
            Sight::Group,
            Sight::All,
        ]
        .map(|sight| changes.in_sight(sight));
        assert_eq!(seen, [1, 0, 0, 1]);
    }

    #[test]
    fn those_that_are_held_see_the_last_that_holds_them_go_on() {
        let mut changes = Changes::default();
        let mut sees = |instance: &str, state: &str| {
            let before = changes.in_sight(Sight::Group);
            changes.note(&Fact::Lifecycle {
                group: "g".to_owned(),
                instance: instance.to_owned(),
                ami: "ami-1".to_owned(),
                state: state.to_owned(),
                reason: String::new(),
            });
            changes.in_sight(Sight::Group) > before
        };
        assert!(!sees("i-1", "Terminating:Wait"));
        assert!(!sees("i-2", "Terminating:Wait"));
        assert!(!sees("i-1", "Terminating:Proceed"));
        assert!(sees("i-2", "Terminating:Proceed"));
        assert!(!sees("i-3", "Terminating"));
        assert!(sees("i-3", "Terminating:Retained"));
    }
}
