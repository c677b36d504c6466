//! Where a drawn cluster's instances come from: Spot, which EC2 takes back, or a warm pool.

use fastrand::Rng;

use super::{GeneratedScenario, chance, one_of};
use crate::scenario::incident::Incident;
use crate::scenario::{Action, ModelVariant};

/// How late in a scenario, in seconds, EC2 gives a notice at most.
const LATEST: u64 = 3600;

/// Draws it for a scenario on `size` instances.
pub(super) fn generate(rng: &mut Rng, size: u64, generated: &mut GeneratedScenario) {
    match rng.u32(0..100) {
        0..12 => spot(rng, generated),
        // The template's rules allow no pool beside a capacity provider.
        12..22 if generated.settings.parameter("CapacityProvider").is_none() => {
            pool(rng, size, generated)
        }
        _ => {}
    }
}

fn spot(rng: &mut Rng, generated: &mut GeneratedScenario) {
    generated.settings.set_parameter("PurchaseOption", "spot");
    if chance(rng, 30) {
        generated
            .settings
            .set_parameter("SpotCapacityRebalance", "false");
    }
    let begins = |action: &Action| matches!(action, Action::StartFaults);
    let place = generated
        .actions
        .iter()
        .position(begins)
        .map_or(0, |at| at + 1);
    for _ in 0..rng.u32(1..=3) {
        let n = rng.u64(0..8);
        let incident = one_of(
            rng,
            &[
                (60, Incident::SpotInterrupted(n)),
                (40, Incident::SpotAtRisk(n)),
            ],
        );
        let step = Action::Try(Box::new(Action::Inject(incident)));
        let later = Action::In(rng.u64(5..LATEST), Box::new(step));
        generated.actions.insert(place, later);
    }
}

fn pool(rng: &mut Rng, size: u64, generated: &mut GeneratedScenario) {
    let settings = &mut generated.settings;
    let waiting = rng.u64(1..=2);
    settings.set_parameter("UpdateMethod", "InstanceRefresh");
    settings.set_parameter("WarmPoolSize", waiting.to_string());
    if chance(rng, 30) {
        settings.set_parameter("WarmPoolState", "Running");
    }
    if chance(rng, 50) {
        settings.set_parameter("WarmPoolReuseOnScaleIn", "true");
        settings.set_parameter("WarmPoolPreparedCapacity", (size + waiting).to_string());
    }
    let restarted = ModelVariant::RestartedAgentIsActive;
    if chance(rng, 50) && !settings.variants.contains(&restarted) {
        settings.variants.push(restarted);
    }
}
