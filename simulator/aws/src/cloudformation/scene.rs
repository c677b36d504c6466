//! For tests: one stack of a launch template and a group with hooks, and somebody who answers them.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::account::{Account, Caller};
use crate::cloudformation::CLOUDFORMATION;
use crate::trace::{LifecycleState, TraceEvent};
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
            account: crate::services::account(start, seed),
            bad_ami: String::new(),
            drain: Duration::from_secs(60),
            signals: true,
            read: 0,
            due: Vec::new(),
        };
        scene.account[CLOUDFORMATION]
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
        while self.account[CLOUDFORMATION]
            .stack("s")
            .is_some_and(|stack| stack.operation.is_some())
        {
            assert!(
                self.account.now < end,
                "the stack never comes to rest: {}",
                self.record().join("\n")
            );
            self.step(end);
        }
        self.account[CLOUDFORMATION]
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
        for record in &self.account.trace[self.read..] {
            if let TraceEvent::Lifecycle {
                instance,
                ami,
                state,
                ..
            } = &record.event
            {
                let (delay, good) = match state {
                    LifecycleState::PendingWait => (Duration::from_secs(30), *ami != self.bad_ami),
                    LifecycleState::TerminatingWait => (self.drain, true),
                    _ => continue,
                };
                self.due.push((record.at + delay, instance.clone(), good));
            }
        }
        self.read = self.account.trace.len();
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
    pub fn record(&self) -> Vec<String> {
        let events = self.account[CLOUDFORMATION]
            .stacks
            .values()
            .flat_map(|stack| &stack.events);
        events
            .map(|event| {
                let mut reason = event.reason.to_string();
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
