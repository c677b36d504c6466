//! How an instance ends or stops.

use std::time::Duration;

use super::{Event, Phase, Timing};
use crate::account::Account;
use crate::ec2::EC2;
use crate::signal::Signal;
use crate::trace::TraceEvent;

/// Terminates an instance: its operating system shuts down, and some time later it is gone.
/// Terminating it again changes nothing; one that is already dead is only cleared away.
pub fn terminate(account: &mut Account, id: &str) {
    let Some(machine) = account[EC2].machines.get_mut(id) else {
        return;
    };
    let was = machine.phase;
    if was == Phase::ShuttingDown {
        return;
    }
    machine.phase = Phase::ShuttingDown;
    let Timing {
        shutting_down,
        terminated,
        ..
    } = account[EC2].timing.clone();
    let down = account.between(shutting_down.0, shutting_down.1);
    // A chance of a chance: half of them within the first fifth of the range.
    let at_most = account.between(terminated.0, terminated.1);
    let gone = account.between(terminated.0, at_most).max(down);
    if was == Phase::Dead {
        account.after(Duration::from_secs(1), Event::Gone(id.to_owned()));
        return;
    }
    account.after(down, Event::Down(id.to_owned()));
    account.after(gone, Event::Gone(id.to_owned()));
}

/// Stops an instance, to be started again by [`super::release_agent`]: what still runs on it is cut
/// off, and its agent is away. The time that it takes is that of the move which it is in.
pub fn stop(account: &mut Account, id: &str) {
    let Some(machine) = account[EC2].machines.get_mut(id) else {
        return;
    };
    if machine.phase == Phase::Running {
        machine.agent_held = true;
        account.signal(&Signal::Stopped(id.to_owned()));
    }
}

/// A fault: the instance is terminated at once, by nobody. Auto Scaling finds out by its health
/// check.
pub fn kill(account: &mut Account, id: &str) {
    if !account[EC2].is_alive(id) {
        return;
    }
    if let Some(machine) = account[EC2].machines.get_mut(id) {
        machine.phase = Phase::Dead;
    }
    account.record(TraceEvent::Died {
        instance: id.to_owned(),
    });
    account.signal(&Signal::Died(id.to_owned()));
}
