//! An account with a service role, and a stack that lives under it.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::account::{Account, Caller};
use simulator::cloudformation::CLOUDFORMATION;
use simulator::ec2::EC2;
use simulator::scenario::files::Files;

/// The parameters of a stack.
pub struct Life {
    /// Those with which it is made.
    pub made: &'static [(&'static str, &'static str)],
    /// Those that an update changes.
    pub changed: &'static [(&'static str, &'static str)],
}

fn parameters(given: &[(&str, &str)]) -> Value {
    let given = given.iter();
    given
        .map(|(key, value)| json!({"ParameterKey": key, "ParameterValue": value}))
        .collect()
}

/// An account with a service role, and what happens to the stack under it.
pub struct Stage {
    /// The account.
    pub account: Account,
    /// ARN of the service role.
    pub role: String,
    /// New instances with this AMI fail.
    bad_ami: &'static str,
}

impl Stage {
    /// An account in which the stack of the role is made, within `bounds`.
    pub fn new(role_template: String, bounds: &[(&str, &str)]) -> Self {
        let start = "2026-11-23T00:00:00Z".parse().expect("an instant");
        let mut account = simulator::services::account(start, 1);
        account[CLOUDFORMATION].files = Files::built_in().texts;
        let files = &mut account[CLOUDFORMATION].files;
        files.insert("template/service-role.yaml".to_owned(), role_template);
        let mut stage = Self {
            account,
            role: String::new(),
            bad_ami: "ami-00000bad",
        };
        let own = [
            ("StackName", "dev"),
            ("EcsClusterName", "DevCluster"),
            ("ArtifactBucketName", "artifacts"),
        ];
        let input = json!({
            "StackName": "role", "TemplateURL": "template/service-role.yaml",
            "Capabilities": ["CAPABILITY_IAM"], "Parameters": parameters(&[&own[..], bounds].concat()),
        });
        stage
            .call("cloudformation", "CreateStack", &input)
            .expect("the role's stack");
        stage.account.advance(start + Duration::from_secs(600));
        let record = stage.describe("role");
        let role = record["Outputs"][0]["OutputValue"].as_str();
        stage.role = role.expect("the role's ARN").to_owned();
        stage
    }

    fn call(&mut self, service: &str, action: &str, input: &Value) -> Result<Value, String> {
        self.account
            .call(&Caller::Operator, service, action, input)
            .map_err(|error| error.to_string())
    }

    fn describe(&mut self, stack: &str) -> Value {
        let record = self.call(
            "cloudformation",
            "DescribeStacks",
            &json!({"StackName": stack}),
        );
        record.map_or(Value::Null, |record| record["Stacks"][0].clone())
    }

    /// The parameter of the AMI is from now on `ami`.
    pub fn ami(&mut self, ami: &str) {
        let input =
            json!({"Name": "/ami/ecs/latest", "Value": ami, "Type": "String", "Overwrite": true});
        self.call("ssm", "PutParameter", &input).expect("the AMI");
    }

    /// Makes or updates the stack, and waits for what becomes of it: its status, or the first
    /// refusal.
    pub fn begin(&mut self, action: &str, given: &[(&str, &str)]) -> Result<String, String> {
        let id = self.ask(action, given)?;
        self.settled(&id)
    }

    /// Updates the stack, and cancels that when its instances are being replaced.
    fn cancelled(&mut self, given: &[(&str, &str)]) -> Result<String, String> {
        let id = self.ask("UpdateStack", given)?;
        for _ in 0..6 {
            self.account
                .advance(self.account.now + Duration::from_secs(5));
            self.answer_hooks(&id);
        }
        let input = json!({"StackName": id});
        self.call("cloudformation", "CancelUpdateStack", &input)?;
        self.settled(&id)
    }

    /// Asks for the operation; answers the stack's id.
    fn ask(&mut self, action: &str, given: &[(&str, &str)]) -> Result<String, String> {
        let own = [
            ("EcsClusterName", "DevCluster"),
            ("ClusterSize", "1"),
            ("ClusterMaxSize", "4"),
            ("SubnetIds", "subnet-0a1b2c3d4e5f60718"),
            ("SecurityGroupIds", "sg-0a1b2c3d4e5f60718"),
        ];
        let mut input = json!({
            "StackName": "dev", "TemplateURL": "template/ecs-cluster.yaml", "RoleARN": self.role,
            "Capabilities": ["CAPABILITY_IAM"],
        });
        if action == "DeleteStack" {
            input = json!({"StackName": "dev"});
        } else {
            input["Parameters"] = parameters(&[&own[..], given].concat());
        }
        let id = self.describe("dev")["StackId"].clone();
        let answer = self.call("cloudformation", action, &input)?;
        let id = answer.get("StackId").cloned().unwrap_or(id);
        Ok(id.as_str().expect("a stack's id").to_owned())
    }

    /// Answers hooks until the stack is at rest.
    fn settled(&mut self, id: &str) -> Result<String, String> {
        for _ in 0..20_000 {
            self.account
                .advance(self.account.now + Duration::from_secs(15));
            self.answer_hooks(id);
            if let Some(refusal) = self.refusal() {
                return Err(refusal);
            }
            let status = self.account[CLOUDFORMATION]
                .stack(id)
                .map(|stack| stack.status.clone());
            let status = status.expect("the stack");
            if !status.ends_with("_IN_PROGRESS") {
                return Ok(status);
            }
        }
        panic!("{id} never comes to rest: {}", self.events());
    }

    fn answer_hooks(&mut self, stack: &str) {
        let record = self.call("autoscaling", "DescribeAutoScalingInstances", &json!({}));
        let record = record.expect("instances");
        for instance in record["AutoScalingInstances"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let state = instance["LifecycleState"].as_str().unwrap_or_default();
            if !state.ends_with(":Wait") {
                continue;
            }
            let launches = state.contains("Pending");
            let id = instance["InstanceId"].as_str().unwrap_or_default();
            let ami = self.account[EC2]
                .instance(id)
                .map(|found| found.ami.clone());
            let is_bad = launches && ami.as_deref() == Some(self.bad_ami);
            let hook = if launches { "launch" } else { "terminate" };
            let answer = json!({
                "AutoScalingGroupName": instance["AutoScalingGroupName"], "InstanceId": id,
                "LifecycleHookName": format!("ecs-rollout-{hook}"),
                "LifecycleActionResult": if is_bad { "ABANDON" } else { "CONTINUE" },
            });
            // Managed draining has a hook of its own, which ECS answers.
            drop(self.call("autoscaling", "CompleteLifecycleAction", &answer));
            if launches {
                let signal = json!({
                    "StackName": stack, "LogicalResourceId": "EcsAutoScalingGroup", "UniqueId": id,
                    "Status": if is_bad { "FAILURE" } else { "SUCCESS" },
                });
                // Nobody waits for signals in an instance refresh.
                drop(self.call("cloudformation", "SignalResource", &signal));
            }
        }
    }

    fn refusal(&self) -> Option<String> {
        let events = self.account[CLOUDFORMATION].all_events();
        let mut reasons = events.map(|event| event.reason.to_string());
        reasons.find(|reason| reason.contains("is not authorized to perform"))
    }

    /// What all stacks have said.
    pub fn events(&self) -> String {
        let events = self.account[CLOUDFORMATION].all_events();
        let lines =
            events.map(|event| format!("{} {} {}", event.logical_id, event.status, event.reason));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The whole life of a stack under the role; the refusal, if there was one.
    pub fn live(&mut self, life: &Life) -> Result<(), String> {
        let expect = |stage: &Self, status: &str, wanted: &str| {
            assert_eq!(status, wanted, "{}", stage.events());
        };
        self.ami("ami-00000001");
        let status = self.begin("CreateStack", life.made)?;
        expect(self, &status, "CREATE_COMPLETE");
        self.ami("ami-00000002");
        let changed = changed(life);
        let status = self.begin("UpdateStack", &changed)?;
        expect(self, &status, "UPDATE_COMPLETE");
        let refreshes = life.made.contains(&("UpdateMethod", "InstanceRefresh"));
        let status = if refreshes {
            // A refresh tries a bad AMI again and again: somebody cancels the update.
            self.ami("ami-00000003");
            self.cancelled(&changed)?
        } else {
            let bad_ami = self.bad_ami;
            self.ami(bad_ami);
            self.begin("UpdateStack", &changed)?
        };
        expect(self, &status, "UPDATE_ROLLBACK_COMPLETE");
        let status = self.begin("DeleteStack", &[])?;
        expect(self, &status, "DELETE_COMPLETE");
        Ok(())
    }
}

/// What the parameters are after the update.
fn changed(life: &Life) -> Vec<(&'static str, &'static str)> {
    let kept = life
        .made
        .iter()
        .filter(|(key, _)| life.changed.iter().all(|(new, _)| new != key));
    kept.chain(life.changed).copied().collect()
}
