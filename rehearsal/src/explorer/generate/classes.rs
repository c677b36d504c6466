//! The classes of what is drawn: what the simulation must have tried to say anything of it.

use super::GeneratedScenario;
use crate::scenario::{Action, Settings};
use crate::workload::Service;

/// The name of each class, and whether a scenario is of it.
type Class = (&'static str, fn(&GeneratedScenario) -> bool);

/// Every class but the faults and incidents, which have names of their own ([`Drawn::troubles`]).
pub const CLASSES: [Class; 20] = [
    ("no faults", |drawn| drawn.troubles().is_empty()),
    (
        "small rollout that must finish",
        GeneratedScenario::is_peaceful,
    ),
    ("batch above 1", |drawn| number(drawn, "BatchSize") > 1),
    ("policy retain", |drawn| {
        set(drawn, "DrainDeadlinePolicy", "retain")
    }),
    ("policy stop-tasks", |drawn| {
        set(drawn, "DrainDeadlinePolicy", "stop-tasks")
    }),
    ("policy terminate", |drawn| {
        set(drawn, "DrainDeadlinePolicy", "terminate")
    }),
    ("standalone policy stop", |drawn| {
        set(drawn, "StandaloneTaskPolicy", "stop")
    }),
    ("standalone policy skip-instance", |drawn| {
        set(drawn, "StandaloneTaskPolicy", "skip-instance")
    }),
    ("waits for no daemon", |drawn| {
        set(drawn, "WaitForDaemons", "false")
    }),
    ("activity workers", |drawn| {
        set(drawn, "WorkerHost", "Activity")
    }),
    ("instance refresh", |drawn| {
        set(drawn, "UpdateMethod", "InstanceRefresh")
    }),
    ("capacity provider", |drawn| {
        set(drawn, "CapacityProvider", "ENABLED")
    }),
    ("managed draining", |drawn| {
        set(drawn, "ManagedDraining", "ENABLED")
    }),
    ("Spot", |drawn| set(drawn, "PurchaseOption", "spot")),
    ("warm pool", |drawn| number(drawn, "WarmPoolSize") > 0),
    ("standalone task without end", |drawn| {
        let mut tasks = drawn.settings.workload.tasks.iter();
        tasks.any(|task| task.run_seconds.is_none())
    }),
    ("daemon that cannot run everywhere", |drawn| {
        any(drawn, |service| {
            service.desired.is_none() && is_constrained(service)
        })
    }),
    ("more than 100 tasks on an instance", |drawn| {
        let size = number(drawn, "ClusterSize");
        any(drawn, |service| {
            service.desired.is_some_and(|desired| desired > 100 * size)
        })
    }),
    ("scaled before", |drawn| {
        let mut first = drawn
            .actions
            .iter()
            .take_while(|it| !matches!(it, Action::StartFaults));
        first.any(|action| matches!(action, Action::Scale(_)))
    }),
    ("more than 100 instances leave", |drawn| {
        let size = number(drawn, "ClusterSize");
        let scales = |action: &Action| matches!(action, Action::Scale(to) if *to > size + 100);
        drawn.actions.iter().any(scales)
    }),
];

fn parameter<'a>(settings: &'a Settings, key: &str) -> &'a str {
    settings.parameter(key).unwrap_or_default()
}

fn set(drawn: &GeneratedScenario, key: &str, value: &str) -> bool {
    parameter(&drawn.settings, key) == value
}

fn number(drawn: &GeneratedScenario, key: &str) -> u64 {
    parameter(&drawn.settings, key).parse().unwrap_or_default()
}

fn any(drawn: &GeneratedScenario, test: impl Fn(&Service) -> bool) -> bool {
    drawn.settings.workload.services.iter().any(test)
}

fn is_constrained(service: &Service) -> bool {
    let constraints = service.placement_constraints.as_array();
    constraints.is_some_and(|all| !all.is_empty())
}

impl GeneratedScenario {
    /// The classes that it is of: those of [`CLASSES`], its faults and its incidents.
    pub fn classes(&self) -> Vec<&'static str> {
        let named = CLASSES.iter().filter(|(_, is_of)| is_of(self));
        let named = named.map(|(name, _)| *name);
        named.chain(self.troubles()).collect()
    }

    /// The names of all classes there are.
    pub fn all_classes() -> Vec<&'static str> {
        let named = CLASSES.iter().map(|(name, _)| *name);
        let faults = crate::faults::Fault::ALL.iter().map(|(_, name, _)| *name);
        let incidents = crate::scenario::incident::WORDS
            .iter()
            .map(|(name, ..)| *name);
        let mut all: Vec<_> = named.chain(faults).chain(incidents).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::explorer::generate;

    #[test]
    fn a_thousand_seeds_draw_every_class() {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for seed in 0..1000 {
            for class in generate(seed).classes() {
                *counts.entry(class).or_default() += 1;
            }
        }
        let all = GeneratedScenario::all_classes();
        let missing: Vec<_> = all.iter().filter(|it| !counts.contains_key(*it)).collect();
        assert!(missing.is_empty(), "never drawn: {missing:?}");
    }
}
