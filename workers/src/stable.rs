//! May the instance go on?
//!
//! Leaving: is no service that had tasks on it worse off than before the drain began? What was broken before is excused as far as it was.
//! At the drain deadline the answer is `Never`, and the user's policy decides.
//!
//! New: is no earlier drain of the group open that must hold it, and did none fail? CloudFormation does not wait for
//! terminate hooks, only for the next instance: so that one is held at its launch hook until the drains before it have
//! ended, and at most one batch of drains is open at a time. It runs tasks meanwhile, so the hold costs no capacity, and
//! the drain that it waits for can use it. The hold has no deadline but its hook's. Changes nothing.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::Clients;
use crate::config::{DrainBegun, drain_begun, held_by, stack_seen};
use crate::error::Error;
use crate::model::cluster::{Service, ServiceCounts};
use crate::model::group::{GroupInstance, LifecycleState, StackState};
use crate::model::{Finding, InstanceId, StackSeen, Subject, Transition, Verdict, seconds_between};

/// So many holders are noted for the next look. DescribeAutoScalingInstances takes 50 at a time, but one that still holds is
/// enough to say "not yet", and ten seldom go at once.
const HOLDERS_NOTED: usize = 10;

/// So long the last answer of CloudFormation is good enough to say "not yet". A stack that is being deleted holds nobody:
/// that is noticed at the next look after it.
const STACK_ASKED: SignedDuration = SignedDuration::from_mins(1);

/// Looks, and decides.
///
/// # Errors
/// What the services meet; `BadEvent` for a leaving instance without draining's answer.
pub async fn handle(
    subject: &Subject,
    input: &Value,
    clients: &Clients,
    now: &impl Fn() -> Timestamp,
) -> Result<Finding, Error> {
    match subject.action.transition {
        Transition::Terminating => {
            let begun = drain_begun(input)?;
            let (ecs, cluster) = (&clients.ecs, &subject.settings.cluster);
            let services = ecs.services(cluster, &begun.services).await?;
            let finding = decide_leaving(subject, &begun, &services, now());
            if finding.verdict != Verdict::NotYet {
                return Ok(finding);
            }
            // Somebody may have begun to delete the stack since the drain began.
            let stack = stack_lately(subject, input, clients, now).await?;
            if stack.state == StackState::Deleting {
                let begun = DrainBegun {
                    stack_deleting: true,
                    ..begun
                };
                return Ok(decide_leaving(subject, &begun, &services, now()));
            }
            Ok(remembering(finding, stack))
        }
        Transition::Launching => {
            if let Some(finding) = look_at_holders(subject, input, clients, now).await? {
                return Ok(finding);
            }
            let stack = stack_now(subject, clients, now).await?;
            // A group that is being created has no past to roll away from: nobody else needs to be looked at.
            let group = match stack.state {
                StackState::Creating => {
                    let own = [subject.action.instance.clone()];
                    clients.autoscaling.some_instances(&own).await?
                }
                _ => clients.autoscaling.instances(&subject.action.group).await?,
            };
            let kept = kept(subject, &group, &stack.state, clients).await?;
            let finding = decide_new(subject, (&group, &kept), &stack.state, now());
            Ok(remembering(finding, stack))
        }
    }
}

/// Whether those that held the new instance at the last look still do: that is enough to say "not yet". A large group's
/// list is long, and would be asked for by every instance of a batch, while the holders are few. Before anything else is
/// said all are looked at.
async fn look_at_holders(
    subject: &Subject,
    input: &Value,
    clients: &Clients,
    now: &impl Fn() -> Timestamp,
) -> Result<Option<Finding>, Error> {
    let mut few = held_by(input);
    if few.is_empty() {
        return Ok(None);
    }
    let stack = stack_lately(subject, input, clients, now).await?;
    few.push(subject.action.instance.clone());
    let seen = clients.autoscaling.some_instances(&few).await?;
    let finding = decide_new(subject, (&seen, &[]), &stack.state, now());
    let is_held = finding.verdict == Verdict::NotYet;
    Ok(is_held.then(|| remembering(finding, stack)))
}

/// What the stack is doing, or was at an earlier look not long ago.
async fn stack_lately(
    subject: &Subject,
    input: &Value,
    clients: &Clients,
    now: &impl Fn() -> Timestamp,
) -> Result<StackSeen, Error> {
    let known = stack_seen(input).filter(|it| now().duration_since(it.asked_at) < STACK_ASKED);
    match known {
        Some(known) => Ok(known),
        None => stack_now(subject, clients, now).await,
    }
}

/// The instances that are kept for their standalone tasks. They are asked for only where a retained one would stop the roll.
async fn kept(
    subject: &Subject,
    group: &[GroupInstance],
    stack: &StackState,
    clients: &Clients,
) -> Result<Vec<InstanceId>, Error> {
    let is_retained = |one: &GroupInstance| one.state == LifecycleState::TerminatingRetained;
    match *stack == StackState::Updating && group.iter().any(is_retained) {
        true => clients.ecs.kept(&subject.settings.cluster).await,
        false => Ok(Vec::new()),
    }
}

async fn stack_now(
    subject: &Subject,
    clients: &Clients,
    now: &impl Fn() -> Timestamp,
) -> Result<StackSeen, Error> {
    let stack = &subject.settings.target.stack;
    let state = clients.cloudformation.stack_state(stack).await?;
    let asked_at = now();
    Ok(StackSeen { state, asked_at })
}

/// Notes for the next look what the stack was doing.
fn remembering(mut finding: Finding, stack: StackSeen) -> Finding {
    if finding.verdict == Verdict::NotYet {
        finding.extra.stack = Some(stack);
    }
    finding
}

/// Decides for a leaving instance.
pub fn decide_leaving(
    subject: &Subject,
    begun: &DrainBegun,
    services: &[Service],
    now: Timestamp,
) -> Finding {
    let (cluster, instance) = (&subject.settings.cluster, &subject.action.instance);
    let before = |counts: &ServiceCounts| {
        let mut those = begun.unstable.iter();
        those.find(|before| before.service == counts.service)
    };
    // A service that is younger than the drain never had a task here: its trouble is its own.
    let concerned = |service: &&Service| {
        service.active && service.created.is_none_or(|created| created <= begun.since)
    };
    let worse: Vec<String> = services
        .iter()
        .filter(concerned)
        .filter(|service| service.counts.is_worse_than(before(&service.counts)))
        .map(|service| service.counts.to_string())
        .collect();
    let spent = seconds_between(subject.began, now);
    let (deadline, policy) = (subject.drain_deadline(), subject.settings.policy);
    if begun.stack_deleting {
        let stack = &subject.settings.target.stack;
        return Finding::reached(format!(
            "Stack {stack} is being deleted: no service of cluster {cluster} is waited for."
        ))
        .under(policy);
    }
    if worse.is_empty() {
        return Finding::reached(format!(
            "No service of cluster {cluster} is worse off than before the drain of {instance} began, {spent} s after \
             its terminate hook opened."
        ))
        .under(policy);
    }
    let standing = format!(
        "{} service(s) of cluster {cluster} worse off than before the drain of {instance} began: {}",
        worse.len(),
        worse.join("; ")
    );
    let finding = if now < deadline {
        Finding::not_yet(format!("{standing}.")).by(deadline)
    } else {
        let allowed = subject.settings.drain_deadline.as_secs();
        Finding::never(format!(
            "{standing}; the drain had {allowed} s, and they are over."
        ))
    };
    finding.under(policy)
}

/// Decides for a new instance, by the group's instances and those that are kept for their standalone tasks.
pub fn decide_new(
    subject: &Subject,
    (group, kept): (&[GroupInstance], &[InstanceId]),
    stack: &StackState,
    now: Timestamp,
) -> Finding {
    let (name, instance) = (&subject.action.group, &subject.action.instance);
    let own = group.iter().find(|one| &one.instance == instance);
    let Some(own) = own else {
        return Finding::over(format!("{instance} is no longer in group {name}."));
    };
    if !own.state.awaits_launch() {
        let state = &own.state;
        return Finding::over(format!(
            "{instance} is {state} in group {name}: past its launch hook."
        ));
    }
    let target = &subject.settings.target.stack;
    if *stack == StackState::Deleting {
        return Finding::reached(format!(
            "Stack {target} is being deleted: nobody is held for it."
        ));
    }
    let others = || group.iter().filter(|one| &one.instance != instance);
    if *stack == StackState::Updating
        && let Some(retained) = others().find(|one| has_failed(one, kept))
    {
        return Finding::never(failed_drain(subject, retained));
    }
    let spent = seconds_between(subject.began, now);
    let holders: Vec<&GroupInstance> = others().filter(|other| holds(other, own, stack)).collect();
    match holders.first() {
        Some(other) => held(
            &holders,
            format!(
                "{instance} is held at its launch hook of group {name}: {} launched from {} is {} while stack {target} is \
             {stack}; {spent} s so far.",
                other.instance,
                other
                    .launched_from
                    .as_deref()
                    .unwrap_or("an unknown template"),
                other.state,
            ),
        ),
        None => Finding::reached(format!(
            "No drain of group {name} holds {instance} while stack {target} is {stack}, {spent} s after its launch \
             hook opened."
        )),
    }
}

/// Not yet, because of `holders`.
fn held(holders: &[&GroupInstance], reason: String) -> Finding {
    let mut finding = Finding::not_yet(reason);
    let some = holders.iter().take(HOLDERS_NOTED);
    finding.extra.held_by = Some(some.map(|holder| holder.instance.clone()).collect());
    finding
}

/// During a stack operation any drain holds. Outside of one only a drain of another launch template version does: an
/// instance refresh started by hand. A plain scale-in holds nobody, nor does a group that is being created.
fn holds(other: &GroupInstance, own: &GroupInstance, stack: &StackState) -> bool {
    let operation = matches!(stack, StackState::Updating | StackState::Busy(_));
    other.state.is_draining() && (operation || other.launched_from != own.launched_from)
}

/// Whether its drain failed, and nobody has looked at it yet.
fn has_failed(one: &GroupInstance, kept: &[InstanceId]) -> bool {
    one.state == LifecycleState::TerminatingRetained && !kept.contains(&one.instance)
}

/// The roll stops and rolls back: a drain of it failed, or one of an earlier roll that nobody has looked at yet.
fn failed_drain(subject: &Subject, retained: &GroupInstance) -> String {
    let (group, new) = (&subject.action.group, &subject.action.instance);
    let old = &retained.instance;
    format!(
        "The drain of {old} failed, and group {group} retains it (Terminating:Retained), so the roll does not go on with \
         {new}. Look at what runs on {old}, then let it go with 'aws autoscaling \
         terminate-instance-in-auto-scaling-group --instance-id {old} --no-should-decrement-desired-capacity', and roll \
         again."
    )
}

#[cfg(test)]
mod tests {
    use LifecycleState::{
        InService, PendingProceed, PendingWait, Terminating, TerminatingProceed,
        TerminatingRetained, TerminatingWait,
    };

    use serde_json::json;

    use super::*;
    use crate::model::cluster::ServiceTerms;
    use crate::model::{Policy, ServiceName};
    use crate::stub;

    fn counts(name: &str, numbers: (i64, i64, i64, i64)) -> ServiceCounts {
        let (deployments, running, pending, desired) = numbers;
        ServiceCounts {
            service: ServiceName::new(name),
            deployments,
            running,
            pending,
            desired,
        }
    }

    fn service(numbers: (i64, i64, i64, i64)) -> Service {
        Service {
            active: true,
            created: Some(stub::at(-9999)),
            counts: counts("web", numbers),
            terms: ServiceTerms::default(),
        }
    }

    fn begun(unstable: Vec<ServiceCounts>) -> DrainBegun {
        DrainBegun {
            since: stub::at(1),
            container_instances: Vec::new(),
            services: vec![ServiceName::new("web")],
            unstable,
            stack_deleting: false,
            daemons: Vec::new(),
        }
    }

    #[test]
    fn a_service_may_not_be_worse_off_than_before() {
        // (deployments, running, pending, desired) before, if it was unstable then; and now.
        for (before, now, verdict) in [
            (None, (1, 2, 0, 2), Verdict::Reached),
            (None, (1, 3, 0, 2), Verdict::Reached),
            (None, (1, 1, 0, 2), Verdict::NotYet),
            (None, (1, 2, 1, 2), Verdict::NotYet),
            (None, (2, 2, 0, 2), Verdict::NotYet),
            (None, (0, 2, 0, 2), Verdict::Reached),
            (Some((1, 1, 1, 2)), (1, 1, 1, 2), Verdict::Reached),
            (Some((1, 1, 1, 2)), (1, 0, 1, 2), Verdict::NotYet),
            (Some((1, 1, 0, 2)), (1, 1, 1, 2), Verdict::NotYet),
            (Some((2, 2, 0, 2)), (2, 2, 0, 2), Verdict::Reached),
            (Some((0, 1, 0, 2)), (1, 2, 0, 2), Verdict::Reached),
            (Some((1, 4, 0, 2)), (1, 1, 0, 2), Verdict::NotYet),
        ] {
            let begun = begun(
                before
                    .map(|numbers| counts("web", numbers))
                    .into_iter()
                    .collect(),
            );
            let finding =
                decide_leaving(&stub::terminating(), &begun, &[service(now)], stub::at(10));
            assert_eq!(finding.verdict, verdict, "{before:?} -> {now:?}");
            assert_eq!(finding.extra.policy, Some(Policy::Retain));
        }
    }

    #[test]
    fn services_that_are_leaving_or_younger_than_the_drain_are_not_waited_for() {
        let mut leaving = service((1, 1, 0, 0));
        leaving.active = false;
        let mut young = service((1, 0, 2, 2));
        young.created = Some(stub::at(60));
        let finding = decide_leaving(
            &stub::terminating(),
            &begun(vec![]),
            &[leaving, young],
            stub::at(99),
        );
        assert_eq!(finding.verdict, Verdict::Reached);
    }

    #[test]
    fn the_drain_deadline_ends_the_wait() {
        let short = [service((1, 1, 0, 2))];
        let finding = decide_leaving(&stub::terminating(), &begun(vec![]), &short, stub::at(3000));
        assert_eq!(finding.verdict, Verdict::Never);
        assert_eq!(
            finding.reason,
            "1 service(s) of cluster DevCluster worse off than before the drain of i-0123456789abcdef0 began: service \
             web runs 1 of 2 tasks, 0 pending, 1 deployment(s); the drain had 3000 s, and they are over."
        );
    }

    #[tokio::test]
    async fn a_stack_that_is_deleted_meanwhile_waits_for_no_service() {
        for (status, verdict) in [
            ("UPDATE_COMPLETE", Verdict::NotYet),
            ("DELETE_IN_PROGRESS", Verdict::Reached),
        ] {
            let clients = Clients::new(&stub::aws(move |request| match request.action.as_str() {
                "DescribeServices" => {
                    let short =
                        json!({"serviceName": "web", "status": "ACTIVE", "desiredCount": 2});
                    (200, json!({"services": [short]}).to_string())
                }
                "DescribeStacks" => {
                    let stack = format!(
                        "<Stacks><member><StackName>dev</StackName>\
                         <StackStatus>{status}</StackStatus></member></Stacks>"
                    );
                    (200, stub::xml("DescribeStacks", &stack))
                }
                other => panic!("{other} was asked"),
            }));
            let mut input = stub::event("terminate");
            input["draining"] = json!({
                "since": stub::at(1), "containerInstances": [], "unstable": [], "services": ["web"]});
            let subject = stub::terminating();
            let finding = handle(&subject, &input, &clients, &|| stub::at(60)).await;
            assert_eq!(finding.expect("an answer").verdict, verdict, "{status}");
        }
    }

    fn instance(id: &str, state: LifecycleState, version: &str) -> GroupInstance {
        GroupInstance {
            instance: InstanceId::new(id),
            state,
            launched_from: Some(format!("lt-1:{version}")),
        }
    }

    fn held(other: (LifecycleState, &str), stack: &str) -> Finding {
        let group = [
            instance("i-0123456789abcdef0", PendingWait, "2"),
            instance("i-0aaaaaaaaaaaaaaa0", other.0, other.1),
        ];
        let stack = StackState::from_name(stack);
        decide_new(&stub::launching(), (&group, &[]), &stack, stub::at(60))
    }

    #[test]
    fn open_drains_hold_a_new_instance() {
        for (other, stack, verdict) in [
            ((InService, "1"), "UPDATE_IN_PROGRESS", Verdict::Reached),
            (
                (TerminatingWait, "1"),
                "UPDATE_IN_PROGRESS",
                Verdict::NotYet,
            ),
            (
                (TerminatingWait, "2"),
                "UPDATE_IN_PROGRESS",
                Verdict::NotYet,
            ),
            ((Terminating, "1"), "UPDATE_IN_PROGRESS", Verdict::NotYet),
            (
                (TerminatingProceed, "1"),
                "UPDATE_IN_PROGRESS",
                Verdict::Reached,
            ),
            (
                (TerminatingWait, "2"),
                "UPDATE_ROLLBACK_IN_PROGRESS",
                Verdict::NotYet,
            ),
            (
                (TerminatingWait, "2"),
                "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
                Verdict::NotYet,
            ),
            ((TerminatingWait, "2"), "UPDATE_COMPLETE", Verdict::Reached),
            ((TerminatingWait, "1"), "UPDATE_COMPLETE", Verdict::NotYet),
            (
                (TerminatingWait, "2"),
                "CREATE_IN_PROGRESS",
                Verdict::Reached,
            ),
            (
                (TerminatingWait, "1"),
                "DELETE_IN_PROGRESS",
                Verdict::Reached,
            ),
        ] {
            let finding = held(other.clone(), stack);
            assert_eq!(
                finding.verdict, verdict,
                "{other:?} in {stack}: {}",
                finding.reason
            );
            assert_eq!(finding.deadline, None);
        }
    }

    #[test]
    fn a_failed_drain_stops_the_roll_but_not_the_way_back() {
        for (stack, verdict) in [
            ("UPDATE_IN_PROGRESS", Verdict::Never),
            ("UPDATE_ROLLBACK_IN_PROGRESS", Verdict::Reached),
            ("UPDATE_COMPLETE", Verdict::Reached),
        ] {
            assert_eq!(
                held((TerminatingRetained, "1"), stack).verdict,
                verdict,
                "{stack}"
            );
        }
        let reason = held((TerminatingRetained, "1"), "UPDATE_IN_PROGRESS").reason;
        assert!(
            reason.contains("--instance-id i-0aaaaaaaaaaaaaaa0"),
            "{reason}"
        );
    }

    #[test]
    fn an_instance_that_is_kept_for_its_standalone_tasks_stops_no_roll() {
        let group = [
            instance("i-0123456789abcdef0", PendingWait, "2"),
            instance("i-0aaaaaaaaaaaaaaa0", TerminatingRetained, "1"),
        ];
        let kept = [group[1].instance.clone()];
        for (kept, verdict) in [(&kept[..], Verdict::Reached), (&[], Verdict::Never)] {
            let stack = StackState::Updating;
            let finding = decide_new(&stub::launching(), (&group, kept), &stack, stub::at(60));
            assert_eq!(finding.verdict, verdict, "{kept:?}");
        }
    }

    #[test]
    fn an_instance_past_its_hook_is_not_held() {
        for group in [
            vec![],
            vec![instance("i-0123456789abcdef0", InService, "2")],
            vec![instance("i-0123456789abcdef0", PendingProceed, "2")],
            vec![instance("i-0123456789abcdef0", Terminating, "2")],
        ] {
            let finding = decide_new(
                &stub::launching(),
                (&group, &[]),
                &StackState::Updating,
                stub::at(60),
            );
            assert_eq!(finding.verdict, Verdict::Over, "{group:?}");
        }
    }
}
