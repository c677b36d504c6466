//! The calls of an instance refresh, and what it then does to a group.

use super::*;
use crate::account::Account;
use crate::autoscaling::AUTOSCALING;
use crate::autoscaling::LifecycleState as S;
use crate::autoscaling::scene::*;
use crate::cloudwatch::CLOUDWATCH;
use crate::eventbridge::EVENTBRIDGE;

/// A group of `count` instances in service, whose template has a new version since.
fn outdated(count: u32, more: Value) -> Account {
    let mut settings = json!({"DesiredCapacity": count, "LifecycleHookSpecificationList": hooks()});
    let members = settings.as_object_mut().expect("an object");
    members.extend(more.as_object().expect("an object").clone());
    let mut account = account(1, settings);
    pass(&mut account, 60);
    let_in(&mut account);
    pass(&mut account, 60);
    assert_eq!(all_in(&account, S::InService).len(), count as usize);
    let version = json!({"LaunchTemplateName": GROUP, "LaunchTemplateData": data("ami-new")});
    must(&mut account, "ec2", "CreateLaunchTemplateVersion", version);
    account
}

fn begin(account: &mut Account, preferences: Value) -> String {
    let input = json!({"Preferences": preferences});
    let answer = call(account, "StartInstanceRefresh", input).expect("it begins");
    answer["InstanceRefreshId"]
        .as_str()
        .expect("an id")
        .to_owned()
}

/// Lets time pass, and answers every hook with CONTINUE.
fn serve(account: &mut Account, seconds: u64) {
    for _ in 0..seconds / 10 {
        pass(account, 10);
        let_in(account);
        for id in all_in(account, S::TerminatingWait) {
            complete(account, "terminate", &id, "CONTINUE").expect("it is open");
        }
    }
}

fn newest(account: &mut Account) -> Value {
    let answer = call(account, "DescribeInstanceRefreshes", json!({})).expect("described");
    answer["InstanceRefreshes"][0].clone()
}

fn amis(account: &Account) -> Vec<String> {
    let inside = group(account).instances.iter();
    inside.map(|instance| instance.ami.clone()).collect()
}

#[test]
fn a_refresh_replaces_every_instance_and_adds_before_it_removes() {
    let mut account = outdated(4, json!({}));
    begin(
        &mut account,
        json!({"MinHealthyPercentage": "100", "MaxHealthyPercentage": "150"}),
    );
    let mut most = 0;
    for _ in 0..120 {
        serve(&mut account, 10);
        let serving = all_in(&account, S::InService).len();
        assert!(serving >= 4, "{serving} in service");
        most = most.max(group(&account).counted());
    }
    assert_eq!(most, 6);
    let refresh = newest(&mut account);
    assert_eq!(
        (&refresh["Status"], &refresh["PercentageComplete"]),
        (&json!("Successful"), &json!(100))
    );
    assert_eq!(amis(&account), ["ami-new"; 4]);
    assert_eq!(group(&account).desired, 4);
}

#[test]
fn below_the_whole_the_old_ones_go_while_the_new_ones_come() {
    let mut account = outdated(4, json!({}));
    begin(&mut account, json!({"MinHealthyPercentage": 50}));
    pass(&mut account, 12);
    assert_eq!(all_in(&account, S::InService).len(), 2);
    serve(&mut account, 600);
    assert_eq!(newest(&mut account)["Status"], "Successful");
    assert_eq!(amis(&account), ["ami-new"; 4]);
}

#[test]
fn a_launch_hook_is_waited_for_and_a_terminate_hook_unless_a_variant_says_no() {
    for awaits in [true, false] {
        let mut account = outdated(2, json!({}));
        account[AUTOSCALING].timing.refresh_awaits_terminate_hooks = awaits;
        begin(&mut account, json!({"MinHealthyPercentage": 100}));
        pass(&mut account, 500);
        assert_eq!(all_in(&account, S::PendingWait).len(), 1, "held");
        assert_eq!(all_in(&account, S::InService).len(), 2);
        let_in(&mut account);
        pass(&mut account, 160);
        assert_eq!(all_in(&account, S::TerminatingWait).len(), 1);
        assert_eq!(all_in(&account, S::PendingWait).len(), usize::from(!awaits));
    }
}

#[test]
fn checkpoints_pause_it_and_bake_time_ends_it() {
    let mut account = outdated(4, json!({}));
    begin(
        &mut account,
        json!({"MinHealthyPercentage": 100, "CheckpointPercentages": [50, 100], "CheckpointDelay": 5000, "BakeTime": 700}),
    );
    serve(&mut account, 3000);
    assert_eq!(newest(&mut account)["PercentageComplete"], 50);
    assert_eq!(newest(&mut account)["InstancesToUpdate"], 2);
    serve(&mut account, 3000);
    assert_eq!(newest(&mut account)["Status"], "Baking");
    serve(&mut account, 700);
    assert_eq!(newest(&mut account)["Status"], "Successful");
}

#[test]
fn skip_matching_leaves_alone_what_matches() {
    let mut account = outdated(3, json!({}));
    let old = all_in(&account, S::InService)[0].clone();
    terminate(&mut account, &old, false).expect("in service");
    serve(&mut account, 200);
    assert_eq!(amis(&account), ["ami-old", "ami-old", "ami-new"]);
    let kept = group(&account).instances[2].id.clone();
    begin(
        &mut account,
        json!({"MinHealthyPercentage": 100, "SkipMatching": "true"}),
    );
    serve(&mut account, 600);
    assert_eq!(newest(&mut account)["Status"], "Successful");
    assert_eq!(amis(&account), ["ami-new"; 3]);
    assert_eq!(group(&account).instances[0].id, kept);
    begin(&mut account, json!({"SkipMatching": true}));
    pass(&mut account, 12);
    assert_eq!(
        newest(&mut account)["Status"],
        "Successful",
        "nothing to do"
    );
    begin(&mut account, json!({"MinHealthyPercentage": 100}));
    serve(&mut account, 900);
    assert_eq!(newest(&mut account)["Status"], "Successful");
    assert!(
        group(&account).instance(&kept).is_none(),
        "all are replaced"
    );
}

#[test]
fn an_alarm_fails_it_and_what_it_had_out_goes() {
    let mut account = outdated(2, json!({}));
    begin(
        &mut account,
        json!({"MinHealthyPercentage": 100, "AlarmSpecification": {"Alarms": ["errors"]}}),
    );
    pass(&mut account, 60);
    let_in(&mut account);
    account[CLOUDWATCH].in_alarm.insert("errors".to_owned());
    serve(&mut account, 200);
    let refresh = newest(&mut account);
    assert_eq!(refresh["Status"], "Failed");
    let reason = refresh["StatusReason"].as_str().expect("a reason");
    assert!(reason.contains("errors"), "{reason}");
    assert_eq!(all_in(&account, S::InService).len(), 2);
}

#[test]
fn a_cancelled_one_leaves_what_it_has_replaced() {
    for (waits, at_once) in [(json!(true), "Cancelling"), (json!("false"), "Cancelled")] {
        let mut account = outdated(3, json!({}));
        begin(&mut account, json!({"MinHealthyPercentage": 100}));
        while amis(&account) != ["ami-old", "ami-old", "ami-new"] {
            serve(&mut account, 10);
        }
        while all_in(&account, S::PendingWait).is_empty() {
            pass(&mut account, 1);
        }
        let cancel = json!({"WaitForTransitioningInstances": waits});
        call(&mut account, "CancelInstanceRefresh", cancel).expect("it goes on");
        pass(&mut account, 10);
        assert_eq!(newest(&mut account)["Status"], at_once);
        serve(&mut account, 600);
        assert_eq!(newest(&mut account)["Status"], "Cancelled");
        let mut left = amis(&account);
        left.sort();
        // Of the zone that has two, the one that has served longer goes.
        assert_eq!(left, ["ami-new", "ami-old", "ami-old"]);
        let error = call(&mut account, "CancelInstanceRefresh", json!({})).expect_err("over");
        assert_eq!(error.code, "ActiveInstanceRefreshNotFound");
    }
}

#[test]
fn an_abandoned_launch_is_launched_again_or_fails_it_by_the_switch() {
    for (variant, status) in [(false, "InProgress"), (true, "Failed")] {
        let mut account = outdated(2, json!({}));
        account[AUTOSCALING].timing.abandoned_launch_fails_refresh = variant;
        begin(&mut account, json!({"MinHealthyPercentage": 100}));
        pass(&mut account, 60);
        let id = only_one(&account, S::PendingWait);
        complete(&mut account, "launch", &id, "ABANDON").expect("it is open");
        pass(&mut account, 60);
        assert_eq!(newest(&mut account)["Status"], status);
        assert_eq!(
            all_in(&account, S::PendingWait).len(),
            usize::from(!variant)
        );
        assert_eq!(all_in(&account, S::InService).len(), 2);
    }
}

#[test]
fn a_desired_configuration_is_the_group_s_only_in_the_end_and_can_be_rolled_back() {
    let pinned = json!({"LaunchTemplate": {"LaunchTemplateName": GROUP, "Version": "1"}});
    let to_two = json!({
        "DesiredConfiguration": {"LaunchTemplate": {"LaunchTemplateName": GROUP, "Version": "2"}},
        "Preferences": {"MinHealthyPercentage": 100, "AutoRollback": true, "SkipMatching": true},
    });
    for ends_well in [true, false] {
        let mut account = outdated(3, pinned.clone());
        call(&mut account, "StartInstanceRefresh", to_two.clone()).expect("it begins");
        serve(&mut account, 100);
        assert_eq!(group(&account).template.version, "1");
        assert!(amis(&account).contains(&"ami-new".to_owned()));
        if !ends_well {
            call(&mut account, "RollbackInstanceRefresh", json!({})).expect("it goes on");
        }
        serve(&mut account, 900);
        let (status, ami, version) = if ends_well {
            ("Successful", "ami-new", "2")
        } else {
            ("RollbackSuccessful", "ami-old", "1")
        };
        assert_eq!(newest(&mut account)["Status"], status);
        assert_eq!(amis(&account), [ami; 3]);
        assert_eq!(group(&account).template.version, version);
    }
}

#[test]
fn a_suspended_process_stops_it_and_an_empty_group_stays_empty() {
    let mut account = outdated(2, json!({}));
    let process = json!({"ScalingProcesses": ["InstanceRefresh"]});
    call(&mut account, "SuspendProcesses", process.clone()).expect("a known process");
    begin(&mut account, json!({"MinHealthyPercentage": 100}));
    serve(&mut account, 300);
    assert_eq!(amis(&account), ["ami-old"; 2]);
    call(&mut account, "ResumeProcesses", process).expect("a known process");
    serve(&mut account, 60);
    assert_eq!(group(&account).counted(), 3);
    let none = json!({"MaxSize": 0, "DesiredCapacity": 0});
    call(&mut account, "UpdateAutoScalingGroup", none).expect("it may be");
    serve(&mut account, 300);
    assert_eq!(group(&account).instances.len(), 0);
}

#[test]
fn without_launch_or_terminate_nothing_is_replaced_and_without_work_it_ends() {
    for process in ["Launch", "Terminate"] {
        let mut account = outdated(2, json!({}));
        let suspended = json!({"ScalingProcesses": [process]});
        call(&mut account, "SuspendProcesses", suspended.clone()).expect("a known process");
        begin(&mut account, json!({"MinHealthyPercentage": 50}));
        serve(&mut account, 900);
        assert_eq!(amis(&account), ["ami-old"; 2], "{process}");
        let reason = newest(&mut account)["StatusReason"].clone();
        assert_eq!(
            reason,
            format!("Waiting because the {process} process is suspended.")
        );
        call(&mut account, "ResumeProcesses", suspended).expect("a known process");
        serve(&mut account, 900);
        assert_eq!(amis(&account), ["ami-new"; 2], "{process}");
    }
    let mut account = outdated(0, json!({}));
    let process = json!({"ScalingProcesses": ["InstanceRefresh"]});
    call(&mut account, "SuspendProcesses", process).expect("a known process");
    begin(&mut account, json!({"MinHealthyPercentage": 100}));
    serve(&mut account, 300);
    assert_eq!(newest(&mut account)["Status"], "Successful");
}

#[test]
fn the_capacity_may_change_meanwhile() {
    let mut account = outdated(3, json!({}));
    begin(&mut account, json!({"MinHealthyPercentage": 100}));
    serve(&mut account, 100);
    let more = json!({"DesiredCapacity": 5});
    call(&mut account, "SetDesiredCapacity", more).expect("in bounds");
    serve(&mut account, 200);
    let fewer = json!({"DesiredCapacity": 2});
    call(&mut account, "SetDesiredCapacity", fewer).expect("in bounds");
    serve(&mut account, 900);
    assert_eq!(newest(&mut account)["Status"], "Successful");
    assert_eq!(amis(&account), ["ami-new"; 2]);
}

#[test]
fn what_cannot_be_asked_for_is_refused() {
    let mut account = outdated(2, json!({}));
    for (input, words) in [
        (json!({"MinHealthyPercentage": 101}), "from 0 to 100"),
        (
            json!({"MaxHealthyPercentage": 110}),
            "needs MinHealthyPercentage",
        ),
        (
            json!({"MinHealthyPercentage": 50, "MaxHealthyPercentage": 200}),
            "less than or equal to 100",
        ),
        (
            json!({"CheckpointPercentages": [50, 20]}),
            "ascending order",
        ),
        (json!({"CheckpointPercentages": [0, 20]}), "[0, 20]"),
        (json!({"CheckpointDelay": 5}), "needs CheckpointPercentages"),
        (
            json!({"AutoRollback": true}),
            "the DesiredConfiguration parameter is empty",
        ),
        (json!({"Speed": 1}), "Speed"),
    ] {
        let input = json!({"Preferences": input});
        let error = call(&mut account, "StartInstanceRefresh", input).expect_err("refused");
        assert!(error.message.contains(words), "{error}");
    }
    begin(&mut account, json!({}));
    let error = call(&mut account, "StartInstanceRefresh", json!({})).expect_err("one goes on");
    assert_eq!(error.code, "InstanceRefreshInProgress");
    let error = call(&mut account, "RollbackInstanceRefresh", json!({})).expect_err("pending");
    assert_eq!(error.code, "ActiveInstanceRefreshNotFound");
    pass(&mut account, 12);
    let error = call(&mut account, "RollbackInstanceRefresh", json!({})).expect_err("no way back");
    assert_eq!(error.code, "IrreversibleInstanceRefresh");
}

#[test]
fn protected_instances_are_waited_for_an_hour() {
    let mut account = outdated(2, json!({"NewInstancesProtectedFromScaleIn": true}));
    begin(&mut account, json!({"MinHealthyPercentage": 100}));
    serve(&mut account, 3500);
    assert_eq!(newest(&mut account)["Status"], "InProgress");
    serve(&mut account, 200);
    assert_eq!(newest(&mut account)["Status"], "Failed");
    begin(
        &mut account,
        json!({"MinHealthyPercentage": 100, "ScaleInProtectedInstances": "Refresh"}),
    );
    serve(&mut account, 900);
    assert_eq!(newest(&mut account)["Status"], "Successful");
}

/// Answers the hooks of the pool's moves too.
fn serve_pool(account: &mut Account, seconds: u64) {
    for _ in 0..seconds / 10 {
        serve(account, 10);
        for id in all_in(account, S::WarmedPendingWait) {
            complete(account, "launch", &id, "CONTINUE").expect("it is open");
        }
        for id in all_in(account, S::WarmedTerminatingWait) {
            complete(account, "terminate", &id, "CONTINUE").expect("it is open");
        }
    }
}

#[test]
fn the_pool_is_replaced_after_the_group() {
    let mut account = outdated(2, json!({"MaxSize": 2}));
    call(&mut account, "PutWarmPool", json!({"MinSize": 1})).expect("a pool");
    serve_pool(&mut account, 120);
    let waited = only_one(&account, S::WarmedStopped);
    begin(&mut account, json!({"MinHealthyPercentage": 100}));
    while all_in(&account, S::WarmedStopped).contains(&waited) {
        assert_ne!(newest(&mut account)["Status"], "Successful");
        serve_pool(&mut account, 10);
    }
    let mut serving = group(&account)
        .instances
        .iter()
        .filter(|it| it.state == S::InService);
    assert!(serving.all(|it| it.ami == "ami-new"));
    let progress = &newest(&mut account)["ProgressDetails"];
    assert_eq!(progress["LivePoolProgress"]["InstancesToUpdate"], 0);
    serve_pool(&mut account, 600);
    assert_eq!(newest(&mut account)["Status"], "Successful");
    assert_eq!(amis(&account), ["ami-new"; 3]);
}

#[test]
fn a_pool_whose_agents_would_not_wait_is_not_refreshed() {
    let mut account = outdated(1, json!({"MaxSize": 1}));
    call(&mut account, "PutWarmPool", json!({"MinSize": 1})).expect("a pool");
    let bare = json!({"ImageId": "ami-bare", "InstanceType": "m7g.large"});
    let version = json!({"LaunchTemplateName": GROUP, "LaunchTemplateData": bare});
    must(&mut account, "ec2", "CreateLaunchTemplateVersion", version);
    let error = call(&mut account, "StartInstanceRefresh", json!({})).expect_err("no check");
    assert!(error.message.contains("ECS_WARM_POOLS_CHECK"), "{error}");
}

/// The events of the refreshes, without the beginning that all have.
fn record(account: &Account) -> Vec<String> {
    let begins = "EC2 Auto Scaling Instance Refresh ";
    let archive = account[EVENTBRIDGE].archive.iter().flatten();
    let kinds =
        archive.filter_map(|(_, event)| event["detail-type"].as_str()?.strip_prefix(begins));
    kinds.map(str::to_owned).collect()
}

#[test]
fn it_is_pending_first_and_then_reports_how_far_it_is_and_what_it_waits_for() {
    let mut account = outdated(1, json!({}));
    begin(
        &mut account,
        json!({"MinHealthyPercentage": 100, "BakeTime": 60}),
    );
    let pending = newest(&mut account);
    assert_eq!(pending["Status"], "Pending");
    for member in ["StartTime", "PercentageComplete", "InstancesToUpdate"] {
        assert!(pending.get(member).is_none(), "{pending}");
    }
    let mut seen: Vec<(u64, u64, String)> = Vec::new();
    for _ in 0..400 {
        pass(&mut account, 1);
        let_in(&mut account);
        for id in all_in(&account, S::TerminatingWait) {
            complete(&mut account, "terminate", &id, "CONTINUE").expect("it is open");
        }
        let now = newest(&mut account);
        let reason = now["StatusReason"].as_str().unwrap_or_default();
        let words: Vec<&str> = reason.split(' ').take(4).collect();
        let one = (
            now["PercentageComplete"].as_u64().unwrap_or_default(),
            now["InstancesToUpdate"].as_u64().unwrap_or_default(),
            words.join(" "),
        );
        if seen.last() != Some(&one) {
            seen.push(one);
        }
    }
    let (remaining, leaving, bakes) = (
        "Waiting for remaining instances",
        "Waiting for terminating instances",
        "Waiting for bake time",
    );
    let expected = [
        (0, 0, ""),
        (0, 1, ""),
        (25, 1, remaining),
        (50, 1, remaining),
        (100, 0, leaving),
        (100, 0, bakes),
        (100, 0, ""),
    ];
    let seen: Vec<(u64, u64, &str)> = seen.iter().map(|(a, b, c)| (*a, *b, c.as_str())).collect();
    assert_eq!(seen, expected);
    assert_eq!(newest(&mut account)["Status"], "Successful");
}

#[test]
fn on_the_way_back_its_progress_falls_and_it_says_why_it_went_back() {
    let pinned = json!({"LaunchTemplate": {"LaunchTemplateName": GROUP, "Version": "1"}});
    let mut account = outdated(2, pinned);
    account[EVENTBRIDGE].archive = Some(Vec::new());
    let to_two = json!({
        "DesiredConfiguration": {"LaunchTemplate": {"LaunchTemplateName": GROUP, "Version": "2"}},
        "Preferences": {"MinHealthyPercentage": 100, "BakeTime": 3600},
    });
    call(&mut account, "StartInstanceRefresh", to_two).expect("it begins");
    serve(&mut account, 800);
    assert_eq!(newest(&mut account)["Status"], "Baking");
    call(&mut account, "RollbackInstanceRefresh", json!({})).expect("it goes on");
    let refresh = newest(&mut account);
    assert_eq!(refresh["Status"], "RollbackInProgress");
    assert!(refresh.get("RollbackDetails").is_none(), "at the next look");
    let mut percents = Vec::new();
    for _ in 0..80 {
        serve(&mut account, 10);
        let percent = newest(&mut account)["PercentageComplete"].clone();
        if percents.last() != Some(&percent) {
            percents.push(percent);
        }
    }
    assert_eq!(percents, [100, 75, 50, 25, 0].map(Value::from));
    let refresh = newest(&mut account);
    assert_eq!(refresh["Status"], "RollbackSuccessful");
    assert!(refresh.get("StatusReason").is_none(), "{refresh}");
    assert_eq!(refresh["InstancesToUpdate"], 2);
    let back = &refresh["RollbackDetails"];
    assert_eq!(
        back["RollbackReason"],
        "Rollback triggered due to user request."
    );
    assert_eq!(back["PercentageCompleteOnRollback"], 100);
    assert_eq!(back["InstancesToUpdateOnRollback"], 0);
    let events = [
        "Started",
        "Started Baking",
        "Rollback Started",
        "Rollback Succeeded",
    ];
    assert_eq!(record(&account), events);
}

#[test]
fn preferences_are_answered_as_they_were_given_with_five_that_always_are() {
    let mut account = outdated(1, json!({}));
    begin(&mut account, json!({}));
    let usual = json!({"MinHealthyPercentage": 90, "InstanceWarmup": 0, "SkipMatching": false,
        "AutoRollback": false, "AlarmSpecification": {}});
    assert_eq!(newest(&mut account)["Preferences"], usual);
    call(&mut account, "CancelInstanceRefresh", json!({})).expect("it is pending");
    pass(&mut account, 12);
    assert_eq!(newest(&mut account)["Status"], "Cancelled");
    begin(
        &mut account,
        json!({"MinHealthyPercentage": "100", "BakeTime": "60", "StandbyInstances": "Ignore",
        "CheckpointPercentages": ["100"], "AlarmSpecification": {"Alarms": ["7"]}}),
    );
    let given = json!({"MinHealthyPercentage": 100, "InstanceWarmup": 0, "SkipMatching": false,
        "AutoRollback": false, "AlarmSpecification": {"Alarms": ["7"]}, "BakeTime": 60,
        "StandbyInstances": "Ignore", "CheckpointPercentages": [100]});
    assert_eq!(newest(&mut account)["Preferences"], given);
}

#[test]
fn instances_in_standby_are_terminated_left_alone_or_waited_for_an_hour() {
    for (word, status, left) in [
        ("Terminate", "Successful", 1),
        ("Ignore", "Successful", 2),
        ("Wait", "Failed", 2),
    ] {
        let mut account = outdated(2, json!({}));
        let aside = all_in(&account, S::InService)[0].clone();
        let input = json!({"InstanceIds": [aside], "ShouldDecrementDesiredCapacity": true});
        call(&mut account, "EnterStandby", input).expect("it is in service");
        pass(&mut account, 5);
        begin(
            &mut account,
            json!({"MinHealthyPercentage": 100, "StandbyInstances": word}),
        );
        serve(&mut account, 600);
        let refresh = newest(&mut account);
        if word == "Wait" {
            let reason = refresh["StatusReason"].as_str().expect("a reason");
            assert!(
                reason.contains(&format!("{aside} is in standby")),
                "{reason}"
            );
        }
        serve(&mut account, 3600);
        assert_eq!(newest(&mut account)["Status"], status, "{word}");
        assert_eq!(group(&account).instances.len(), left, "{word}");
        assert_eq!(
            group(&account).instance(&aside).is_some(),
            word != "Terminate"
        );
    }
}
