//! Why an instance is not terminated, and the command that helps.

use workers::model::group::LifecycleState;
use workers::terminate::{Refusal, Target};

use crate::aws::{Aws, quoted, with_access};
use crate::failure::Failure;

/// No group has the instance, and no cluster was named.
///
/// # Errors
/// If the clusters cannot be looked at.
pub async fn in_no_group(aws: &Aws, id: &str) -> Result<Failure, Failure> {
    let region = &aws.region;
    Ok(Failure::from(match aws.cluster_of(id).await? {
        Some(cluster) => format!(
            "{id} is in no Auto Scaling group of {region}, and still registered in cluster {cluster}. If it was detached, see \
             what works: {}. If you terminated it, finish that: {}",
            with_access(&format!("ecs-rollout explain {id}")),
            with_access(&format!("ecs-rollout terminate {id} --cluster {cluster}"))
        ),
        None => format!(
            "{id} is in no Auto Scaling group of {region}: is it gone already, and are the Region and the account right? If ECS \
             still shows it, run this again with --cluster NAME"
        ),
    }))
}

/// Why the instance is not terminated, and the command that helps, if one does.
pub fn refused(id: &str, refusal: &Refusal, target: &Target) -> Failure {
    let text = format!("{id} is not terminated: {refusal}");
    let command = match refusal {
        Refusal::NotInGroup => None,
        Refusal::OnlyInCluster => Some(format!(
            "See what works: {}",
            with_access(&format!(
                "ecs-rollout explain {id} --cluster {}",
                target.cluster
            ))
        )),
        Refusal::NotRetained(state) => by_state(state, id, target.group.as_str()),
    };
    Failure::refused(match command {
        Some(command) => format!("{text} {command}"),
        None => text,
    })
}

/// What helps with an instance that is not retained.
fn by_state(state: &LifecycleState, id: &str, group: &str) -> Option<String> {
    use LifecycleState as S;
    let terminate = || {
        format!(
            "To do so: {}",
            with_access(&format!(
                "aws autoscaling terminate-instance-in-auto-scaling-group --instance-id {id} \
                 --no-should-decrement-desired-capacity"
            ))
        )
    };
    match state {
        S::InService => Some(terminate()),
        S::TerminatingWait | S::WarmedPendingWait | S::WarmedTerminatingWait => Some(format!(
            "See what holds it, and how to stop a task: {}",
            with_access(&format!("ecs-rollout explain {id}"))
        )),
        S::Standby => Some(format!(
            "Return it to service: {}",
            with_access(&format!(
                "aws autoscaling exit-standby --instance-ids {id} --auto-scaling-group-name {}",
                quoted(group)
            ))
        )),
        S::Other(_) => Some(terminate()),
        _ => None,
    }
}
