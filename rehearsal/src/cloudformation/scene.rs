//! Whole stories of stacks, for tests: a launch template and a group with hooks, and somebody who answers them.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::account::{Account, Caller};
use crate::fact::Fact;
use crate::wire::ApiError;

const TEMPLATE: &str = r#"
Parameters:
  Ami: {Type: AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>, Default: /ami}
  Size: {Type: Number, Default: 3}
  Batch: {Type: Number, Default: 1}
  Owner: {Type: String, Default: template}
Conditions:
  Owned: !Equals [!Ref Owner, template]
Resources:
  Template:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData:
        ImageId: !Ref Ami
        InstanceType: m7g.large
        UserData: !Base64 "echo ECS_CLUSTER=c"
  Group:
    Type: AWS::AutoScaling::AutoScalingGroup
    CreationPolicy: {ResourceSignal: {Count: !Ref Size, Timeout: PT15M}}
    UpdatePolicy:
      AutoScalingRollingUpdate:
        MaxBatchSize: !Ref Batch
        MinInstancesInService: !Ref Size
        PauseTime: PT15M
        WaitOnResourceSignals: true
        SuspendProcesses: [HealthCheck, AZRebalance]
    Properties:
      AutoScalingGroupName: g
      MinSize: !Ref Size
      MaxSize: 8
      DesiredCapacity: !If [Owned, !Ref Size, !Ref AWS::NoValue]
      VPCZoneIdentifier: [subnet-0a1b2c3d]
      LaunchTemplate:
        LaunchTemplateId: !Ref Template
        Version: !GetAtt Template.LatestVersionNumber
      InstanceLifecyclePolicy: {RetentionTriggers: {TerminateHookAbandon: retain}}
      LifecycleHookSpecificationList:
        - {LifecycleHookName: in, LifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING", HeartbeatTimeout: 3600}
        - {LifecycleHookName: out, LifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING", HeartbeatTimeout: 3600}
Outputs:
  Name: {Value: !Ref Group}
"#;

/// An account with one stack, and somebody who answers its hooks.
pub struct Scene {
    pub account: Account,
    /// The AMI whose instances are given up at their launch hook.
    pub bad_ami: String,
    /// How long after an instance stands at its terminate hook it is let go.
    pub drain: Duration,
    /// Whether new instances signal at all.
    pub signals: bool,
    read: usize,
    due: Vec<(Timestamp, String, bool)>,
}

impl Scene {
    /// An account in which the parameter `/ami` is `ami-00000001`.
    pub fn new() -> Self {
        Self::seeded(7)
    }

    /// The same, with another chance.
    pub fn seeded(seed: u64) -> Self {
        let start = "2026-11-23T00:00:00Z".parse().expect("a time");
        let mut scene = Self {
            account: Account::new(start, seed),
            bad_ami: String::new(),
            drain: Duration::from_secs(60),
            signals: true,
            read: 0,
            due: Vec::new(),
        };
        scene
            .account
            .cloudformation
            .files
            .insert("t.yaml".to_owned(), TEMPLATE.to_owned());
        scene.ami("ami-00000001");
        scene
    }

    /// The parameter `/ami` is from now on `ami`.
    pub fn ami(&mut self, ami: &str) {
        let input = json!({"Name": "/ami", "Value": ami, "Type": "String", "Overwrite": true});
        self.account
            .call(&Caller::Operator, "ssm", "PutParameter", &input)
            .expect("put");
    }

    pub fn call(&mut self, action: &str, input: Value) -> Result<Value, ApiError> {
        self.account
            .call(&Caller::Operator, "cloudformation", action, &input)
    }

    /// A stack `s` of `Size` instances, created.
    pub fn created(parameters: Value) -> Self {
        Self::new().create(parameters)
    }

    /// The stack `s`, created.
    pub fn create(mut self, parameters: Value) -> Self {
        let input = json!({"StackName": "s", "TemplateURL": "t.yaml", "Parameters": parameters});
        self.call("CreateStack", input).expect("begun");
        assert_eq!(self.settled(), "CREATE_COMPLETE");
        self
    }

    /// Updates the stack with everything as it was.
    pub fn update(&mut self) -> Result<Value, ApiError> {
        let stacks = self
            .call("DescribeStacks", json!({"StackName": "s"}))
            .expect("described");
        let previous: Vec<_> = stacks["Stacks"][0]["Parameters"].as_array().expect("a list").iter()
            .map(|parameter| json!({"ParameterKey": parameter["ParameterKey"], "UsePreviousValue": true}))
            .collect();
        self.call(
            "UpdateStack",
            json!({"StackName": "s", "UsePreviousTemplate": true, "Parameters": previous}),
        )
    }

    /// Lets time pass until the stack is at rest, and says in which status.
    pub fn settled(&mut self) -> String {
        let end = self.account.now + Duration::from_secs(48 * 3600);
        while self
            .account
            .cloudformation
            .stack("s")
            .is_some_and(|stack| stack.operation.is_some())
        {
            assert!(
                self.account.now < end,
                "the stack never comes to rest: {}",
                self.told().join("\n")
            );
            self.step(end);
        }
        self.account
            .cloudformation
            .stacks
            .values()
            .last()
            .expect("a stack")
            .status
            .clone()
    }

    /// Lets `time` pass.
    pub fn pass(&mut self, time: Duration) {
        let end = self.account.now + time;
        while self.account.now < end {
            self.step(end);
        }
    }

    fn step(&mut self, end: Timestamp) {
        let next = self.due.iter().map(|(at, _, _)| *at).min().unwrap_or(end);
        self.account.step(next.min(end));
        while let Some(place) = self
            .due
            .iter()
            .position(|(at, _, _)| *at <= self.account.now)
        {
            let (_, instance, good) = self.due.remove(place);
            self.answer(&instance, good);
        }
        for told in self.account.facts[self.read..].to_vec() {
            if let Fact::Lifecycle {
                instance,
                ami,
                state,
                ..
            } = told.fact
            {
                match state.as_str() {
                    "Pending:Wait" => self.due.push((
                        told.at + Duration::from_secs(30),
                        instance,
                        ami != self.bad_ami,
                    )),
                    "Terminating:Wait" => self.due.push((told.at + self.drain, instance, true)),
                    _ => {}
                }
            }
        }
        self.read = self.account.facts.len();
    }

    fn answer(&mut self, instance: &str, good: bool) {
        let launching = self
            .state_of(instance)
            .is_some_and(|state| state == "Pending:Wait");
        let input = json!({"AutoScalingGroupName": "g", "LifecycleHookName": if launching { "in" } else { "out" },
            "InstanceId": instance, "LifecycleActionResult": if good { "CONTINUE" } else { "ABANDON" }});
        // Whoever answers late is told so, and does not mind.
        drop(self.account.call(
            &Caller::Operator,
            "autoscaling",
            "CompleteLifecycleAction",
            &input,
        ));
        if launching && self.signals {
            let status = if good { "SUCCESS" } else { "FAILURE" };
            drop(self.signal(instance, status));
        }
    }

    fn state_of(&mut self, instance: &str) -> Option<String> {
        self.instances()
            .into_iter()
            .find(|(id, _, _)| id == instance)
            .map(|(_, state, _)| state)
    }

    pub fn signal(&mut self, instance: &str, status: &str) -> Result<Value, ApiError> {
        let input = json!({"StackName": "s", "LogicalResourceId": "Group", "UniqueId": instance, "Status": status});
        self.call("SignalResource", input)
    }

    /// The group as DescribeAutoScalingGroups answers it.
    pub fn group(&mut self) -> Value {
        let answer = self.account.call(
            &Caller::Operator,
            "autoscaling",
            "DescribeAutoScalingGroups",
            &json!({}),
        );
        answer.expect("described")["AutoScalingGroups"][0].clone()
    }

    /// The group's instances: id, state, launch template version.
    pub fn instances(&mut self) -> Vec<(String, String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let group = self.group();
        let instances = group["Instances"].as_array().into_iter().flatten();
        instances
            .map(|one| {
                (
                    text(&one["InstanceId"]),
                    text(&one["LifecycleState"]),
                    text(&one["LaunchTemplate"]["Version"]),
                )
            })
            .collect()
    }

    /// What the stack has said, oldest first: logical id, status, reason; instance ids as `i-…`.
    pub fn told(&self) -> Vec<String> {
        let events = self
            .account
            .cloudformation
            .stacks
            .values()
            .flat_map(|stack| &stack.events);
        events
            .map(|event| {
                let mut reason = event.reason.clone();
                while let Some(at) = reason.find("i-0").or_else(|| {
                    reason
                        .find("i-")
                        .filter(|at| !reason[at + 2..].starts_with('…'))
                }) {
                    reason.replace_range(at..(at + 19).min(reason.len()), "i-…");
                }
                format!("{} {} {reason}", event.logical_id, event.status)
                    .trim_end()
                    .to_owned()
            })
            .collect()
    }
}

#[test]
fn a_stack_is_created_when_its_instances_have_signalled() {
    let scene = Scene::created(json!([{"ParameterKey": "Size", "ParameterValue": "2"}]));
    assert_eq!(
        scene.told(),
        [
            "s CREATE_IN_PROGRESS User Initiated",
            "Template CREATE_IN_PROGRESS",
            "Template CREATE_IN_PROGRESS Resource creation Initiated",
            "Template CREATE_COMPLETE",
            "Group CREATE_IN_PROGRESS",
            "Group CREATE_IN_PROGRESS Resource creation Initiated",
            "Group CREATE_IN_PROGRESS Received SUCCESS signal with UniqueId i-…",
            "Group CREATE_IN_PROGRESS Received SUCCESS signal with UniqueId i-…",
            "Group CREATE_COMPLETE",
            "s CREATE_COMPLETE",
        ]
    );
}

/// The end of what was told since `from`: what is said of the stack and the group.
fn told_since(scene: &Scene, from: usize) -> Vec<String> {
    scene.told().split_off(from)
}

/// States and launch template versions of the instances that are not on their way out.
fn members(scene: &mut Scene) -> Vec<(String, String)> {
    let staying = scene
        .instances()
        .into_iter()
        .filter(|(_, state, _)| !state.starts_with("Terminat"));
    staying
        .map(|(_, state, version)| (state, version))
        .collect()
}

fn serving(version: &str, count: usize) -> Vec<(String, String)> {
    vec![("InService".to_owned(), version.to_owned()); count]
}

#[test]
fn a_roll_replaces_every_instance_in_the_observed_words() {
    let mut scene = Scene::created(json!([{"ParameterKey": "Size", "ParameterValue": "2"}]));
    let from = scene.told().len();
    scene.ami("ami-00000002");
    scene.update().expect("begun");
    assert_eq!(scene.settled(), "UPDATE_COMPLETE");
    let group = "Group UPDATE_IN_PROGRESS";
    let added = "New instance(s) added to autoscaling group - Waiting on 1 resource signal(s) with a timeout of PT15M.";
    let signal = "Received SUCCESS signal with UniqueId i-…";
    assert_eq!(
        told_since(&scene, from),
        [
            "s UPDATE_IN_PROGRESS User Initiated".to_owned(),
            "Template UPDATE_IN_PROGRESS".to_owned(),
            "Template UPDATE_COMPLETE".to_owned(),
            group.to_owned(),
            format!(
                "{group} Rolling update initiated. Terminating 2 obsolete instance(s) in batches of 1, while keeping at least 2 instance(s) in service. Waiting on resource signals with a timeout of PT15M when new instances are added to the autoscaling group."
            ),
            format!(
                "{group} Temporarily setting autoscaling group MinSize and DesiredCapacity to 3."
            ),
            format!("{group} {added}"),
            format!("{group} {signal}"),
            format!("{group} Terminating instance(s) [i-…]; replacing with 1 new instance(s)."),
            format!("{group} Successfully terminated instance(s) [i-…] (Progress 50%)."),
            format!("{group} {added}"),
            format!("{group} {signal}"),
            format!("{group} Terminating instance(s) [i-…]; replacing with 0 new instance(s)."),
            format!("{group} Successfully terminated instance(s) [i-…] (Progress 100%)."),
            "Group UPDATE_COMPLETE".to_owned(),
            "s UPDATE_COMPLETE_CLEANUP_IN_PROGRESS".to_owned(),
            "s UPDATE_COMPLETE".to_owned(),
        ]
    );
    assert_eq!(members(&mut scene), serving("2", 2));
    let group = scene.group();
    assert_eq!(
        (&group["MinSize"], &group["DesiredCapacity"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(group["SuspendedProcesses"], json!([]));
}

#[test]
fn nobody_waits_for_drains() {
    let mut scene = Scene::created(json!([]));
    scene.drain = Duration::from_secs(1800);
    scene.ami("ami-00000002");
    scene.update().expect("begun");
    assert_eq!(scene.settled(), "UPDATE_COMPLETE");
    let draining = scene
        .instances()
        .into_iter()
        .filter(|(_, state, _)| state == "Terminating:Wait")
        .count();
    assert_eq!(
        draining, 3,
        "all drains are still open when the update is complete"
    );
}

#[test]
fn a_failure_turns_the_roll_round_until_all_is_as_it_was() {
    for (seed, makes_version) in (0..20).flat_map(|seed| [(seed, false), (seed, true)]) {
        let mut scene = Scene::seeded(seed).create(json!([]));
        scene.account.cloudformation.dynamics.rollback_makes_version = makes_version;
        let from = scene.told().len();
        scene.bad_ami = "ami-00000002".to_owned();
        scene.ami("ami-00000002");
        scene.update().expect("begun");
        assert_eq!(scene.settled(), "UPDATE_ROLLBACK_COMPLETE");
        let told = told_since(&scene, from).join("\n");
        let failed = "Group UPDATE_FAILED Received 1 FAILURE signal(s) out of 3. Unable to satisfy 100% MinSuccessfulInstancesPercent requirement\n\
                      s UPDATE_ROLLBACK_IN_PROGRESS The following resource(s) failed to update: [Group].\n\
                      Template UPDATE_IN_PROGRESS\nTemplate UPDATE_COMPLETE\nGroup UPDATE_IN_PROGRESS\n";
        assert!(told.contains(failed), "{told}");
        assert!(
            told.ends_with(
                "s UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS\ns UPDATE_ROLLBACK_COMPLETE"
            ),
            "{told}"
        );
        scene.pass(Duration::from_secs(600));
        assert_eq!(
            members(&mut scene),
            serving(if makes_version { "3" } else { "1" }, 3)
        );
        assert!(
            scene
                .instances()
                .iter()
                .all(|(_, state, _)| state == "InService")
        );
        assert_eq!(scene.group()["SuspendedProcesses"], json!([]));
    }
}

#[test]
fn a_size_that_others_own_stays_at_the_temporary_value_after_a_failure() {
    let mut scene = Scene::created(json!([{"ParameterKey": "Owner", "ParameterValue": "scaling"}]));
    scene.bad_ami = "ami-00000002".to_owned();
    scene.ami("ami-00000002");
    scene.update().expect("begun");
    assert_eq!(scene.settled(), "UPDATE_ROLLBACK_COMPLETE");
    scene.pass(Duration::from_secs(600));
    let group = scene.group();
    assert_eq!(
        (&group["MinSize"], &group["DesiredCapacity"]),
        (&json!(3), &json!(4))
    );
    assert_eq!(members(&mut scene), serving("1", 4));
}

#[test]
fn without_signals_the_batch_times_out_and_the_way_back_too() {
    let mut scene = Scene::created(json!([]));
    let from = scene.told().len();
    scene.signals = false;
    scene.ami("ami-00000002");
    scene.update().expect("begun");
    assert_eq!(scene.settled(), "UPDATE_ROLLBACK_FAILED");
    let told = told_since(&scene, from).join("\n");
    assert!(told.contains(
        "Group UPDATE_IN_PROGRESS Failed to receive 1 resource signal(s) for the current batch.  Each resource signal timeout is counted as a FAILURE.\n\
         Group UPDATE_FAILED Received 0 SUCCESS signal(s) out of 3.  Unable to satisfy 100% MinSuccessfulInstancesPercent requirement"
    ), "{told}");
}

#[test]
fn early_signals_can_be_lost() {
    let mut scene = Scene::created(json!([]));
    scene
        .account
        .cloudformation
        .dynamics
        .signal_before_in_service_counts = false;
    scene.ami("ami-00000002");
    scene.update().expect("begun");
    assert_eq!(
        scene.settled(),
        "UPDATE_ROLLBACK_FAILED",
        "whoever signals before InService is not heard"
    );
}

#[test]
fn a_retained_instance_is_none_of_a_roll_s_business() {
    let mut scene = Scene::created(json!([]));
    scene.pass(Duration::from_secs(30));
    let retained = scene.instances()[0].0.clone();
    let leave = json!({"InstanceId": retained, "ShouldDecrementDesiredCapacity": false});
    let call = |scene: &mut Scene, action: &str, input: &Value| {
        scene
            .account
            .call(&Caller::Operator, "autoscaling", action, input)
            .expect("done")
    };
    call(&mut scene, "TerminateInstanceInAutoScalingGroup", &leave);
    scene.pass(Duration::from_secs(30));
    let abandon = json!({"AutoScalingGroupName": "g", "LifecycleHookName": "out", "InstanceId": retained,
        "LifecycleActionResult": "ABANDON"});
    call(&mut scene, "CompleteLifecycleAction", &abandon);
    scene.pass(Duration::from_secs(300));
    scene.ami("ami-00000002");
    scene.update().expect("begun");
    assert_eq!(scene.settled(), "UPDATE_COMPLETE");
    let left = scene
        .instances()
        .into_iter()
        .find(|(id, _, _)| *id == retained);
    assert_eq!(
        left.map(|(_, state, _)| state).as_deref(),
        Some("Terminating:Retained")
    );
    assert_eq!(members(&mut scene), serving("2", 3));
}

#[test]
fn a_cancelled_update_turns_round() {
    let mut scene = Scene::created(json!([]));
    scene.ami("ami-00000002");
    scene.update().expect("begun");
    scene.pass(Duration::from_secs(90));
    scene
        .call("CancelUpdateStack", json!({"StackName": "s"}))
        .expect("cancelled");
    assert_eq!(scene.settled(), "UPDATE_ROLLBACK_COMPLETE");
    assert!(
        scene
            .told()
            .contains(&"Group UPDATE_FAILED Resource update cancelled".to_owned())
    );
    scene.pass(Duration::from_secs(600));
    assert_eq!(members(&mut scene), serving("1", 3));
}

#[test]
fn a_failed_creation_is_undone_and_a_stack_can_be_deleted() {
    let mut scene = Scene::new();
    scene.bad_ami = "ami-00000001".to_owned();
    scene
        .call(
            "CreateStack",
            json!({"StackName": "s", "TemplateURL": "t.yaml"}),
        )
        .expect("begun");
    assert_eq!(scene.settled(), "ROLLBACK_COMPLETE");
    let told = scene.told().join("\n");
    assert!(told.contains(
        "Group CREATE_FAILED Received 1 FAILURE signal(s) out of 3. Unable to satisfy 100% MinSuccessfulInstancesPercent requirement\n\
         s ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [Group]. Rollback requested by user.\n\
         Group DELETE_IN_PROGRESS\nGroup DELETE_COMPLETE\nTemplate DELETE_IN_PROGRESS\nTemplate DELETE_COMPLETE\n\
         s ROLLBACK_COMPLETE"
    ), "{told}");
    scene
        .call("DeleteStack", json!({"StackName": "s"}))
        .expect("begun");
    assert_eq!(scene.settled(), "DELETE_COMPLETE");
    let gone = scene
        .call("DescribeStacks", json!({"StackName": "s"}))
        .expect_err("deleted");
    assert_eq!(gone.message, "Stack with id s does not exist");
}

#[test]
fn nothing_new_is_no_update_and_a_busy_stack_takes_none() {
    let mut scene = Scene::created(json!([]));
    assert_eq!(
        scene.update().expect_err("nothing").message,
        "No updates are to be performed."
    );
    scene.ami("ami-00000002");
    scene.update().expect("begun");
    let busy = scene.update().expect_err("busy").message;
    assert!(
        busy.ends_with(" is in UPDATE_IN_PROGRESS state and can not be updated."),
        "{busy}"
    );
    let stacks = scene
        .call("DescribeStacks", json!({"StackName": "s"}))
        .expect("described");
    let ami = &stacks["Stacks"][0]["Parameters"][0];
    assert_eq!(
        ami,
        &json!({"ParameterKey": "Ami", "ParameterValue": "/ami", "ResolvedValue": "ami-00000002"})
    );
}

#[test]
fn signals_are_refused_in_cloudformation_s_words() {
    let mut scene = Scene::created(json!([]));
    let id = scene
        .account
        .cloudformation
        .stack("s")
        .expect("a stack")
        .id
        .clone();
    assert_eq!(
        scene.signal("i-1", "SUCCESS").expect_err("at rest").message,
        format!("Stack {id} is in CREATE_COMPLETE state and cannot be signaled")
    );
    scene.ami("ami-00000002");
    scene.update().expect("begun");
    assert_eq!(
        scene
            .signal("i-1", "SUCCESS")
            .expect_err("too early")
            .message,
        "Resource Group is in CREATE_COMPLETE state and can not be signaled"
    );
    scene.pass(Duration::from_secs(6));
    scene.signal("i-1", "SUCCESS").expect("taken");
    assert_eq!(
        scene.signal("i-1", "SUCCESS").expect_err("twice").message,
        "Signal with ID i-1 for resource Group already exists. Signals may only be updated with a FAILURE status."
    );
    let other = json!({"StackName": "s", "LogicalResourceId": "Template", "UniqueId": "i-1", "Status": "SUCCESS"});
    assert_eq!(
        scene
            .call("SignalResource", other)
            .expect_err("no group")
            .message,
        "Resource Template is of type AWS::EC2::LaunchTemplate and cannot be signaled"
    );
}

#[test]
fn events_come_newest_first_in_pages_that_do_not_shift() {
    let mut scene = Scene::created(json!([]));
    for ami in [
        "ami-00000002",
        "ami-00000003",
        "ami-00000004",
        "ami-00000005",
        "ami-00000006",
    ] {
        scene.ami(ami);
        scene.update().expect("begun");
        scene.settled();
    }
    let all = scene.told().len();
    let first = scene
        .call("DescribeStackEvents", json!({"StackName": "s"}))
        .expect("a page");
    assert_eq!(first["StackEvents"][0]["ResourceStatus"], "UPDATE_COMPLETE");
    assert_eq!(first["StackEvents"].as_array().map(Vec::len), Some(100));
    let token = first["NextToken"].clone();
    let second = scene
        .call(
            "DescribeStackEvents",
            json!({"StackName": "s", "NextToken": token}),
        )
        .expect("a page");
    assert_eq!(
        second["StackEvents"].as_array().map(Vec::len),
        Some(all - 100)
    );
}
