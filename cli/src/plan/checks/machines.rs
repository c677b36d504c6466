//! The instances.

use workers::ecs::TERMINATE;
use workers::model::cluster::is_in_force;
use workers::model::group::LifecycleState;

use super::{Diagnostic, Observation, PlanRequest, are_awaited, deadline_stops, some};
use crate::aws::{quoted, with_access};
use crate::plan::observation::is_leaving;

/// The attribute of an instance that is kept for its standalone tasks.
const KEPT: &str = "ecs-rollout.kept-for";

/// Nothing is left of an earlier roll.
pub fn retained(seen: &Observation, _: &PlanRequest) -> Vec<Diagnostic> {
    let kept = |id: &str| {
        seen.machine(id)
            .is_some_and(|it| it.attribute(KEPT).is_some())
    };
    let retained = seen.group.retained().map(|one| one.id.as_str());
    let (ended, left): (Vec<&str>, Vec<&str>) = retained.partition(|id| is_being_ended(seen, id));
    let (kept, failed): (Vec<&str>, Vec<&str>) = left.into_iter().partition(|id| kept(id));
    let mut remarks = Vec::new();
    if !ended.is_empty() {
        let words = format!(
            "retained, and you asked to end it: {}; no rollout waits for it. To finish that: {}",
            some(ended.iter().copied()),
            verb("terminate", ended[0])
        );
        remarks.push(Diagnostic::warning("being-ended", words));
    }
    if !failed.is_empty() {
        let words = format!(
            "retained since an earlier drain failed: {}. The rollout stops while they are there. Ask why: {}; end each: {}",
            some(failed.iter().copied()),
            verb("explain", failed[0]),
            verb("terminate", failed[0])
        );
        remarks.push(Diagnostic::blocker("retained", words));
    }
    if !kept.is_empty() {
        let words = format!(
            "retained for their standalone tasks: {}; when its tasks have ended, end each: {}",
            some(kept.iter().copied()),
            verb("terminate", kept[0])
        );
        remarks.push(Diagnostic::warning("kept", words));
    }
    remarks
}

/// A verb of ours about an instance or a stack.
fn verb(verb: &str, about: &str) -> String {
    with_access(&format!("ecs-rollout {verb} {about}"))
}

/// Whether you asked to end an instance, and the request is in force: the launch queue leaves it
/// out then.
fn is_being_ended(seen: &Observation, id: &str) -> bool {
    let asked = seen.machine(id).and_then(|it| it.attribute(TERMINATE));
    let asked = asked.and_then(|time| time.parse().ok());
    asked.is_some_and(|at| is_in_force(at, seen.now))
}

/// All of the group are members of the cluster, ACTIVE, with their agents connected.
pub fn agents(seen: &Observation, _: &PlanRequest) -> Vec<Diagnostic> {
    let mut remarks = Vec::new();
    let gone = seen.own_machines().filter(|one| !one.agent_connected);
    let gone = some(gone.map(|one| one.id.as_str()));
    if !gone.is_empty() {
        let limit = seen.number("AgentDisconnectedLimitSeconds", 600);
        let words = format!(
            "the ECS agent is not connected: {gone}. After {limit} s without it a drain fails, because ECS does not know whether its tasks \
             have stopped; bring it back, or terminate the instance before the rollout"
        );
        remarks.push(if deadline_stops(seen) {
            Diagnostic::blocker("agent-disconnected", words)
        } else {
            Diagnostic::warning("agent-disconnected", words)
        });
    }
    let draining = seen.own_machines().filter(|one| one.status == "DRAINING");
    let in_service = |id: &str| {
        let mut members = seen.group.members.iter();
        members.any(|one| one.id == id && !one.moves() && !one.state.is_retained())
    };
    let draining = some(
        draining
            .map(|one| one.id.as_str())
            .filter(|id| in_service(id)),
    );
    if !draining.is_empty() {
        let words = format!(
            "set DRAINING by somebody, though in service: {draining}; their tasks need room on the others already"
        );
        remarks.push(Diagnostic::warning("drained-by-hand", words));
    }
    let unknown = seen.group.members.iter();
    let unknown = unknown.filter(|one| !one.moves() && seen.machine(&one.id).is_none());
    let unknown = some(unknown.map(|one| one.id.as_str()));
    if !unknown.is_empty() {
        let cluster = &seen.cluster;
        let words = format!(
            "in the group, and no members of cluster {cluster}: {unknown}. They are replaced, but there is nothing to drain; did their \
             agents ever register?"
        );
        remarks.push(Diagnostic::warning("not-registered", words));
    }
    remarks
}

/// A drain in progress that waits for a standalone task can miss its deadline. Its instance is
/// retained then, and a rollout that has begun meanwhile stops.
fn drained_late(seen: &Observation) -> Option<Diagnostic> {
    let draining = seen.group.moving().filter(|one| is_leaving(one));
    let late = draining.filter(|one| seen.has_standalone(&one.id));
    let late = some(late.map(|one| one.id.as_str()));
    if late.is_empty() || !are_awaited(seen) {
        return None;
    }
    let words = format!(
        "draining already, with standalone tasks: {late}. If they outlive the drain deadline, the instance is retained, and a \
         rollout that has begun stops; begin when these drains have ended"
    );
    Some(Diagnostic::condition("under-way", words))
}

/// All of the group are in service.
pub fn moving(seen: &Observation, _: &PlanRequest) -> Vec<Diagnostic> {
    let moving = some(seen.group.moving().map(|one| one.id.as_str()));
    let standby = seen.group.members.iter();
    let standby = standby.filter(|one| one.state == LifecycleState::Standby);
    let standby: Vec<&str> = standby.map(|one| one.id.as_str()).collect();
    let mut remarks = Vec::new();
    if !moving.is_empty() {
        let words = format!(
            "on their way in or out: {moving}. New instances wait for their drains; see them with {}",
            verb("watch", &seen.stack.name)
        );
        remarks.push(Diagnostic::warning("under-way", words));
    }
    remarks.extend(drained_late(seen));
    if !standby.is_empty() {
        let words = format!(
            "in Standby: {}. Nobody has proven what a rolling update does with them; an instance refresh waits up to an hour \
             for them to come back. Put them in service first: {}",
            some(standby.iter().copied()),
            with_access(&format!(
                "aws autoscaling exit-standby --instance-ids {} --auto-scaling-group-name {}",
                standby.join(" "),
                quoted(&seen.stack.group().unwrap_or_default())
            ))
        );
        remarks.push(Diagnostic::warning("standby", words));
    }
    remarks
}
