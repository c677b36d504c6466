//! Is the new instance in its cluster, ACTIVE, its agent connected?
//!
//! Not being registered yet is a plain answer, not an error: the first instance of an empty cluster is in that state.
//! At the join deadline the answer is `Never`, so that an instance that cannot join does not hold the roll for hours.
//! Changes nothing.

use jiff::Timestamp;

use crate::Clients;
use crate::error::Error;
use crate::model::cluster::{ContainerInstance, ContainerInstanceStatus};
use crate::model::{Finding, Subject, seconds_between};

/// Looks, and decides.
///
/// # Errors
/// What ECS meets.
pub async fn handle(
    subject: &Subject,
    clients: &Clients,
    now: &impl Fn() -> Timestamp,
) -> Result<Finding, Error> {
    let (cluster, instance) = (&subject.settings.cluster, &subject.action.instance);
    let registrations = clients.ecs.registrations(cluster, instance).await?;
    Ok(decide(subject, &registrations, now()))
}

/// An instance may be registered more than once, when its agent lost its data: one good registration is enough.
pub fn decide(subject: &Subject, registrations: &[ContainerInstance], now: Timestamp) -> Finding {
    let (cluster, instance) = (&subject.settings.cluster, &subject.action.instance);
    let spent = seconds_between(subject.began, now);
    if registrations.iter().any(is_ready) {
        return Finding::reached(format!(
            "{instance} is ACTIVE in cluster {cluster} with its agent connected, {spent} s after its launch hook opened."
        ));
    }
    let standing = match registrations {
        [] => format!("{instance} has not registered in cluster {cluster} yet"),
        [.., last] => {
            let agent = if last.agent_connected { "" } else { "not " };
            let status = last.status;
            format!("{instance} is {status} in cluster {cluster}, its agent {agent}connected")
        }
    };
    let allowed = subject.settings.join_deadline.as_secs();
    if now >= subject.join_deadline() {
        return Finding::never(format!(
            "{standing}, {spent} s after its launch hook opened; it had {allowed} s to join. Look at its ECS agent's \
             log, its instance profile and its way to the ECS endpoints."
        ));
    }
    Finding::not_yet(format!(
        "{standing}; {spent} s of the {allowed} s that it has to join have passed."
    ))
    .by(subject.join_deadline())
}

fn is_ready(registration: &ContainerInstance) -> bool {
    registration.status == ContainerInstanceStatus::Active && registration.agent_connected
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ContainerInstanceArn, Verdict};
    use crate::stub;

    fn registration(status: &str, agent_connected: bool) -> ContainerInstance {
        ContainerInstance {
            arn: ContainerInstanceArn::new("arn"),
            status: ContainerInstanceStatus::from_name(status).expect("a status"),
            agent_connected,
        }
    }

    #[test]
    fn what_is_seen_decides() {
        let ready = || registration("ACTIVE", true);
        let cases: [(&str, Vec<ContainerInstance>, i64, Verdict); 8] = [
            ("nothing yet", vec![], 10, Verdict::NotYet),
            (
                "registering",
                vec![registration("REGISTERING", false)],
                10,
                Verdict::NotYet,
            ),
            (
                "no agent",
                vec![registration("ACTIVE", false)],
                10,
                Verdict::NotYet,
            ),
            (
                "drained by hand",
                vec![registration("DRAINING", true)],
                10,
                Verdict::NotYet,
            ),
            ("joined", vec![ready()], 10, Verdict::Reached),
            (
                "joined, with an old record",
                vec![ready(), registration("ACTIVE", false)],
                10,
                Verdict::Reached,
            ),
            (
                "joined at the last moment",
                vec![ready()],
                2000,
                Verdict::Reached,
            ),
            ("never", vec![], 900, Verdict::Never),
        ];
        for (name, seen, seconds, verdict) in cases {
            let finding = decide(&stub::launching(), &seen, stub::at(seconds));
            assert_eq!(finding.verdict, verdict, "{name}: {}", finding.reason);
        }
    }

    #[test]
    fn the_next_look_is_not_past_the_deadline() {
        let finding = decide(&stub::launching(), &[], stub::at(899));
        assert_eq!(finding.verdict, Verdict::NotYet);
        assert_eq!(finding.deadline, Some(stub::at(900)));
    }

    #[test]
    fn reasons_name_the_instance_the_cluster_and_the_seconds() {
        let finding = decide(&stub::launching(), &[], stub::at(950));
        assert!(finding.reason.starts_with(
            "i-0123456789abcdef0 has not registered in cluster DevCluster yet, 950 s after its launch hook opened; \
             it had 900 s to join."
        ));
    }
}
