//! Spot instances: EC2 takes them back, two minutes after a notice; and may say earlier that one is
//! at risk.

use std::time::Duration;

use super::{Event, Phase};
use crate::account::Account;
use crate::ec2::EC2;
use crate::signal::Signal;
use crate::trace::{SpotEvent, TraceEvent};

/// From the interruption notice until the instance goes
/// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/container-instance-spot.html>).
const NOTICE: Duration = Duration::from_secs(120);

/// An instance that is no Spot instance.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} is no Spot instance, so EC2 never takes it back: write `parameter PurchaseOption=spot`"
)]
pub struct NotSpot(pub String);

/// EC2 gives notice that it takes a Spot instance back. No hook holds that up.
///
/// # Errors
/// If it is no Spot instance.
pub fn interrupt(account: &mut Account, id: &str) -> Result<(), NotSpot> {
    if !runs_on_spot(account, id)? {
        return Ok(());
    }
    record_spot(account, id, SpotEvent::Notice);
    account.signal(&Signal::SpotNotice(id.to_owned()));
    account.after(NOTICE, Event::Reclaimed(id.to_owned()));
    Ok(())
}

/// EC2 says that a Spot instance is at a higher risk of interruption: a rebalance recommendation.
///
/// # Errors
/// If it is no Spot instance.
pub fn at_risk(account: &mut Account, id: &str) -> Result<(), NotSpot> {
    if runs_on_spot(account, id)? {
        record_spot(account, id, SpotEvent::AtRisk);
        account.signal(&Signal::RebalanceRecommended(id.to_owned()));
    }
    Ok(())
}

/// Whether it is a Spot instance that has not gone yet.
fn runs_on_spot(account: &Account, id: &str) -> Result<bool, NotSpot> {
    let Some(machine) = account[EC2].machines.get(id) else {
        return Ok(false);
    };
    if !machine.is_spot {
        return Err(NotSpot(id.to_owned()));
    }
    Ok(matches!(machine.phase, Phase::Pending | Phase::Running))
}

fn record_spot(account: &mut Account, id: &str, what: SpotEvent) {
    let instance = id.to_owned();
    account.record(TraceEvent::Spot { instance, what });
}

/// The two minutes are over: it goes, unless it has gone already. Auto Scaling finds out by its
/// health check
/// (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-capacity-rebalancing.html>).
pub(super) fn reclaimed(account: &mut Account, id: &str) {
    if !account[EC2].is_alive(id) {
        return;
    }
    account.signal(&Signal::SpotReclaimed(id.to_owned()));
    super::kill(account, id);
}
