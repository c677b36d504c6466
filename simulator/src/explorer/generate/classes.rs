//! The classes of what is drawn: what the simulation must have tried to say anything of it.

use super::GeneratedScenario;
use crate::scenario::{Action, Settings};
use crate::workload::{Kind, Service};

/// The name of each class, and whether a scenario is of it.
type Class = (&'static str, fn(&GeneratedScenario) -> bool);

/// Every class but the faults and incidents, which have names of their own
/// ([`GeneratedScenario::troubles`]).
pub const CLASSES: [Class; 22] = [
    ("no faults", |generated| generated.troubles().is_empty()),
    (
        "small rollout that must finish",
        GeneratedScenario::is_peaceful,
    ),
    ("batch above 1", |generated| {
        number(generated, "BatchSize") > 1
    }),
    ("policy retain", |generated| {
        set(generated, "DrainDeadlinePolicy", "retain")
    }),
    ("policy stop-tasks", |generated| {
        set(generated, "DrainDeadlinePolicy", "stop-tasks")
    }),
    ("policy terminate", |generated| {
        set(generated, "DrainDeadlinePolicy", "terminate")
    }),
    ("standalone policy stop", |generated| {
        set(generated, "StandaloneTaskPolicy", "stop")
    }),
    ("standalone policy skip-instance", |generated| {
        set(generated, "StandaloneTaskPolicy", "skip-instance")
    }),
    ("waits for no daemon", |generated| {
        set(generated, "WaitForDaemons", "false")
    }),
    ("activity workers", |generated| {
        set(generated, "WorkerHost", "Activity")
    }),
    ("instance refresh", |generated| {
        set(generated, "UpdateMethod", "InstanceRefresh")
    }),
    ("capacity provider", |generated| {
        set(generated, "CapacityProvider", "ENABLED")
    }),
    ("managed draining", |generated| {
        set(generated, "ManagedDraining", "ENABLED")
    }),
    ("Spot", |generated| set(generated, "PurchaseOption", "spot")),
    ("warm pool", |generated| {
        number(generated, "WarmPoolSize") > 0
    }),
    ("standalone task without end", |generated| {
        let mut tasks = generated.settings.workload.tasks.iter();
        tasks.any(|task| task.run_seconds.is_none())
    }),
    ("daemon that cannot run everywhere", |generated| {
        any(generated, |service| {
            service.desired.is_none() && is_constrained(service)
        })
    }),
    ("service on Fargate", |generated| {
        any(generated, |service| service.kind == Kind::Fargate)
    }),
    ("service that CodeDeploy deploys", |generated| {
        any(generated, |service| service.kind == Kind::CodeDeploy)
    }),
    ("more than 100 tasks on an instance", |generated| {
        let size = number(generated, "ClusterSize");
        any(generated, |service| {
            service.desired.is_some_and(|desired| desired > 100 * size)
        })
    }),
    ("scaled before", |generated| {
        let mut first = generated
            .actions
            .iter()
            .take_while(|it| !matches!(it, Action::StartFaults));
        first.any(|action| matches!(action, Action::Scale(_)))
    }),
    ("more than 100 instances leave", |generated| {
        let size = number(generated, "ClusterSize");
        let scales = |action: &Action| matches!(action, Action::Scale(to) if *to > size + 100);
        generated.actions.iter().any(scales)
    }),
];

fn parameter<'a>(settings: &'a Settings, key: &str) -> &'a str {
    settings.parameter(key).unwrap_or_default()
}

fn set(generated: &GeneratedScenario, key: &str, value: &str) -> bool {
    parameter(&generated.settings, key) == value
}

fn number(generated: &GeneratedScenario, key: &str) -> u64 {
    parameter(&generated.settings, key)
        .parse()
        .unwrap_or_default()
}

fn any(generated: &GeneratedScenario, test: impl Fn(&Service) -> bool) -> bool {
    generated.settings.workload.services.iter().any(test)
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
            .map(|known| known.word);
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
