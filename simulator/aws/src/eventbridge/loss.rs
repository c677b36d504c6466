//! Events that never reach their targets.

use serde_json::Value;

use crate::account::Account;
use crate::autoscaling::Transition;
use crate::faults::Fault;

/// Under the fault `event-lost` one event in this many is lost: AWS calls the groups' events best
/// effort.
const LOST_IN: u8 = 5;

/// Whether a fault keeps the event from its target.
pub(super) fn is_lost(account: &mut Account, event: &Value) -> bool {
    let by_chance =
        account.faults.has(Fault::EventLost) && account.fault_random.u8(0..LOST_IN) == 0;
    let of_hooks = [
        (Fault::LaunchEventsLost, Transition::Launching),
        (Fault::TerminateEventsLost, Transition::Terminating),
    ];
    let mut of_hooks = of_hooks.into_iter();
    by_chance
        || of_hooks.any(|(fault, transition)| {
            account.faults.has(fault) && event["detail-type"] == transition.event_type()
        })
}
