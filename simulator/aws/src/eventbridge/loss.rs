//! Events that never reach their targets.

use serde_json::Value;

use crate::account::Account;
use crate::faults::{FAULTS, Fault};

/// Under the fault `event-lost` one event in this many is lost: AWS calls the groups' events best
/// effort.
const LOST_IN: u8 = 5;

/// Whether a fault keeps the event from its target.
pub(super) fn is_lost(account: &mut Account, event: &Value) -> bool {
    let by_chance =
        account[FAULTS].active.has(Fault::EventLost) && account[FAULTS].random.u8(0..LOST_IN) == 0;
    let of_hooks = [
        (
            Fault::LaunchEventsLost,
            "EC2 Instance-launch Lifecycle Action",
        ),
        (
            Fault::TerminateEventsLost,
            "EC2 Instance-terminate Lifecycle Action",
        ),
    ];
    let mut of_hooks = of_hooks.into_iter();
    by_chance
        || of_hooks.any(|(fault, detail_type)| {
            account[FAULTS].active.has(fault) && event["detail-type"] == detail_type
        })
}
