//! What a rollout costs.

use serde::Serialize;
use simulator::api_quota::rounded;
use simulator::report::cost_parts_usd;

use super::ExecutionTrace;

/// The memory of our functions in MB, as the template sets it: what a deployed one has is not
/// asked.
const FUNCTION_MEMORY_MB: u64 = 128;

/// What it cost, by the public prices, without the free tier.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// State transitions, as Step Functions bills them.
    pub transitions: u64,
    /// What these cost, in US dollars.
    pub transitions_usd: f64,
    /// Functions invoked.
    pub invocations: u64,
    /// What these cost, in US dollars. Estimated: by the times in the histories, which are longer
    /// than what is billed, and by the memory that the template gives.
    pub functions_usd_estimated: f64,
    /// Both.
    pub usd_estimated: f64,
}

impl Cost {
    /// The sum is known to be this: what the transitions do not cost, the functions do.
    pub fn is_counted(&mut self, usd: f64) {
        self.functions_usd_estimated = rounded((usd - self.transitions_usd).max(0.0), 6);
        self.usd_estimated = rounded(usd, 6);
    }
}

pub(super) fn cost(passages: &[ExecutionTrace]) -> Cost {
    let sum = |of: fn(&ExecutionTrace) -> u64| passages.iter().map(of).sum::<u64>();
    let (transitions, invocations) = (sum(|it| it.transitions), sum(|it| it.invocations));
    let megabyte_ms = sum(|it| it.function_ms) * FUNCTION_MEMORY_MB;
    let (states, functions) = cost_parts_usd(transitions, invocations, megabyte_ms);
    Cost {
        transitions,
        transitions_usd: rounded(states, 6),
        invocations,
        functions_usd_estimated: rounded(functions, 6),
        usd_estimated: rounded(states + functions, 6),
    }
}
