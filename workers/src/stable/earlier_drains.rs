//! Is a new instance queued at its launch hook?
//!
//! CloudFormation does not wait for terminate hooks, only for the next instance: so that one is
//! queued until the drains before it have ended, and did not fail. It runs tasks meanwhile, so the
//! queue costs no capacity, and the drains that it waits for can use it. The wait has no deadline
//! but its hook's. A person may pause the group as well, by a tag of it.

use jiff::Timestamp;

use super::{remembering, stack_lately, stack_now};
use crate::Clients;
use crate::config::History;
use crate::error::Error;
use crate::group_snapshot;
use crate::model::group::{GroupInstance, StackState};
use crate::model::{Assessment, InstanceId, Subject, Verdict};
use crate::text::between;

/// So many earlier drains are noted for the next looks: the largest batch is 100, and a rollout
/// that turns round may have two open.
const DRAINS_NOTED: usize = 200;

/// So many of them are checked at once. DescribeAutoScalingInstances takes 50, but one that is
/// still open is enough to say "not yet", and ten seldom go at once.
const DRAINS_CHECKED: usize = 10;

/// Looks, and decides.
///
/// # Errors
/// What Auto Scaling, CloudFormation and ECS meet.
pub async fn look(
    subject: &Subject,
    history: &History,
    clients: &Clients,
    now: &impl Fn() -> Timestamp,
) -> Result<Assessment, Error> {
    if let Some(finding) = check_noted_drains(subject, history, clients, now).await? {
        return Ok(finding);
    }
    let stack = stack_now(subject, clients, now).await?;
    // A group that is being created has no past to roll away from: nobody else needs to be looked
    // at.
    let mut roster = match stack.state {
        StackState::Creating => {
            let own = [subject.action.instance.clone()];
            group_snapshot::Roster {
                instances: clients.autoscaling.some_instances(&own).await?,
                pause: None,
            }
        }
        _ => group_snapshot::look(subject, clients).await?,
    };
    // An instance that you ended is nobody's to wait for, and its drain stops no rollout again.
    let matters = |one: &GroupInstance| one.state.is_draining() || one.state.is_retained();
    let others = roster.instances.iter();
    if others
        .filter(|one| one.instance != subject.action.instance)
        .any(matters)
    {
        roster.forget_the_ended(subject, clients, now()).await?;
    }
    let kept = kept(subject, &roster.instances, &stack.state, clients).await?;
    let finding = decide_new(subject, &roster.instances, &kept, &stack.state, now());
    let decides = matches!(finding.verdict, Verdict::Reached | Verdict::Never);
    match roster.pause {
        Some(pause) if decides && stack.state != StackState::Deleting => Ok(remembering(
            group_snapshot::paused(subject, pause, now()),
            stack,
        )),
        _ => Ok(remembering(finding, stack)),
    }
}

/// Whether the drains noted before are still open: that is enough to say "not yet". A large group's
/// list is long, and would be asked for by every instance of a batch, while these are few. Before
/// anything else is said all are looked at. An instance whose drain failed, and that you ended
/// meanwhile, is waited for until it has gone.
async fn check_noted_drains(
    subject: &Subject,
    history: &History,
    clients: &Clients,
    now: &impl Fn() -> Timestamp,
) -> Result<Option<Assessment>, Error> {
    let noted = history.stable.held_by.clone();
    let mut asked = 0;
    for some in noted.chunks(DRAINS_CHECKED) {
        asked += some.len();
        let stack = stack_lately(subject, history, clients, now).await?;
        let ids = [some, std::slice::from_ref(&subject.action.instance)].concat();
        let seen = clients.autoscaling.some_instances(&ids).await?;
        let mut finding = decide_new(subject, &seen, &[], &stack.state, now());
        if finding.verdict == Verdict::NotYet {
            let rest = &noted[asked..];
            finding
                .extra
                .held_by
                .get_or_insert_default()
                .extend_from_slice(rest);
            return Ok(Some(remembering(finding, stack)));
        }
        if finding.verdict != Verdict::Reached {
            return Ok(None);
        }
    }
    Ok(None)
}

/// The instances that are kept for their standalone tasks. They are asked for only where a retained
/// one would stop the rollout.
async fn kept(
    subject: &Subject,
    group: &[GroupInstance],
    stack: &StackState,
    clients: &Clients,
) -> Result<Vec<InstanceId>, Error> {
    let is_retained = |one: &GroupInstance| one.state.is_retained();
    if *stack == StackState::Updating && group.iter().any(is_retained) {
        clients.ecs.kept(&subject.settings.cluster).await
    } else {
        Ok(Vec::new())
    }
}

/// Decides, by the group's instances and those that are kept for their standalone tasks.
pub fn decide_new(
    subject: &Subject,
    group: &[GroupInstance],
    kept: &[InstanceId],
    stack: &StackState,
    now: Timestamp,
) -> Assessment {
    let (name, instance) = (&subject.action.group, &subject.action.instance);
    let own = group.iter().find(|one| &one.instance == instance);
    let Some(own) = own else {
        return Assessment::over(format!("The instance has left group {name}."));
    };
    if !own.state.awaits_launch() {
        let state = &own.state;
        return Assessment::over(format!("The instance is {state}, past its launch hook."));
    }
    if *stack == StackState::Deleting {
        let reason = "The stack is being deleted: not waiting for earlier drains.";
        return Assessment::reached(reason.to_owned());
    }
    let others = || group.iter().filter(|one| &one.instance != instance);
    if *stack == StackState::Updating
        && let Some(retained) = others().find(|one| has_failed(one, kept))
    {
        return Assessment::never(subject, &failed_drain(retained));
    }
    let waited = between(subject.began, now);
    let earlier: Vec<&GroupInstance> = others().filter(|other| delays(other, own, stack)).collect();
    let drains = match earlier.as_slice() {
        [] => return Assessment::reached(format!("No earlier drain is open ({waited}).")),
        [one] => one.instance.to_string(),
        [one, other] => format!("{} and {}", one.instance, other.instance),
        [one, rest @ ..] => format!("{} and {} more", one.instance, rest.len()),
    };
    queued(
        &earlier,
        format!("Waiting for {drains} to finish draining ({waited})."),
    )
}

/// Not yet, because of `earlier` drains.
fn queued(earlier: &[&GroupInstance], reason: String) -> Assessment {
    let mut finding = Assessment::not_yet(reason);
    let some = earlier.iter().take(DRAINS_NOTED);
    finding.extra.held_by = Some(some.map(|drain| drain.instance.clone()).collect());
    finding
}

/// During a stack operation any drain delays a launch. Outside of one only a drain of another
/// launch template version does: an instance refresh started by hand. A plain scale-in delays none,
/// nor does a group that is being created.
fn delays(other: &GroupInstance, own: &GroupInstance, stack: &StackState) -> bool {
    let operation = matches!(stack, StackState::Updating | StackState::Busy(_));
    other.state.is_draining() && (operation || other.launched_from != own.launched_from)
}

/// Whether its drain failed, and nobody has looked at it yet.
fn has_failed(one: &GroupInstance, kept: &[InstanceId]) -> bool {
    one.state.is_retained() && !kept.contains(&one.instance)
}

/// The rollout stops and rolls back: a drain of it failed, or one of an earlier rollout that nobody
/// has looked at yet.
fn failed_drain(retained: &GroupInstance) -> String {
    let (old, state) = (&retained.instance, &retained.state);
    format!(
        "stops the rollout: the drain of {old} failed, and the group retains it ({state}). Next: 'ecs-rollout explain {old}', \
         then 'ecs-rollout terminate {old}', then roll again."
    )
}

#[cfg(test)]
mod tests {
    use crate::model::group::LifecycleState::{
        self, Detaching, InService, PendingProceed, PendingWait, Standby, Terminating,
        TerminatingProceed, TerminatingRetained, TerminatingWait,
    };

    use super::*;
    use crate::stub;

    #[tokio::test]
    async fn those_that_have_gone_are_noted_no_more_and_the_rest_is() {
        let clients = Clients::new(&stub::aws(|request| {
            assert_eq!(request.action, "DescribeAutoScalingInstances");
            let member = |id: &str, state: &str| {
                format!(
                    "<member><InstanceId>{id}</InstanceId><LifecycleState>{state}</LifecycleState></member>"
                )
            };
            let earlier = "i-0000000000000000c";
            let mut all = member("i-0123456789abcdef0", "Pending:Wait");
            if request.body.contains(earlier) {
                all += &member(earlier, "Terminating:Wait");
            }
            let all = format!("<AutoScalingInstances>{all}</AutoScalingInstances>");
            (200, stub::xml("DescribeAutoScalingInstances", &all))
        }));
        let before: Vec<String> = (0..15).map(|n| format!("i-{n:017x}")).collect();
        let mut input = stub::event("launch");
        input["stable"] = serde_json::json!({
            "heldBy": before, "stack": {"state": "updating", "askedAt": stub::at(59)}});
        let subject = stub::launching();
        let finding = look(&subject, &History::read(&input), &clients, &|| stub::at(60)).await;
        let finding = finding.expect("an answer");
        assert_eq!(finding.verdict, Verdict::NotYet);
        let noted = finding.extra.held_by.expect("earlier drains");
        assert_eq!(noted, [InstanceId::new("i-0000000000000000c")]);
    }

    /// A look at a paused group, in which the instance is or not, while the stack has this status.
    async fn paused(status: &'static str, is_in_group: bool) -> Assessment {
        let clients = Clients::new(&stub::aws(move |request| {
            if request.action == "DescribeStacks" {
                let stack = format!(
                    "<Stacks><member><StackName>s</StackName>\
                     <StackStatus>{status}</StackStatus></member></Stacks>"
                );
                return (200, stub::xml("DescribeStacks", &stack));
            }
            let tag =
                "<Tags><member><Key>ecs-rollout:hold</Key><Value>big sale</Value></member></Tags>";
            let own = "<member><InstanceId>i-0123456789abcdef0</InstanceId><LifecycleState>Pending:Wait</LifecycleState></member>";
            let own = if is_in_group { own } else { "" };
            let group = format!(
                "<AutoScalingGroups><member><AutoScalingGroupName>{}</AutoScalingGroupName><Instances>{own}</Instances>{tag}\
                 </member></AutoScalingGroups>",
                stub::launching().action.group
            );
            (200, stub::xml("DescribeAutoScalingGroups", &group))
        }));
        let (subject, input) = (stub::launching(), stub::event("launch"));
        let finding = look(&subject, &History::read(&input), &clients, &|| stub::at(60)).await;
        finding.expect("an answer")
    }

    #[tokio::test]
    async fn a_new_instance_waits_in_a_pause_though_no_drain_is_open() {
        let finding = paused("UPDATE_IN_PROGRESS", true).await;
        assert_eq!(finding.verdict, Verdict::NotYet);
        assert!(finding.reason.contains("'big sale'"), "{}", finding.reason);
        assert!(finding.extra.paused.is_some_and(|it| it.why == "big sale"));
    }

    #[tokio::test]
    async fn of_a_group_that_is_created_only_the_instance_itself_is_read() {
        let clients = Clients::new(&stub::aws(move |request| {
            let action = request.action.as_str();
            let answer = match action {
                "DescribeStacks" => {
                    "<Stacks><member><StackName>s</StackName>\
                     <StackStatus>CREATE_IN_PROGRESS</StackStatus></member></Stacks>"
                }
                "DescribeAutoScalingInstances" => {
                    "<AutoScalingInstances><member><InstanceId>i-0123456789abcdef0</InstanceId>\
                     <LifecycleState>Pending:Wait</LifecycleState></member></AutoScalingInstances>"
                }
                other => panic!("{other} reads more than is needed"),
            };
            (200, stub::xml(action, answer))
        }));
        let (subject, input) = (stub::launching(), stub::event("launch"));
        let finding = look(&subject, &History::read(&input), &clients, &|| stub::at(60)).await;
        assert_eq!(finding.expect("an answer").verdict, Verdict::Reached);
    }

    #[tokio::test]
    async fn neither_a_deletion_nor_an_instance_that_has_gone_waits_in_a_pause() {
        let deleted = paused("DELETE_IN_PROGRESS", true).await;
        assert_eq!(deleted.verdict, Verdict::Reached, "{}", deleted.reason);
        let gone = paused("UPDATE_IN_PROGRESS", false).await;
        assert_eq!(gone.verdict, Verdict::Over, "{}", gone.reason);
        for finding in [deleted, gone] {
            assert_eq!(finding.extra.paused, None);
        }
    }

    #[tokio::test]
    async fn an_instance_that_you_ended_or_that_is_kept_neither_delays_nor_stops() {
        let old = "i-0aaaaaaaaaaaaaaa0";
        for (state, requested, is_kept, verdict) in [
            ("Terminating:Wait", Some(0), false, Verdict::Reached),
            ("Terminating:Wait", None, false, Verdict::NotYet),
            ("Terminating:Retained", Some(0), false, Verdict::Reached),
            ("Terminating:Retained", None, false, Verdict::Never),
            (
                "Terminating:Retained",
                Some(60 - 3600),
                false,
                Verdict::Never,
            ),
            // It is kept for its standalone tasks.
            ("Terminating:Retained", None, true, Verdict::Reached),
        ] {
            let clients = Clients::new(&stub::aws(move |request| {
                let answer = match request.action.as_str() {
                    "DescribeStacks" => "<Stacks><member><StackName>s</StackName><StackStatus>UPDATE_IN_PROGRESS</StackStatus></member></Stacks>".to_owned(),
                    "DescribeAutoScalingGroups" => {
                        let member = |id: &str, state: &str| {
                            format!("<member><InstanceId>{id}</InstanceId><LifecycleState>{state}</LifecycleState></member>")
                        };
                        let all = member("i-0123456789abcdef0", "Pending:Wait") + &member(old, state);
                        let name = stub::launching().action.group;
                        format!(
                            "<AutoScalingGroups><member><AutoScalingGroupName>{name}</AutoScalingGroupName>\
                             <Instances>{all}</Instances></member></AutoScalingGroups>"
                        )
                    }
                    "ListContainerInstances" => {
                        let is_marked = if request.body.contains("ecs-rollout.terminate") { requested.is_some() } else { is_kept };
                        let arns = ["c"].into_iter().filter(|_| is_marked);
                        let arns: Vec<&str> = arns.collect();
                        return (200, serde_json::json!({"containerInstanceArns": arns}).to_string());
                    }
                    "DescribeContainerInstances" => {
                        let value = requested.map(stub::at);
                        let mark = serde_json::json!({"name": "ecs-rollout.terminate", "value": value});
                        let one = serde_json::json!({"ec2InstanceId": old, "attributes": [mark]});
                        return (200, serde_json::json!({"containerInstances": [one]}).to_string());
                    }
                    other => panic!("{other} was asked"),
                };
                (200, stub::xml(&request.action, &answer))
            }));
            let (subject, input) = (stub::launching(), stub::event("launch"));
            let finding = look(&subject, &History::read(&input), &clients, &|| stub::at(60)).await;
            let finding = finding.expect("an answer");
            assert_eq!(
                finding.verdict, verdict,
                "{state} {requested:?}: {}",
                finding.reason
            );
        }
    }

    fn instance(id: &str, state: LifecycleState, version: &str) -> GroupInstance {
        GroupInstance {
            instance: InstanceId::new(id),
            state,
            launched_from: Some(format!("lt-1:{version}")),
        }
    }

    fn decided(other: (LifecycleState, &str), stack: &str) -> Assessment {
        let group = [
            instance("i-0123456789abcdef0", PendingWait, "2"),
            instance("i-0aaaaaaaaaaaaaaa0", other.0, other.1),
        ];
        let stack = StackState::from_name(stack);
        decide_new(&stub::launching(), &group, &[], &stack, stub::at(60))
    }

    #[test]
    fn open_drains_delay_a_new_instance() {
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
            let finding = decided(other.clone(), stack);
            assert_eq!(
                finding.verdict, verdict,
                "{other:?} in {stack}: {}",
                finding.reason
            );
            assert_eq!(finding.deadline, None);
        }
    }

    #[test]
    fn the_reason_names_up_to_two_open_drains_and_counts_more() {
        let own = instance("i-0123456789abcdef0", PendingWait, "2");
        let old = |n: u8| instance(&format!("i-0aaaaaaaaaaaaaaa{n}"), TerminatingWait, "1");
        for (drains, told) in [
            (1, "i-0aaaaaaaaaaaaaaa0"),
            (2, "i-0aaaaaaaaaaaaaaa0 and i-0aaaaaaaaaaaaaaa1"),
            (4, "i-0aaaaaaaaaaaaaaa0 and 3 more"),
        ] {
            let group: Vec<_> = [own.clone()]
                .into_iter()
                .chain((0..drains).map(old))
                .collect();
            let stack = StackState::Updating;
            let finding = decide_new(&stub::launching(), &group, &[], &stack, stub::at(62));
            let reason = format!("Waiting for {told} to finish draining (1m02s).");
            assert_eq!(finding.reason, reason);
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
                decided((TerminatingRetained, "1"), stack).verdict,
                verdict,
                "{stack}"
            );
        }
        let reason = decided((TerminatingRetained, "1"), "UPDATE_IN_PROGRESS").reason;
        assert!(
            reason.contains("'ecs-rollout terminate i-0aaaaaaaaaaaaaaa0'"),
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
            let finding = decide_new(&stub::launching(), &group, kept, &stack, stub::at(60));
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
            vec![instance("i-0123456789abcdef0", Standby, "2")],
            vec![instance("i-0123456789abcdef0", Detaching, "2")],
        ] {
            let finding = decide_new(
                &stub::launching(),
                &group,
                &[],
                &StackState::Updating,
                stub::at(60),
            );
            assert_eq!(finding.verdict, Verdict::Over, "{group:?}");
        }
    }

    #[test]
    fn a_drain_into_the_warm_pool_is_a_drain() {
        let at_hook = LifecycleState::WarmedPendingWait;
        let finding = decided((at_hook, "1"), "UPDATE_IN_PROGRESS");
        assert_eq!(finding.verdict, Verdict::NotYet, "{}", finding.reason);
        let kept = LifecycleState::WarmedPendingRetained;
        let finding = decided((kept.clone(), "1"), "UPDATE_IN_PROGRESS");
        assert_eq!(finding.verdict, Verdict::Never, "{}", finding.reason);
        assert!(finding.reason.contains("(Warmed:Pending:Retained)"));
        let finding = decided((kept, "1"), "UPDATE_ROLLBACK_IN_PROGRESS");
        assert_eq!(finding.verdict, Verdict::Reached, "{}", finding.reason);
    }
}
