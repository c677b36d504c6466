//! What real clusters have, and a generator of its own accord seldom draws: crowded instances,
//! groups that were scaled before, many instances that leave at once, daemons that cannot run
//! everywhere, tasks that fail to start, throttled functions, events that are replayed or made up.

use fastrand::Rng;
use serde_json::json;

use super::{GeneratedScenario, chance};
use crate::autoscaling::zone;
use crate::scenario::incident::Incident;
use crate::scenario::{Action, Settings};
use crate::workload::{Kind, Service};

/// How late in a scenario, in seconds, an event is replayed or made up at most.
const LATEST: u64 = 5400;

/// More tasks than one call describes.
const CROWD: u64 = 108;

/// More instances than one page of an answer has.
const MANY: u64 = 108;

/// Draws it for a scenario on `size` instances in `zones` zones.
pub(super) fn generate(rng: &mut Rng, size: u64, zones: u64, generated: &mut GeneratedScenario) {
    if chance(rng, 8) {
        limited_daemon(rng, zones, &mut generated.settings);
    }
    if chance(rng, 5) && size <= 3 {
        crowd(size, &mut generated.settings);
    }
    if chance(rng, 12) {
        scaled_before(rng, size, generated);
    }
    for percent in [10, 10] {
        if chance(rng, percent) {
            let n = rng.u64(0..16);
            inject_later(rng, Incident::EventReplayed(n), generated);
        }
        if chance(rng, percent) {
            let n = rng.u64(0..8);
            inject_later(rng, Incident::EventMadeUp(n), generated);
        }
    }
    if rng.u32(0..1000) < 7 {
        many(size, generated);
    }
    if chance(rng, 8) {
        beside(rng, Kind::Fargate, "away", generated);
    }
    if chance(rng, 8) {
        beside(rng, Kind::CodeDeploy, "blue", generated);
    }
}

/// A daemon that runs on the instances of one zone only.
fn limited_daemon(rng: &mut Rng, zones: u64, settings: &mut Settings) {
    let name = zone(rng.usize(0..zones as usize));
    let expression = format!("attribute:ecs.availability-zone == {name}");
    settings.workload.services.push(Service {
        placement_constraints: json!([{"type": "memberOf", "expression": expression}]),
        ..Service::daemon("agent")
    });
}

/// More tasks on each instance than one call describes.
fn crowd(size: u64, settings: &mut Settings) {
    settings.workload.services.push(Service {
        cpu: 2,
        memory: 8,
        ..Service::replica("crowd", CROWD * size)
    });
}

/// A service beside the others that ECS runs or deploys in another way.
fn beside(rng: &mut Rng, kind: Kind, name: &str, generated: &mut GeneratedScenario) {
    let balanced = kind == Kind::CodeDeploy;
    generated.settings.workload.services.push(Service {
        kind,
        cpu: 32,
        memory: 64,
        deregistration_seconds: balanced.then(|| rng.u64(0..60)),
        ..Service::replica(name, rng.u64(1..=3))
    });
}

fn after_deployment(generated: &mut GeneratedScenario, actions: Vec<Action>) {
    let deploys = |action: &Action| matches!(action, Action::Deploy);
    if let Some(place) = generated.actions.iter().position(deploys) {
        generated.actions.splice(place + 1..place + 1, actions);
    }
}

/// Somebody scales the group before anything else happens.
fn scaled_before(rng: &mut Rng, size: u64, generated: &mut GeneratedScenario) {
    let more = rng.u64(size + 1..=2 * size);
    after_deployment(generated, vec![Action::Scale(more), Action::WaitIdle]);
}

/// Somebody scales the group out by many instances, and in again while the faults are on.
fn many(size: u64, generated: &mut GeneratedScenario) {
    let settings = &mut generated.settings;
    let most = size + MANY;
    settings.set_parameter("ClusterMaxSize", (2 * most).to_string());
    after_deployment(generated, vec![Action::Scale(most), Action::WaitIdle]);
    let starts_faults = |action: &Action| matches!(action, Action::StartFaults);
    if let Some(place) = generated.actions.iter().position(starts_faults) {
        let back = Action::Try(Box::new(Action::Scale(size)));
        generated.actions.insert(place + 1, back);
    }
}

fn inject_later(rng: &mut Rng, incident: Incident, generated: &mut GeneratedScenario) {
    let starts_faults = |action: &Action| matches!(action, Action::StartFaults);
    let deploys = |action: &Action| matches!(action, Action::Deploy);
    let place = generated.actions.iter().position(starts_faults);
    if let Some(place) = place.filter(|_| generated.actions.iter().any(deploys)) {
        let step = Action::Try(Box::new(Action::Inject(incident)));
        let later = Action::In(rng.u64(5..LATEST), Box::new(step));
        generated.actions.insert(place + 1, later);
    }
}
