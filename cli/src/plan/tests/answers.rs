//! What a plan says of a cluster that is not as its template, of AMI parameters, and of a stack
//! after a failure.

use serde_json::{Value, json};
use simulator::host::SimulationHost;
use simulator::scenario::{Action, Call, Settings};
use simulator::workload::Standalone;
use workers::model::cluster::Service as Counted;

use super::{CLUSTER, NEW_AMI, asked, call, healthy, planned, seen};
use crate::aws::{Compute, ServiceSettings};
use crate::plan::checks::{Diagnostic, Level};
use crate::plan::observation::{Observation, PlanRequest};
use crate::plan::{Plan, Verdict};
use crate::view::planned::text;

/// AWS's own parameter, as the template's parameter may name it.
const PUBLIC: &str = "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id";

fn of_group(action: &str, mut input: Value) -> Action {
    input["AutoScalingGroupName"] = json!(CLUSTER);
    Action::Call(Call {
        service: "autoscaling".to_owned(),
        action: action.to_owned(),
        input,
    })
}

/// What is seen of a cluster after `more`.
fn after(settings: &Settings, more: &[Action]) -> Observation {
    let mut before = vec![Action::Deploy];
    before.extend(more.iter().cloned());
    seen(settings, &before, &[], |_: &SimulationHost| {}).0
}

fn named<'a>(plan: &'a Plan, name: &str) -> Vec<&'a Diagnostic> {
    let those = plan.remarks.iter().filter(|one| one.name == name);
    those.collect()
}

/// The words of the one remark of this name and level.
fn words(plan: &Plan, name: &str, level: Level) -> String {
    match named(plan, name).as_slice() {
        [one] if one.level == level => one.words.clone(),
        _ => panic!("{name}: {:?}", plan.remarks),
    }
}

fn with(mut settings: Settings, key: &str, value: &str) -> Settings {
    settings.set_parameter(key, value);
    settings
}

#[test]
fn a_parameter_with_json_is_shown_short_and_corrected_by_a_command() {
    let id = "ami-0123456789abcdef0";
    let json =
        json!({"schema_version": 1, "image_name": "x".repeat(200), "image_id": id}).to_string();
    let mut settings = healthy();
    settings.faults = vec![simulator::scenario::Fault::NeverJoins];
    // After a rollback there is a second remark that names what the parameter holds.
    for mut seen in [
        after(&healthy(), &[]),
        after(&settings, &[Action::Roll, Action::WaitIdle]),
    ] {
        seen.ami.as_mut().expect("a parameter").value = json.clone();
        let plan = planned(&seen, &PlanRequest::default());
        assert_eq!((plan.verdict, &plan.new_ami), (Verdict::Blocked, &None));
        let said = words(&plan, "ami-parameter", Level::Blocker);
        let command =
            format!("aws ssm put-parameter --name /ami/ecs/latest --overwrite --value {id}");
        assert!(said.ends_with(&command), "{said}");
        let shown = text(&plan);
        assert!(
            shown.contains(" -> none (SSM parameter /ami/ecs/latest)"),
            "{shown}"
        );
        for odd in [
            "xxx",
            "schema_version",
            "ami-…",
            "all are replaced",
            "\nexpected",
        ] {
            assert!(!shown.contains(odd), "{shown}");
        }
    }
    let mut seen = after(&healthy(), &[]);
    seen.ami = None;
    let said = words(
        &planned(&seen, &PlanRequest::default()),
        "ami-parameter",
        Level::Blocker,
    );
    assert!(
        said.contains("--name /ami/ecs/latest --type String --value \"$(aws ssm get-parameter "),
        "{said}"
    );
    assert!(
        said.ends_with("/amazon-linux-2023/arm64/recommended/image_id)\""),
        "{said}"
    );
}

#[test]
fn of_a_group_that_was_scaled_the_plan_reports_what_the_update_does_to_it() {
    let scaled = of_group(
        "UpdateAutoScalingGroup",
        json!({"DesiredCapacity": 6, "MaxSize": 7}),
    );
    let grown = [scaled, Action::WaitIdle];
    let plan = planned(&after(&healthy(), &grown), &asked());
    assert_eq!(plan.verdict, Verdict::Ready, "{:?}", plan.remarks);
    let said = words(&plan, "scaled", Level::Warning);
    assert!(
        said.contains("has 6 instances, and the update sets it to 4"),
        "{said}"
    );
    assert!(said.contains("2 of them leave at once"), "{said}");
    let said = words(&plan, "bounds", Level::Warning);
    assert!(
        said.contains("MaxSize from 7 back to 8 (ClusterMaxSize)"),
        "{said}"
    );

    let owned = with(healthy(), "CapacityOwner", "autoscaling");
    let plan = planned(&after(&owned, &grown), &asked());
    assert!(named(&plan, "scaled").is_empty(), "{:?}", plan.remarks);
    let said = words(&plan, "no-surge", Level::Warning);
    assert!(
        said.contains("6 instances, more than ClusterSize 4"),
        "{said}"
    );

    let smaller = of_group(
        "UpdateAutoScalingGroup",
        json!({"DesiredCapacity": 3, "MinSize": 2}),
    );
    let plan = planned(&after(&owned, &[smaller, Action::WaitIdle]), &asked());
    let said = words(&plan, "scaled", Level::Warning);
    assert!(
        said.contains("has 3 instances, and the update sets it to 4"),
        "{said}"
    );
    assert!(said.contains("1 more is launched at once"), "{said}");
}

#[test]
fn a_max_size_that_was_lowered_by_hand_does_not_block() {
    let lowered = of_group("UpdateAutoScalingGroup", json!({"MaxSize": 4}));
    let plan = planned(&after(&healthy(), &[lowered]), &asked());
    assert_eq!(plan.verdict, Verdict::Ready, "{:?}", plan.remarks);
    assert!(words(&plan, "bounds", Level::Warning).contains("MaxSize from 4 back to 8"));
}

#[test]
fn suspended_processes_are_judged_by_the_update_method() {
    let all = [
        ("Launch", true, true),
        ("Terminate", true, true),
        ("InstanceRefresh", false, true),
        ("AZRebalance", false, false),
        ("AddToLoadBalancer", false, false),
    ];
    for method in ["RollingUpdate", "InstanceRefresh"] {
        let settings = with(healthy(), "UpdateMethod", method);
        let mut seen = after(&settings, &[]);
        for (process, blocks_rolling, blocks_refresh) in all {
            seen.capacity.suspended = vec![process.to_owned()];
            let found = crate::plan::checks::all(&seen, &asked());
            let levels: Vec<Level> = found.iter().map(|one| one.level).collect();
            let blocks = match method {
                "RollingUpdate" => blocks_rolling,
                _ => blocks_refresh,
            };
            let level = if blocks {
                Level::Blocker
            } else {
                Level::Warning
            };
            assert_eq!(levels, [level], "{method}, {process}: {found:?}");
            assert!(found[0].words.contains(process), "{found:?}");
        }
        // A rolling update under way has suspended these itself.
        seen.capacity.suspended = vec!["HealthCheck".to_owned()];
        seen.stack.status = "UPDATE_IN_PROGRESS".to_owned();
        let found = crate::plan::checks::all(&seen, &asked());
        let told = found.iter().any(|one| one.name == "suspended-processes");
        assert_eq!(told, method == "InstanceRefresh", "{found:?}");
    }
}

#[test]
fn services_whose_tasks_run_elsewhere_are_left_out_and_listed() {
    let mut seen = after(&healthy(), &[]);
    let before = planned(&seen, &asked()).services;
    for (name, compute) in [
        ("edge", Compute::LaunchType("EXTERNAL".to_owned())),
        (
            "managed",
            Compute::LaunchType("MANAGED_INSTANCES".to_owned()),
        ),
        ("far", Compute::Providers(vec!["FARGATE_SPOT".to_owned()])),
        (
            "other",
            Compute::Providers(vec!["cp-other".to_owned(), "FARGATE".to_owned()]),
        ),
    ] {
        // With these percentages its tasks could never move; it has none here.
        let service = ServiceSettings {
            name: name.to_owned(),
            compute,
            desired: 40,
            minimum_percent: 100,
            maximum_percent: 100,
            ..ServiceSettings::default()
        };
        let mut counted = seen.counted[0].clone();
        counted.counts.service = workers::model::ServiceName::new(name);
        (counted.counts.desired, counted.counts.running) = (40, 0);
        (counted.terms.minimum_percent, counted.terms.maximum_percent) = (100, 100);
        seen.services.push(service);
        seen.counted.push(counted);
    }
    seen.draining_services = vec!["old".to_owned()];
    let plan = planned(&seen, &asked());
    assert_eq!(
        (plan.verdict, plan.services),
        (Verdict::Ready, before),
        "{:?}",
        plan.remarks
    );
    assert_eq!(
        plan.left_out,
        [
            "edge (launch type EXTERNAL)",
            "managed (launch type MANAGED_INSTANCES)",
            "far (capacity provider FARGATE_SPOT)",
            "other (capacity providers cp-other, FARGATE)",
            "old (DRAINING, ECS stops its tasks)",
        ]
    );
    assert!(text(&plan).contains("; left out: edge (launch type"));
    // A task that runs here is proof.
    let task = seen
        .tasks
        .iter_mut()
        .find(|task| task.group.starts_with("service:"));
    task.expect("a service's task").group = "service:edge".to_owned();
    assert_eq!(planned(&seen, &asked()).left_out.len(), 4);
}

#[test]
fn a_service_of_another_controller_is_steady_by_its_counts() {
    let mut seen = after(&healthy(), &[]);
    let unsteady = |seen: &Observation| {
        let found = crate::plan::checks::all(seen, &asked());
        let found = found.into_iter().find(|one| one.name == "unsteady");
        found.map(|one| one.words)
    };
    // CODE_DEPLOY and EXTERNAL show no deployments.
    let of = |seen: &mut Observation, change: &dyn Fn(&mut Counted)| {
        seen.counted.iter_mut().for_each(change)
    };
    of(&mut seen, &|one| one.counts.deployments = 0);
    assert_eq!(unsteady(&seen), None);
    seen.services
        .iter_mut()
        .filter(|one| one.name == "web")
        .for_each(|one| one.is_deploying = true);
    let said = unsteady(&seen).expect("it is being deployed");
    assert!(
        said.contains("web runs 4 of 4 tasks, 0 pending, being deployed"),
        "{said}"
    );
    assert!(!said.contains("api"), "{said}");
}

#[test]
fn standalone_tasks_without_a_known_end_leave_it_uncertain() {
    let mut settings = with(healthy(), "DrainDeadlineSeconds", "300");
    settings.workload.services[0].deregistration_seconds = Some(30);
    settings.workload.tasks.push(Standalone {
        family: "batch".to_owned(),
        count: 1,
        run_seconds: None,
        on_instance: None,
    });
    let seen = after(&settings, &[]);
    let plan = planned(&seen, &asked());
    assert_eq!(plan.verdict, Verdict::Uncertain, "{:?}", plan.remarks);
    let said = words(&plan, "standalone", Level::Condition);
    let (_, machine) = seen.standalone().next().expect("the task");
    let start = format!(
        "fails if these run longer than 300 s: batch on {} (task",
        machine.id
    );
    assert!(said.starts_with(&start), "{said}");
    assert!(
        text(&plan).ends_with("UNCERTAIN, 1 condition\n"),
        "{}",
        text(&plan)
    );
    for (key, value, limit, verdict, level) in [
        (
            "StandaloneTaskPolicy",
            "stop",
            "900",
            Verdict::Uncertain,
            Level::Condition,
        ),
        (
            "StandaloneTaskPolicy",
            "stop",
            "120",
            Verdict::Ready,
            Level::Warning,
        ),
        (
            "DrainDeadlinePolicy",
            "stop-tasks",
            "900",
            Verdict::Ready,
            Level::Warning,
        ),
    ] {
        let mut settings = with(settings.clone(), key, value);
        settings.set_parameter("StandaloneTaskLimitSeconds", limit);
        let plan = planned(&after(&settings, &[]), &asked());
        assert_eq!(plan.verdict, verdict, "{key} {limit}: {:?}", plan.remarks);
        words(&plan, "standalone", level);
    }
}

#[test]
fn what_holds_a_drain_blocks_only_where_the_deadline_stops_the_rollout() {
    for (policy, verdict, level) in [
        ("retain", Verdict::Blocked, Level::Blocker),
        ("stop-tasks", Verdict::Ready, Level::Warning),
    ] {
        let mut settings = with(healthy(), "DrainDeadlineSeconds", "420");
        settings.set_parameter("DrainDeadlinePolicy", policy);
        let (web, api) = (&mut settings.workload.services[0], 1);
        (web.minimum_percent, web.maximum_percent) = (100, 100);
        settings.workload.services[api].deregistration_seconds = Some(400);
        let plan = planned(&after(&settings, &[]), &asked());
        assert_eq!(plan.verdict, verdict, "{:?}", plan.remarks);
        words(&plan, "percentages", level);
        words(&plan, "drain-deadline", level);
    }
}

#[test]
fn an_unknown_exit_time_leaves_it_uncertain() {
    let settings = with(healthy(), "DrainDeadlineSeconds", "380");
    let mut seen = after(&settings, &[]);
    let found = |seen: &Observation| {
        let all = crate::plan::checks::all(seen, &asked()).into_iter();
        let those = all.filter(|one| one.name == "drain-deadline");
        those.map(|one| one.level).collect::<Vec<_>>()
    };
    // 300 s deregistration delay, and 30 s stopTimeout.
    assert_eq!(found(&seen), [], "it exits within 3 s, by its label");
    seen.definitions
        .values_mut()
        .for_each(|it| it.exits_after = None);
    assert_eq!(found(&seen), [Level::Condition]);
    seen.definitions
        .values_mut()
        .for_each(|it| it.exits_after = Some(25));
    assert_eq!(found(&seen), [Level::Blocker]);
}

#[test]
fn nothing_of_the_rehearsal_but_its_meaning_is_reported() {
    let settings = {
        let mut settings = with(healthy(), "DrainDeadlineSeconds", "420");
        let slow = simulator::workload::Service {
            maximum_percent: 113,
            deregistration_seconds: Some(300),
            ..simulator::workload::Service::replica("slow", 8)
        };
        settings.workload.services = vec![slow];
        settings
    };
    let seen = after(&settings, &[]);
    let plan = planned(&seen, &asked());
    let said = words(&plan, "rehearsal", Level::Blocker);
    assert!(
        said.contains("a drain does not end within 420 s (DrainDeadlineSeconds)"),
        "{said}"
    );
    assert!(said.contains("still running there: slow"), "{said}");
    let own = |word: &&str| word.starts_with("i-") && word.len() == 19;
    let all = text(&plan);
    let words = all.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    for id in words.filter(own) {
        assert!(
            plan.instances.iter().any(|one| one.id == id),
            "{id} is not of this cluster"
        );
    }
}

#[test]
fn a_public_parameter_is_planned_for_and_cannot_be_set() {
    let settings = with(healthy(), "EcsAmiParameterKey", PUBLIC);
    let (seen, reports) = seen(&settings, &[Action::Deploy], &[Action::Roll], |_| {});
    assert_eq!(reports[0].outcome, "UPDATE_COMPLETE");
    let plan = planned(&seen, &PlanRequest::default());
    assert_eq!(
        (plan.verdict, plan.ami_parameter.as_str()),
        (Verdict::NoChanges, PUBLIC)
    );
    let plan = planned(&seen, &asked());
    assert_eq!(plan.verdict, Verdict::Ready, "{:?}", plan.remarks);
    let why = crate::plan::ami::why_not_yours(&seen.stack, NEW_AMI).expect("AWS owns it");
    assert!(
        why.contains(PUBLIC) && why.contains("which AWS owns"),
        "{why}"
    );
}

#[test]
fn a_parameter_that_holds_the_json_of_recommended_is_reported_with_the_remedy() {
    let mut seen = after(&healthy(), &[]);
    let held = r#"{"schema_version":1,"image_id":"ami-0123456789abcdef0"}"#;
    seen.ami.as_mut().expect("a parameter").value = held.to_owned();
    let plan = planned(&seen, &PlanRequest::default());
    assert_eq!(plan.verdict, Verdict::Blocked);
    let said = words(&plan, "ami-parameter", Level::Blocker);
    assert!(
        said.contains("SSM parameter /ami/ecs/latest holds"),
        "{said}"
    );
    assert!(said.contains("…/recommended/image_id"), "{said}");
    assert!(
        said.contains("put-parameter --name /ami/ecs/latest --overwrite"),
        "{said}"
    );
}

#[test]
fn a_stack_whose_rollback_was_disabled_takes_an_update_or_a_rollback() {
    let mut seen = after(&healthy(), &[]);
    for (status, verdict, way) in [
        (
            "UPDATE_FAILED",
            Verdict::Ready,
            "aws cloudformation rollback-stack",
        ),
        ("CREATE_FAILED", Verdict::Ready, "deletes it"),
        (
            "UPDATE_ROLLBACK_FAILED",
            Verdict::Blocked,
            "continue-update-rollback",
        ),
        ("ROLLBACK_COMPLETE", Verdict::Blocked, "can only be deleted"),
    ] {
        seen.stack.status = status.to_owned();
        let plan = planned(&seen, &asked());
        assert_eq!(plan.verdict, verdict, "{status}: {:?}", plan.remarks);
        let said = &named(&plan, "stack-failed")[0].words;
        assert!(said.contains(way) && said.contains(status), "{said}");
    }
}

#[test]
fn after_a_rollback_the_same_ami_is_warned_about() {
    let mut settings = healthy();
    settings.faults = vec![simulator::scenario::Fault::NeverJoins];
    let seen = after(&settings, &[Action::Roll, Action::WaitIdle]);
    assert_eq!(seen.stack.status, "UPDATE_ROLLBACK_COMPLETE");
    let plan = planned(&seen, &PlanRequest::default());
    assert_eq!(plan.verdict, Verdict::Ready, "{:?}", plan.remarks);
    let said = words(&plan, "rolled-back", Level::Warning);
    let old = seen.stack.ami().expect("the old AMI");
    assert!(
        said.starts_with("the last rollout to this AMI was rolled back"),
        "{said}"
    );
    let command = format!("aws ssm put-parameter --name /ami/ecs/latest --overwrite --value {old}");
    assert!(said.ends_with(&command), "{said}");
    assert!(
        named(&planned(&seen, &asked()), "rolled-back").is_empty(),
        "another AMI"
    );
}

#[test]
fn an_update_that_would_replace_nothing_is_blocked_where_instances_differ() {
    let (mut seen, _) = seen(&healthy(), &[Action::Deploy], &[], |world| {
        call(world, "ecs", "ListClusters", json!({}));
    });
    let first = &mut seen.machines[0];
    first
        .attributes
        .insert("ecs.ami-id".to_owned(), NEW_AMI.to_owned());
    let plan = planned(&seen, &PlanRequest::default());
    assert_eq!(plan.verdict, Verdict::Blocked);
    assert!(words(&plan, "same-ami", Level::Blocker).contains("start-instance-refresh"));
}
