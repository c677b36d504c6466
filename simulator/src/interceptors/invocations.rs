//! What goes wrong with the workers themselves: how an invocation ends that is not left alone.

use crate::account::Account;
use crate::faults::{FAULTS, Fault};
use crate::wire::WIRE;

/// Of ten invocations under the fault `worker-error`, so many crash, half of them before they do
/// anything, half of them when all is done but the answer.
const CRASHES_IN_TEN: u8 = 2;
/// The same for each of the faults `worker-timeout` and `worker-memory`.
const CUT_OFF_IN_TEN: u8 = 1;
/// Of ten invocations under the fault `functions-throttled`, so many are throttled.
const THROTTLED_IN_TEN: u8 = 2;

/// Whether, and when, an invocation is made to crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    /// It is left alone.
    Never,
    /// Before it has done anything.
    Before,
    /// When everything is done but the answer.
    After,
}

/// How an invocation ends that is not left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The process crashes.
    Crash,
    /// It hangs until its timeout.
    Timeout,
    /// It takes more memory than it has.
    Memory,
    /// It does not begin: Lambda throttles it.
    Throttled,
}

/// Whether, and when, the next invocation crashes.
pub fn crash(account: &mut Account) -> Crash {
    if !account[FAULTS].active.has(Fault::WorkerError)
        || account[WIRE].random.u8(0..10) >= CRASHES_IN_TEN
    {
        return Crash::Never;
    }
    before_or_after(account[WIRE].random.bool())
}

/// Whether, when and how the next invocation ends otherwise than by its answer.
pub fn end(account: &mut Account) -> (Crash, End) {
    let crash = crash(account);
    if crash != Crash::Never {
        return (crash, End::Crash);
    }
    if account[FAULTS].active.has(Fault::FunctionsThrottled)
        && account[FAULTS].random.u8(0..10) < THROTTLED_IN_TEN
    {
        return (Crash::Before, End::Throttled);
    }
    for (fault, end) in [
        (Fault::WorkerTimeout, End::Timeout),
        (Fault::WorkerMemory, End::Memory),
    ] {
        if account[FAULTS].active.has(fault) && account[FAULTS].random.u8(0..10) < CUT_OFF_IN_TEN {
            return (before_or_after(account[FAULTS].random.bool()), end);
        }
    }
    (Crash::Never, End::Crash)
}

fn before_or_after(before: bool) -> Crash {
    if before { Crash::Before } else { Crash::After }
}
