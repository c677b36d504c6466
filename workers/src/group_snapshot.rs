//! Who of the group is there, as far as drains go: its instances, and those that come out of it
//! into its warm pool.
//!
//! With reuse on scale-in an instance goes back into the pool over its terminate hook, and stands
//! there as `Warmed:Pending:Wait`: that is a drain like any other. A new instance on its way into
//! the pool stands in the same state, at its launch hook, and is none. The group's own list has
//! neither, and the pool's does not tell them apart; the cluster does: only what was in the group
//! has a registration that is ACTIVE or DRAINING, because the agent of a new one waits until it
//! leaves the pool (ECS_WARM_POOLS_CHECK).

use jiff::Timestamp;

use crate::Clients;
use crate::error::Error;
use crate::model::cluster::is_in_force;
use crate::model::group::{GroupInstance, PAUSE_TAG, Pause};
use crate::model::{Assessment, InstanceId, Subject};
use crate::text::between;

/// Who is there, and whether they may come and go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roster {
    /// The instances.
    pub instances: Vec<GroupInstance>,
    /// The pause of the group, if an operator has paused it.
    pub pause: Option<Pause>,
}

impl Roster {
    /// Leaves out the instances that you ended with `ecs-rollout terminate`, see [`crate::ended`].
    ///
    /// # Errors
    /// What ECS meets.
    pub async fn forget_the_ended(
        &mut self,
        subject: &Subject,
        clients: &Clients,
        now: Timestamp,
    ) -> Result<(), Error> {
        let requests = clients.ecs.to_be_ended(&subject.settings.cluster).await?;
        let own = &subject.action.instance;
        let is_ended = |one: &GroupInstance| {
            let mut requests = requests.iter();
            requests.any(|(instance, at)| *instance == one.instance && is_in_force(*at, now))
        };
        self.instances
            .retain(|one| &one.instance == own || !is_ended(one));
        Ok(())
    }
}

/// Not yet: an operator has paused the group.
pub fn paused(subject: &Subject, pause: Pause, now: Timestamp) -> Assessment {
    let why = &pause.why;
    let stack = &subject.settings.target.stack;
    let waited = between(subject.began, now);
    let mut finding = Assessment::not_yet(format!(
        "Paused by an operator: '{why}'. Waited {waited} so far. To resume: 'ecs-rollout resume {stack}', or delete tag \
         {PAUSE_TAG} of the group."
    ));
    finding.extra.paused = Some(pause);
    finding
}

/// Looks. A group without a warm pool takes one call.
///
/// # Errors
/// What Auto Scaling and ECS meet.
pub async fn look(subject: &Subject, clients: &Clients) -> Result<Roster, Error> {
    let name = &subject.action.group;
    let seen = clients.autoscaling.instances(name).await?;
    let mut roster = Roster {
        instances: seen.instances,
        pause: seen.pause,
    };
    if !seen.has_pool {
        return Ok(roster);
    }
    let pool = clients.autoscaling.pool_instances(name).await?;
    let on_their_way = pool.iter().filter(|one| one.state.enters_pool());
    let ids: Vec<InstanceId> = on_their_way.map(|one| one.instance.clone()).collect();
    let cluster = &subject.settings.cluster;
    let members = clients.ecs.members_among(cluster, &ids).await?;
    roster.instances.extend(returning(pool, &members));
    Ok(roster)
}

/// Those of the pool that come out of the group: on their way, and a member of the cluster; or
/// kept, because a drain failed.
fn returning(
    pool: Vec<GroupInstance>,
    members: &[InstanceId],
) -> impl Iterator<Item = GroupInstance> {
    pool.into_iter().filter(|one| {
        let comes_back = one.state.enters_pool() && members.contains(&one.instance);
        comes_back || one.state.is_retained()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::group::LifecycleState;

    #[test]
    fn only_what_comes_out_of_the_group_is_a_drain() {
        let pool: Vec<GroupInstance> = [
            ("i-00000000000000001", "Warmed:Pending:Wait"),
            ("i-00000000000000002", "Warmed:Pending:Wait"),
            ("i-00000000000000003", "Warmed:Pending"),
            ("i-00000000000000004", "Warmed:Pending:Retained"),
            ("i-00000000000000005", "Warmed:Stopped"),
            ("i-00000000000000006", "Warmed:Terminating:Wait"),
            ("i-00000000000000007", "Warmed:Pending:Proceed"),
        ]
        .into_iter()
        .map(|(id, state)| GroupInstance {
            instance: InstanceId::new(id),
            state: LifecycleState::from_name(state),
            launched_from: None,
        })
        .collect();
        // All but the second, which is new, have been in the cluster.
        let members: Vec<InstanceId> = [1, 3, 4, 5, 6, 7]
            .map(|n| InstanceId::new(format!("i-{n:017}")))
            .to_vec();
        let seen: Vec<String> = returning(pool, &members)
            .map(|one| one.instance.to_string())
            .collect();
        assert_eq!(
            seen,
            [
                "i-00000000000000001",
                "i-00000000000000003",
                "i-00000000000000004"
            ]
        );
    }
}
