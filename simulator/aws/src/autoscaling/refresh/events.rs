//! What a refresh puts on EventBridge. The names are documented
//! (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/automating-ec2-auto-scaling-with-eventbridge.html>);
//! recorded are `Started`, `Succeeded`, `Started Baking` and `Rollback Started`, with the two
//! members that every event has.

use serde_json::json;

use super::Status;
use crate::account::Account;
use crate::autoscaling::AUTOSCALING;
use crate::autoscaling::events::envelope;
use crate::eventbridge;

/// It has left Pending.
pub const STARTED: &str = "Started";
/// All are replaced, and it bakes.
pub const STARTED_BAKING: &str = "Started Baking";
/// It goes back.
pub const ROLLBACK_STARTED: &str = "Rollback Started";

/// The event of a refresh that ends with this status, if it ends.
pub fn of_end(status: Status) -> Option<&'static str> {
    Some(match status {
        Status::Successful => "Succeeded",
        Status::Failed => "Failed",
        Status::Cancelled => "Cancelled",
        Status::RollbackSuccessful => "Rollback Succeeded",
        Status::RollbackFailed => "Rollback Failed",
        Status::Pending
        | Status::InProgress
        | Status::Baking
        | Status::Cancelling
        | Status::RollbackInProgress => return None,
    })
}

/// The event `what` of the newest refresh of the group.
pub fn put(account: &mut Account, group: &str, what: &str) {
    put_with(account, group, what, []);
}

/// A checkpoint is reached, at `percent` per cent, and holds it up for `delay` seconds.
pub fn put_checkpoint(account: &mut Account, group: &str, percent: u32, delay: u32) {
    let members = [
        ("CheckpointPercentage", percent.to_string()),
        ("CheckpointDelay", delay.to_string()),
    ];
    put_with(account, group, "Checkpoint Reached", members);
}

fn put_with<const N: usize>(
    account: &mut Account,
    group: &str,
    what: &str,
    members: [(&str, String); N],
) {
    let Some(group) = account[AUTOSCALING].group(group) else {
        return;
    };
    let Some(refresh) = group.refreshes.last() else {
        return;
    };
    let mut detail = json!({
        "InstanceRefreshId": refresh.id, "AutoScalingGroupName": group.name,
    });
    for (name, value) in members {
        detail[name] = json!(value);
    }
    let kind = format!("EC2 Auto Scaling Instance Refresh {what}");
    let event = envelope(account, &kind, vec![group.arn.clone()], detail);
    eventbridge::put_event(account, event);
}
