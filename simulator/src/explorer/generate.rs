//! Draws a scenario from a seed. Small clusters and few faults come more often: they are quick, and
//! break as well.

mod capacity_source;
mod classes;
mod field;
mod operation;
mod workload;

pub use classes::CLASSES;

use fastrand::Rng;

use crate::faults::Fault;
use crate::scenario::files::{Files, built_in_parameters};
use crate::scenario::{Action, ModelVariant, Settings, print};
use crate::workload::{Service, Standalone};

/// Subnets, and so zones, to choose from.
const SUBNETS: [&str; 3] = [
    "subnet-0a1b2c3d4e5f60718",
    "subnet-0b2c3d4e5f6071829",
    "subnet-0c3d4e5f607182930",
];

/// The faults that are drawn each by itself, with the percentage of the scenarios; all others are
/// drawn one like the other.
const RARE_FAULTS: [(u32, Fault); 4] = [
    (6, Fault::TasksFail),
    (6, Fault::FunctionsThrottled),
    (4, Fault::LaunchEventsLost),
    (4, Fault::TerminateEventsLost),
];

/// The faults that add services to the workload.
const ADD_TASKS: [Fault; 4] = [
    Fault::NoCapacity,
    Fault::NoRoom,
    Fault::HostPortTaken,
    Fault::ConstraintUnmet,
];

/// CPU units, and MiB, of a small task.
const SMALL: u64 = 128;

/// A scenario as it was drawn.
#[derive(Debug, Clone)]
pub struct GeneratedScenario {
    /// What it follows from.
    pub settings: Settings,
    /// What happens.
    pub actions: Vec<Action>,
    /// What the operator sets out to do, in a word or two.
    pub operation: &'static str,
}

impl GeneratedScenario {
    /// The scenario as text, to be played by `ecs-rollout scenario`.
    pub fn text(&self) -> String {
        print::scenario(&self.settings, &self.actions)
    }

    /// What goes wrong in it, by name: the faults and the incidents.
    pub fn troubles(&self) -> Vec<&'static str> {
        let faults = self.settings.faults.iter().map(|fault| fault.name());
        let incidents = self.actions.iter().filter_map(|action| match action {
            Action::In(_, step) => match step.as_ref() {
                Action::Inject(incident) => Some(incident.word()),
                Action::Try(step) => match step.as_ref() {
                    Action::Inject(incident) => Some(incident.word()),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        });
        let mut all: Vec<&'static str> = faults.chain(incidents).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

impl GeneratedScenario {
    /// Whether it is a rollout in which nothing goes wrong, and all that runs can move well before
    /// the drain deadline.
    pub fn is_peaceful(&self) -> bool {
        let deadline = self.settings.parameter("DrainDeadlineSeconds");
        let deadline: u64 = deadline.and_then(|it| it.parse().ok()).unwrap_or(0);
        let moves = |service: &Service| {
            let leaves = service.deregistration_seconds.unwrap_or_default()
                + service.stop_timeout_seconds.min(service.exit_seconds);
            let free = service.host_port.is_none()
                && service
                    .placement_constraints
                    .as_array()
                    .is_none_or(Vec::is_empty);
            let spare = service.minimum_percent == 0 || service.maximum_percent == 200;
            spare && free && 4 * leaves < deadline
        };
        let workload = &self.settings.workload;
        let ends = |task: &Standalone| task.run_seconds.is_some_and(|run| 2 * run < deadline);
        self.operation == "roll"
            && self.settings.faults.is_empty()
            && !self
                .actions
                .iter()
                .any(|it| matches!(it, Action::In(..) | Action::Inject(_)))
            && workload.services.iter().all(moves)
            && workload.tasks.iter().all(ends)
    }
}

/// The scenario of a seed.
pub fn generate(seed: u64) -> GeneratedScenario {
    let mut rng = Rng::with_seed(seed);
    let size = size(&mut rng);
    let zones = rng.u64(1..=3).min(size.max(2));
    // Without faults and incidents a rollout must finish, which is a check of its own.
    let is_calm = chance(&mut rng, 10);
    let mut settings = Settings {
        files: Files::built_in(),
        parameters: built_in_parameters(),
        workload: workload::workload(&mut rng, size, zones),
        faults: if is_calm {
            Vec::new()
        } else {
            faults(&mut rng)
        },
        seed,
        variants: variants(&mut rng),
        mutation: None,
    };
    parameters(&mut rng, &mut settings, size, zones);
    hard_cases(&mut rng, &mut settings);
    if settings.faults.iter().any(|it| ADD_TASKS.contains(it)) {
        leave_room(&mut settings);
    }
    let (operation, actions) = operation::operation(&mut rng, size, is_calm);
    let mut generated = GeneratedScenario {
        settings,
        actions,
        operation,
    };
    capacity_source::generate(&mut rng, size, &mut generated);
    field::generate(&mut rng, size, zones, &mut generated);
    generated
}

/// What faults add has to find room before the rollout begins, so the other tasks are small.
fn leave_room(settings: &mut Settings) {
    for service in &mut settings.workload.services {
        service.memory = service.memory.min(SMALL);
        service.cpu = service.cpu.min(SMALL);
    }
}

fn hard_cases(rng: &mut Rng, settings: &mut Settings) {
    if chance(rng, 30) {
        let policies = [(20, "wait"), (40, "stop"), (40, "skip-instance")];
        settings.set_parameter("StandaloneTaskPolicy", one_of(rng, &policies));
        let limit = one_of(rng, &[(20, 0), (40, 120), (40, 900)]);
        settings.set_parameter("StandaloneTaskLimitSeconds", limit.to_string());
    }
    if chance(rng, 20) {
        let limit = one_of(rng, &[(50, 60), (50, 300)]);
        settings.set_parameter("AgentDisconnectedLimitSeconds", limit.to_string());
    }
    if chance(rng, 15) {
        settings.set_parameter("WaitForDaemons", "false");
    }
    if chance(rng, 25) {
        capacity_provider(rng, settings);
    }
}

/// A capacity provider, as the template's rules allow it.
fn capacity_provider(rng: &mut Rng, settings: &mut Settings) {
    settings.set_parameter("CapacityProvider", "ENABLED");
    if chance(rng, 60) {
        settings.set_parameter("UpdateMethod", "InstanceRefresh");
        let target = one_of(rng, &[(50, 100), (50, 80)]);
        settings.set_parameter("ManagedScalingTargetCapacity", target.to_string());
        if chance(rng, 40) {
            settings.set_parameter("ManagedTerminationProtection", "ENABLED");
        }
    } else {
        settings.set_parameter("ManagedScaling", "DISABLED");
    }
    let terminates = settings.parameter("DrainDeadlinePolicy") == Some("terminate");
    if chance(rng, 40) && !terminates {
        settings.set_parameter("ManagedDraining", "ENABLED");
    }
}

/// One of `all`, each as likely as its number says.
fn one_of<T: Copy>(rng: &mut Rng, all: &[(u32, T)]) -> T {
    let mut at = rng.u32(0..all.iter().map(|(weight, _)| weight).sum());
    for (weight, one) in all {
        if at < *weight {
            return *one;
        }
        at -= weight;
    }
    all[0].1
}

/// Whether something happens that does so in `percent` of all cases.
fn chance(rng: &mut Rng, percent: u32) -> bool {
    rng.u32(0..100) < percent
}

fn size(rng: &mut Rng) -> u64 {
    let (least, most) = one_of(
        rng,
        &[(62, (1, 3)), (27, (4, 7)), (9, (8, 16)), (2, (17, 60))],
    );
    rng.u64(least..=most)
}

fn faults(rng: &mut Rng) -> Vec<Fault> {
    let count = one_of(rng, &[(20, 0), (35, 1), (25, 2), (14, 3), (6, 5)]);
    let is_rare = |fault: &Fault| RARE_FAULTS.iter().any(|(_, rare)| rare == fault);
    let all = Fault::ALL.into_iter().map(|(fault, ..)| fault);
    let mut common: Vec<Fault> = all.filter(|fault| !is_rare(fault)).collect();
    rng.shuffle(&mut common);
    let mut generated = common[..count].to_vec();
    generated.sort_unstable();
    let rare = RARE_FAULTS
        .iter()
        .filter(|(percent, _)| chance(rng, *percent));
    generated.extend(rare.map(|(_, fault)| *fault));
    generated
}

/// All variants but one, under which the first tasks of a cluster with a capacity provider find no
/// instance, as is documented: there is no rollout to watch then.
fn variants(rng: &mut Rng) -> Vec<ModelVariant> {
    ModelVariant::ALL
        .into_iter()
        .map(|(variant, _)| variant)
        .filter(|variant| *variant != ModelVariant::EarlierInstancesHaveNoProvider)
        .filter(|_| chance(rng, 10))
        .collect()
}

fn parameters(rng: &mut Rng, settings: &mut Settings, size: u64, zones: u64) {
    let batch = if chance(rng, 70) {
        1
    } else {
        rng.u64(1..=size.min(5))
    };
    let policy = one_of(
        rng,
        &[(60, "retain"), (20, "stop-tasks"), (20, "terminate")],
    );
    settings.set_parameter("ClusterSize", size.to_string());
    settings.set_parameter("ClusterMaxSize", (2 * size + batch).to_string());
    settings.set_parameter("BatchSize", batch.to_string());
    settings.set_parameter("SubnetIds", SUBNETS[..zones as usize].join(","));
    settings.set_parameter("DrainDeadlinePolicy", policy);
    let drain = one_of(rng, &[(25, 300), (25, 900), (25, 2400), (25, 3000)]);
    settings.set_parameter("DrainDeadlineSeconds", drain.to_string());
    let join = one_of(rng, &[(30, 240), (70, 900)]);
    settings.set_parameter("JoinDeadlineSeconds", join.to_string());
    if chance(rng, 20) {
        settings.set_parameter("CapacityOwner", "autoscaling");
    }
    if chance(rng, 8) {
        settings.set_parameter("WorkerHost", "Activity");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_the_same_scenario_each_time_and_another_seed_another() {
        let text = |seed| generate(seed).text();
        assert_eq!(text(7), text(7));
        assert_ne!(text(7), text(8));
    }

    #[test]
    fn what_is_drawn_can_be_read_as_a_scenario() {
        for seed in 0..500 {
            let generated = generate(seed);
            let text = generated.text();
            let read = crate::scenario::parse::read("drawn", &text).expect(&text);
            assert_eq!(print::scenario(&read.settings, &read.actions), text);
            assert_eq!(
                read.settings.workload, generated.settings.workload,
                "{text}"
            );
        }
    }
}
