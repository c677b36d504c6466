//! The fault `throttle`: other traffic of the account takes half of all turns. (ECS's own token
//! buckets are in [`crate::ecs`].)

use crate::account::{Account, Caller};
use crate::faults::{FAULTS, Fault};
use crate::wire::{ApiError, Call, WIRE};

/// The refusal, if a worker's call is hit.
pub fn refuses(account: &mut Account, caller: &Caller, call: &Call) -> Option<ApiError> {
    let hit = matches!(caller, Caller::Function(_) | Caller::ActivityWorker(_))
        && account[FAULTS].active.has(Fault::Throttle)
        && account[WIRE].random.bool();
    let code = if ["ecs", "states"].contains(&call.service.as_str()) {
        "ThrottlingException"
    } else {
        "Throttling"
    };
    hit.then(|| ApiError::client(code, "Rate exceeded"))
}
