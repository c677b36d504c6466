//! Plans while an earlier rollout has not ended: its update is in progress, a drain is open, an
//! instance is retained, the group is paused.

use serde_json::json;
use simulator::account::{Caller, REGION};
use simulator::scenario::{Action, Call, Settings, play_and_look};
use simulator::sdk_client::{in_process_connector, sdk_config};
use simulator::workload::Standalone;
use workers::model::group::LifecycleState;

use super::{NEW_AMI, STACK, asked, healthy, planned, seen};
use crate::aws::Aws;
use crate::plan::checks::{Level, all};
use crate::plan::observation::{Observation, PlanRequest, is_leaving, look_at};
use crate::plan::{Plan, Verdict};
use crate::view::planned::text;

fn after(settings: &Settings, more: &[Action]) -> Observation {
    let mut before = vec![Action::Deploy];
    before.extend(more.iter().cloned());
    seen(settings, &before, &[], |_| {}).0
}

/// An instance is taken out of the group, and drains; another one comes for it.
fn with_open_drain(settings: &Settings) -> Observation {
    let ended = Action::Call(Call {
        service: "autoscaling".to_owned(),
        action: "TerminateInstanceInAutoScalingGroup".to_owned(),
        input: json!({"InstanceId": "$INSTANCE", "ShouldDecrementDesiredCapacity": false}),
    });
    let seen = after(settings, &[ended, Action::Advance(60)]);
    assert_eq!(seen.leaving().count(), 1, "{:?}", seen.group);
    assert!(!seen.stack.is_busy());
    seen
}

fn level(plan: &Plan, name: &str) -> Vec<Level> {
    let those = plan.remarks.iter().filter(|one| one.name == name);
    those.map(|one| one.level).collect()
}

#[test]
fn an_open_drain_is_under_way_and_not_no_changes() {
    let mut seen = with_open_drain(&healthy());
    let plan = planned(&seen, &PlanRequest::default());
    assert_eq!(plan.verdict, Verdict::UnderWay, "{:?}", plan.remarks);
    let leaving = seen.leaving().next().expect("it drains").id.clone();
    let shown = text(&plan);
    assert!(shown.contains("\nunfinished     under-way: "), "{shown}");
    assert!(shown.contains("\nUNDER WAY "), "{shown}");
    assert!(
        !shown.contains("No changes") && !shown.contains("All instances"),
        "{shown}"
    );

    let mut members = seen.group.members.iter_mut();
    let member = members.find(|one| one.id == leaving);
    member.expect("it drains").state = LifecycleState::TerminatingRetained;
    let plan = planned(&seen, &PlanRequest::default());
    assert_eq!(plan.verdict, Verdict::UnderWay, "{:?}", plan.remarks);
    let shown = text(&plan);
    let said = format!("retained since an earlier drain failed: {leaving}");
    assert!(shown.contains(&said), "{shown}");

    seen.group.members.retain(|one| !is_leaving(one));
    seen.group.members.retain(|one| one.is_in_service());
    let plan = planned(&seen, &PlanRequest::default());
    assert_eq!(plan.verdict, Verdict::NoChanges, "{:?}", plan.remarks);
}

#[test]
fn a_pause_is_shown_where_there_is_nothing_to_roll() {
    let mut seen = after(&healthy(), &[]);
    seen.capacity.paused = Some("sale".to_owned());
    let plan = planned(&seen, &PlanRequest::default());
    assert_eq!(plan.verdict, Verdict::NoChanges, "{:?}", plan.remarks);
    let shown = text(&plan);
    assert!(shown.contains("the group is paused ('sale')"), "{shown}");
    // An instance that never registered may have any AMI.
    let id = seen.group.members[0].id.clone();
    seen.machines.retain(|one| one.id != id);
    let shown = text(&planned(&seen, &PlanRequest::default()));
    assert!(
        shown.contains("3 of 4 instances are on ") && shown.contains("(1 not registered)"),
        "{shown}"
    );
}

#[test]
fn an_instance_that_leaves_already_is_in_no_batch() {
    let seen = with_open_drain(&healthy());
    let members = i64::try_from(seen.group.members.len()).expect("few");
    let plan = planned(&seen, &asked());
    assert_eq!((members, plan.batches), (5, 4), "{:?}", seen.group);
    assert!(plan.outdated() <= 4, "{:?}", plan.instances);
    let shown = text(&plan);
    assert!(
        shown.contains("of 4 have another AMI; all are replaced"),
        "{shown}"
    );
    assert!(
        shown.contains("not counted: 1 on the way out or retained"),
        "{shown}"
    );
}

#[test]
fn a_standalone_task_of_an_open_drain_is_none_of_the_rollout_s() {
    let mut settings = healthy();
    settings.workload.tasks.push(Standalone {
        family: "batch".to_owned(),
        count: 1,
        run_seconds: None,
        on_instance: None,
    });
    let mut seen = after(&settings, &[]);
    let (_, machine) = seen.standalone().next().expect("the task");
    let id = machine.id.clone();
    let plan = planned(&seen, &asked());
    assert_eq!(level(&plan, "standalone"), [Level::Condition]);
    let mut members = seen.group.members.iter_mut();
    let member = members.find(|one| one.id == id);
    member.expect("its instance").state = LifecycleState::TerminatingWait;
    let plan = planned(&seen, &asked());
    assert_eq!(level(&plan, "standalone"), [], "{:?}", plan.remarks);
    // The line of the services and the remark on open drains count the same task.
    let counted = (plan.standalone_tasks, plan.standalone_tasks_leaving);
    assert_eq!(counted, (0, 1));
    let shown = text(&plan);
    assert!(
        shown.contains("0 standalone tasks, and 1 on an instance on the way out or retained\n"),
        "{shown}"
    );
    // Its drain may fail, and a rollout that has begun meanwhile stops then.
    assert_eq!(
        level(&plan, "under-way"),
        [Level::Condition, Level::Warning]
    );
    assert_eq!(plan.verdict, Verdict::Uncertain, "{:?}", plan.remarks);
}

#[test]
fn what_cloudformation_changes_during_an_update_is_not_held_against_it() {
    let seen = after(&healthy(), &[Action::StartRollout, Action::Advance(120)]);
    assert!(seen.stack.is_busy());
    assert_ne!(
        seen.sizes(),
        seen.sizes_in_update(),
        "it has changed the sizes"
    );
    let plan = planned(&seen, &asked());
    assert_eq!(plan.verdict, Verdict::Blocked, "{:?}", plan.remarks);
    assert_eq!(level(&plan, "stack-busy"), [Level::Blocker]);
    for name in ["scaled", "bounds", "no-surge"] {
        assert_eq!(level(&plan, name), [], "{:?}", plan.remarks);
    }
    assert_eq!(plan.batches, 4, "{:?}", seen.group);
}

/// Instances in service with this AMI, as the cluster shows them.
fn serving(seen: &Observation, ami: &str) -> usize {
    let serving = seen.group.members.iter().filter(|it| it.is_in_service());
    let machines = serving.filter_map(|one| seen.machine(&one.id));
    let with = machines.filter(|one| one.attribute("ecs.ami-id") == Some(ami));
    with.count()
}

#[test]
fn in_the_middle_of_an_update_the_plan_says_what_is_replaced_so_far_and_forecasts_nothing() {
    let mut seen = after(&healthy(), &[Action::StartRollout, Action::Advance(900)]);
    assert!(seen.stack.goes_forward());
    let held = seen.ami.as_ref().expect("a parameter").value.clone();
    let so_far = serving(&seen, &held);
    assert!((1..4).contains(&so_far), "{:?}", seen.machines);
    let plan = planned(&seen, &PlanRequest::default());
    assert_eq!((plan.verdict, &plan.expected), (Verdict::Blocked, &None));
    assert!(plan.not_checked.is_empty(), "{:?}", plan.not_checked);
    let shown = text(&plan);
    let said = format!("an update is in progress: {so_far} of 4 on the new AMI {held} so far");
    assert!(shown.contains(&said), "{shown}");
    assert!(
        shown.contains(&format!(
            "AMI            {held} (the update in progress brings it; SSM parameter /ami/ecs/latest)"
        )),
        "{shown}"
    );
    for contradiction in ["->", "all are replaced", "\nexpected", "\nassumed"] {
        assert!(!shown.contains(contradiction), "{shown}");
    }
    // Another AMI may follow.
    let shown = text(&planned(&seen, &asked()));
    assert!(
        shown.contains(&format!("/ami/ecs/latest); then {NEW_AMI}")),
        "{shown}"
    );

    seen.stack.status = "UPDATE_ROLLBACK_IN_PROGRESS".to_owned();
    let shown = text(&planned(&seen, &PlanRequest::default()));
    assert!(shown.contains("a rollback is in progress: "), "{shown}");
    assert!(!shown.contains("\nexpected"), "{shown}");
}

#[test]
fn the_refresh_of_an_update_is_not_held_against_it() {
    let mut settings = healthy();
    settings.set_parameter("UpdateMethod", "InstanceRefresh");
    let mut seen = after(&settings, &[]);
    let found = |seen: &Observation| {
        all(seen, &asked())
            .iter()
            .any(|it| it.name == "refresh-running")
    };
    seen.capacity.refresh = Some("InProgress".to_owned());
    assert!(found(&seen), "somebody else's");
    seen.stack.status = "UPDATE_IN_PROGRESS".to_owned();
    assert!(!found(&seen), "CloudFormation's");
}

#[test]
fn the_ami_of_a_cancelled_rollout_is_warned_about() {
    let mut settings = healthy();
    settings.faults = vec![simulator::scenario::Fault::NeverJoins];
    let mut seen = after(&settings, &[Action::Roll, Action::WaitIdle]);
    let old = seen.stack.ami().expect("the old AMI").to_owned();
    let now = seen.now;
    let held = seen.ami.as_mut().expect("a parameter");
    let tried = std::mem::replace(&mut held.value, old.clone());
    held.modified = Some(now);
    let again = PlanRequest {
        ami: Some(tried.clone()),
        batch: None,
    };
    let said = |seen: &Observation, asked: &PlanRequest| {
        let found = all(seen, asked).into_iter();
        let found = found.filter(|it| it.name == "rolled-back");
        found.map(|it| it.words).collect::<Vec<_>>()
    };
    // With the flag while the old AMI is back in the parameter, and with the AMI put there again.
    let put_back = said(&seen, &again);
    assert!(
        said(&seen, &PlanRequest::default()).is_empty(),
        "the old AMI"
    );
    seen.ami.as_mut().expect("a parameter").value = tried.clone();
    for words in [put_back, said(&seen, &PlanRequest::default())] {
        let [words] = words.as_slice() else {
            panic!("{words:?}");
        };
        assert!(words.contains(&format!("{old} stayed")), "{words}");
        assert!(words.contains(&format!("brought {tried} too")), "{words}");
        assert!(words.contains("ecs-rollout report ecs-cluster"), "{words}");
    }
}

#[test]
fn a_group_that_is_gone_is_named_with_the_status_of_the_stack() {
    let of_group = |action: &str, input| {
        Action::Call(Call {
            service: "autoscaling".to_owned(),
            action: action.to_owned(),
            input,
        })
    };
    let empty = json!({"AutoScalingGroupName": "$GROUP", "MinSize": 0, "DesiredCapacity": 0});
    let before = [
        Action::Deploy,
        of_group("UpdateAutoScalingGroup", empty),
        Action::Advance(7200),
        of_group(
            "DeleteAutoScalingGroup",
            json!({"AutoScalingGroupName": "$GROUP"}),
        ),
        Action::Advance(600),
    ];
    let mut settings = healthy();
    settings.workload.services.clear();
    let looked = play_and_look(&settings, &before, &[], async |world| {
        let config = sdk_config(world, in_process_connector(world, Caller::Operator));
        let aws = Aws::of(&config, REGION.to_owned());
        look_at(&aws, STACK, &|| world.now()).await
    });
    let (found, _) = looked.expect("it can be played");
    let failure = found.expect_err("there is no group");
    assert_eq!(failure.exit.code(), 3, "{failure}");
    let text = failure.to_string();
    assert!(
        text.contains(
            "stack ecs-cluster is CREATE_COMPLETE, and its Auto Scaling group DevCluster is gone"
        ),
        "{text}"
    );
}

#[test]
fn a_stack_that_is_being_deleted_takes_no_update_any_more() {
    let mut seen = after(&healthy(), &[]);
    seen.stack.status = "DELETE_IN_PROGRESS".to_owned();
    let plan = planned(&seen, &asked());
    assert_eq!(level(&plan, "stack-busy"), [Level::Blocker]);
    let shown = text(&plan);
    assert!(shown.contains("takes no update any more"), "{shown}");
    assert!(!shown.contains("until that is over"), "{shown}");
}
