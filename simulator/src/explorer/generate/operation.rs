//! What the operator sets out to do, and the incidents meanwhile.

use fastrand::Rng;
use serde_json::json;

use super::{chance, one_of};
use crate::scenario::incident::Incident;
use crate::scenario::{Action, Call};

/// How long the faults last, in seconds, at most.
const LONGEST_FAULTS: u64 = 5400;

/// Draws an operation on `size` instances, without incidents if it `is_calm`: its name, and the
/// scenario.
pub(super) fn operation(rng: &mut Rng, size: u64, is_calm: bool) -> (&'static str, Vec<Action>) {
    let kind = one_of(
        rng,
        &[
            (40, "roll"),
            (15, "roll, cancelled"),
            (10, "roll, another at once"),
            (10, "roll and scale"),
            (12, "scale"),
            (7, "delete"),
            (6, "create"),
        ],
    );
    let length = rng.u64(600..=LONGEST_FAULTS);
    let mut within = |rng: &mut Rng| rng.u64(5..length);
    let mut actions = vec![Action::Deploy, Action::StartFaults];
    if !is_calm {
        actions.extend(incidents(rng, &mut within));
    }
    match kind {
        "roll" => actions.push(Action::StartRollout),
        "roll, cancelled" => {
            actions.push(later(within(rng) / 2, stack_call("CancelUpdateStack")));
            actions.push(Action::StartRollout);
        }
        "roll, another at once" => {
            actions.push(later(within(rng) / 2, stack_call("CancelUpdateStack")));
            actions.push(later(within(rng), Action::StartRollout));
            actions.push(Action::StartRollout);
        }
        "roll and scale" => {
            actions.push(later(within(rng), Action::Scale(rng.u64(size..=2 * size))));
            actions.push(later(within(rng), Action::Scale(size)));
            actions.push(Action::StartRollout);
        }
        "scale" => {
            actions.push(Action::Scale(rng.u64(size + 1..=2 * size)));
            actions.push(later(within(rng), Action::Scale(rng.u64(size..=2 * size))));
            actions.push(later(within(rng), Action::Scale(size)));
        }
        "delete" => {
            actions.push(Action::DeleteServices);
            actions.push(stack_call("DeleteStack"));
        }
        _ => {
            let create = vec![Action::StartFaults, Action::Create, Action::Heal];
            return (kind, create);
        }
    }
    actions.push(Action::Advance(length));
    actions.push(Action::Heal);
    (kind, actions)
}

/// What may be refused, because of what goes on then.
fn later(seconds: u64, step: Action) -> Action {
    Action::In(seconds.max(1), Box::new(Action::Try(Box::new(step))))
}

fn stack_call(action: &str) -> Action {
    Action::Call(Call {
        service: "cloudformation".to_owned(),
        action: action.to_owned(),
        input: json!({"StackName": "$STACK"}),
    })
}

fn incidents(rng: &mut Rng, within: &mut impl FnMut(&mut Rng) -> u64) -> Vec<Action> {
    let count = one_of(rng, &[(45, 0), (30, 1), (15, 2), (10, 4)]);
    let mut generated = Vec::new();
    for _ in 0..count {
        let incident = incident(rng);
        generated.push(later(within(rng), Action::Inject(incident)));
    }
    generated
}

fn incident(rng: &mut Rng) -> Incident {
    let n = rng.u64(0..8);
    match rng.u32(0..100) {
        0..16 => Incident::Dies(n),
        16..26 => Incident::AgentAway(n, rng.u64(10..=900)),
        26..32 => Incident::AgentGone(n),
        32..46 => Incident::ExecutionRestarted(n),
        46..50 => Incident::ExecutionStopped(n),
        50..64 => Incident::TaskExits(n),
        64..72 => Incident::ServiceScaled(n, scaled(rng)),
        72..82 => Incident::ServiceRedeployed(n),
        82..90 => Incident::OperatorDrains(n),
        90..95 => Incident::FunctionsAway(rng.u64(60..=4800)),
        _ => Incident::WorkersUpdated,
    }
}

/// Seldom more than there is room for.
fn scaled(rng: &mut Rng) -> u64 {
    if chance(rng, 20) { 500 } else { rng.u64(0..=4) }
}
