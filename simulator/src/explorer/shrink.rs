//! Makes a scenario that fails smaller, as long as it fails in the same way: what is left is what
//! matters.

use super::run::run;
use super::{GeneratedScenario, Run};
use crate::scenario::Action;

/// So many smaller scenarios are played at most.
const TRIES: usize = 300;

/// A smaller scenario that fails as `drawn` does, under the name `failure`; with what came of it.
/// As it was, if none is found.
pub fn shrink(generated: &GeneratedScenario, failure: &str) -> GeneratedScenario {
    let mut smallest = generated.clone();
    let mut tries = 0;
    let fails = |ran: &Run| ran.failures.first().is_some_and(|it| it.name() == failure);
    loop {
        let mut found = false;
        // From the end, so that places before the one that was taken stay what they were.
        for place in (0..steps(&smallest).len()).rev() {
            let Some(step) = steps(&smallest).into_iter().nth(place) else {
                continue;
            };
            if tries >= TRIES {
                return smallest;
            }
            tries += 1;
            if fails(&run(&step)) {
                smallest = step;
                found = true;
            }
        }
        if !found {
            return smallest;
        }
    }
}

/// Each scenario that is one thing less.
fn steps(generated: &GeneratedScenario) -> Vec<GeneratedScenario> {
    let mut all = Vec::new();
    let mut less = |change: &dyn Fn(&mut GeneratedScenario)| {
        let mut smaller = generated.clone();
        change(&mut smaller);
        if smaller.text() != generated.text() {
            all.push(smaller);
        }
    };
    smaller_cluster(generated, &mut less);
    for (key, usual) in [
        ("BatchSize", "1"),
        ("DrainDeadlineSeconds", "3000"),
        ("JoinDeadlineSeconds", "900"),
        ("DrainDeadlinePolicy", "retain"),
        ("CapacityOwner", "template"),
        ("WorkerHost", "Lambda"),
        ("WarmPoolReuseOnScaleIn", "false"),
        ("WarmPoolSize", "0"),
    ] {
        less(&|it| {
            if it.settings.parameter(key).is_some() {
                it.settings.set_parameter(key, usual);
            }
        });
    }
    for place in 0..generated.settings.variants.len() {
        less(&|it| {
            it.settings.variants.remove(place);
        });
    }
    for place in 0..generated.settings.workload.tasks.len() {
        less(&|it| drop(it.settings.workload.tasks.remove(place)));
    }
    // A scenario without a line about what runs has the built-in workload.
    if generated.settings.workload.services.len() > 1 {
        for place in 0..generated.settings.workload.services.len() {
            less(&|it| drop(it.settings.workload.services.remove(place)));
        }
    }
    for place in 0..generated.settings.faults.len() {
        less(&|it| {
            it.settings.faults.remove(place);
        });
    }
    for (place, action) in generated.actions.iter().enumerate() {
        match action {
            Action::In(..) => less(&|it| drop(it.actions.remove(place))),
            Action::Advance(seconds) => {
                less(&|it| it.actions[place] = Action::Advance(seconds / 2));
            }
            _ => {}
        }
    }
    all
}

fn smaller_cluster(
    generated: &GeneratedScenario,
    less: &mut impl FnMut(&dyn Fn(&mut GeneratedScenario)),
) {
    let size = generated.settings.parameter("ClusterSize");
    let size: u64 = size.and_then(|size| size.parse().ok()).unwrap_or(1);
    for smaller in [size / 2, size - 1] {
        if (1..size).contains(&smaller) {
            less(&|it| it.settings.set_instances(smaller));
        }
    }
    for place in 0..generated.settings.workload.services.len() {
        less(&|it| {
            let service = &mut it.settings.workload.services[place];
            service.desired = service.desired.map(|desired| desired.div_ceil(2));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explorer::generate;

    #[test]
    fn every_step_is_another_scenario() {
        let generated = generate(3);
        let steps = steps(&generated);
        assert!(steps.len() > 3);
        assert!(steps.iter().all(|step| step.text() != generated.text()));
    }
}
