//! The service role of `template/service-role.yaml`: under it the stack is deployed, rolled, rolled back and deleted
//! without a refusal, with each kind of resource that it may have; and without any one of its actions CloudFormation is
//! refused. What cannot be shown so is listed with its reason.

use std::collections::BTreeSet;
use std::time::Duration;

use rehearsal::account::{Account, Caller};
use rehearsal::story::files::Files;
use serde_json::{Value, json};

/// Actions that nothing here needs, and why the role has them.
const NOT_SHOWN: [(&str, &str); 8] = [
    (
        "autoscaling:RollbackInstanceRefresh",
        "CloudFormation here cancels a refresh and starts another",
    ),
    (
        "autoscaling:SetDesiredCapacity",
        "observed of CloudFormation's rolling update, which here updates the group",
    ),
    (
        "iam:CreateServiceLinkedRole",
        "service-linked roles are not modelled",
    ),
    (
        "iam:PutRolePermissionsBoundary",
        "the boundary of a stack that is there is not changed here",
    ),
    (
        "iam:UpdateAssumeRolePolicy",
        "a later version of the template may change who assumes a role",
    ),
    (
        "iam:UpdateRole",
        "a later version of the template may change a description",
    ),
    (
        "lambda:UpdateFunctionCode",
        "the zips here are files, which have no version",
    ),
    (
        "s3:GetObject",
        "the templates and zips here are files, and in no bucket",
    ),
];

/// The lives that a stack has here: the parameters with which it is made, and those that an update changes.
const LIVES: [Life; 3] = [
    Life {
        made: &[],
        changed: &[
            ("LogRetentionInDays", "60"),
            ("DrainDeadlineSeconds", "600"),
            ("WorkerHost", "Activity"),
        ],
    },
    Life {
        made: &[
            ("CapacityProvider", "ENABLED"),
            ("ManagedScaling", "DISABLED"),
            ("Metrics", "true"),
            ("Dashboard", "true"),
            ("OperatorPolicies", "true"),
            (
                "NoticeTopicArn",
                "arn:aws:sns:eu-west-1:123456789012:notices",
            ),
        ],
        changed: &[
            ("AmiParameterName", "/ami/other"),
            ("ManagedDraining", "ENABLED"),
        ],
    },
    Life {
        made: &[("UpdateMethod", "InstanceRefresh"), ("WarmPoolSize", "1")],
        changed: &[("WarmPoolSize", "2")],
    },
];

struct Life {
    made: &'static [(&'static str, &'static str)],
    changed: &'static [(&'static str, &'static str)],
}

fn template() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../template/service-role.yaml");
    std::fs::read_to_string(path).expect("the template of the service role")
}

fn parameters(given: &[(&str, &str)]) -> Value {
    let one = |(key, value): &(&str, &str)| json!({"ParameterKey": key, "ParameterValue": value});
    given.iter().map(one).collect()
}

/// An account with a service role, and what happens to the stack under it.
struct Stage {
    account: Account,
    role: String,
    /// New instances with this AMI fail.
    bad_ami: &'static str,
}

impl Stage {
    fn new(role_template: String, bounds: &[(&str, &str)]) -> Self {
        let start = "2026-11-23T00:00:00Z".parse().expect("an instant");
        let mut account = Account::new(start, 1);
        account.cloudformation.files = Files::built_in().texts;
        let files = &mut account.cloudformation.files;
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
        let told = stage.describe("role");
        let role = told["Outputs"][0]["OutputValue"].as_str();
        stage.role = role.expect("the role's ARN").to_owned();
        stage
    }

    fn call(&mut self, service: &str, action: &str, input: &Value) -> Result<Value, String> {
        self.account
            .call(&Caller::Operator, service, action, input)
            .map_err(|error| error.to_string())
    }

    fn describe(&mut self, stack: &str) -> Value {
        let told = self.call(
            "cloudformation",
            "DescribeStacks",
            &json!({"StackName": stack}),
        );
        told.map_or(Value::Null, |told| told["Stacks"][0].clone())
    }

    fn ami(&mut self, ami: &str) {
        let input =
            json!({"Name": "/ami/ecs/latest", "Value": ami, "Type": "String", "Overwrite": true});
        self.call("ssm", "PutParameter", &input).expect("the AMI");
    }

    /// Makes or updates the stack, and waits for what becomes of it: its status, or the first refusal.
    fn begin(&mut self, action: &str, given: &[(&str, &str)]) -> Result<String, String> {
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
        let id = id.as_str().expect("a stack's id").to_owned();
        self.settled(&id)
    }

    /// Answers hooks until the stack is at rest.
    fn settled(&mut self, id: &str) -> Result<String, String> {
        for _ in 0..20_000 {
            self.account
                .advance(self.account.now + Duration::from_secs(5));
            self.answer_hooks(id);
            if let Some(refusal) = self.refusal() {
                return Err(refusal);
            }
            let status = self
                .account
                .cloudformation
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
        let told = self.call("autoscaling", "DescribeAutoScalingInstances", &json!({}));
        let told = told.expect("instances");
        for instance in told["AutoScalingInstances"]
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
            let ami = self.account.ec2.instance(id).map(|found| found.ami.clone());
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
        let events = self.account.cloudformation.all_events();
        let mut reasons = events.map(|event| event.reason.as_str());
        let refused = reasons.find(|reason| reason.contains("is not authorized to perform"));
        refused.map(str::to_owned)
    }

    fn events(&self) -> String {
        let events = self.account.cloudformation.all_events();
        let lines =
            events.map(|event| format!("{} {} {}", event.logical_id, event.status, event.reason));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The whole life of a stack under the role; the refusal, if there was one.
    fn live(&mut self, life: &Life) -> Result<(), String> {
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
        let bad_ami = self.bad_ami;
        self.ami(bad_ami);
        let status = self.begin("UpdateStack", &changed)?;
        let refreshes = life.made.contains(&("UpdateMethod", "InstanceRefresh"));
        if !refreshes {
            expect(self, &status, "UPDATE_ROLLBACK_COMPLETE");
        }
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

/// The places of the actions in the role's policies: the number of the line, and the action.
fn actions(template: &str) -> Vec<(usize, String)> {
    let policies = template
        .find("      Policies:")
        .expect("the role's policies");
    let first = template[..policies].lines().count();
    let lines = template.lines().enumerate().skip(first);
    let action = |line: &str| {
        let text = line.trim();
        let text = text
            .strip_prefix("- ")
            .or_else(|| text.strip_prefix("Action: "))?;
        let (service, name) = text.split_once(':')?;
        let plain = service
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let named = name.starts_with(|c: char| c.is_ascii_uppercase());
        (plain && named && !text.contains(' ')).then(|| text.to_owned())
    };
    lines
        .filter_map(|(number, line)| Some((number, action(line)?)))
        .collect()
}

/// The template with another action in the place of the one in this line.
fn without(template: &str, line: usize, action: &str) -> String {
    let lines = template.lines().enumerate().map(|(number, text)| {
        if number == line {
            text.replace(action, "none:None")
        } else {
            text.to_owned()
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_stack_lives_and_dies_under_its_service_role() {
    for life in &LIVES {
        let mut stage = Stage::new(template(), &[]);
        if let Err(refusal) = stage.live(life) {
            panic!("with {:?}: {refusal}", life.made);
        }
    }
}

#[test]
fn without_any_one_action_something_is_refused() {
    let template = template();
    let mut wrong = Vec::new();
    let mut shown = BTreeSet::new();
    for (line, action) in actions(&template) {
        let mutated = without(&template, line, &action);
        let refused = LIVES.iter().find_map(|life| {
            let mut stage = Stage::new(mutated.clone(), &[]);
            stage.live(life).err()
        });
        match refused {
            Some(refusal) if refusal.contains(&action) => drop(shown.insert(action)),
            Some(refusal) => wrong.push(format!("line {line}, {action}: refused is {refusal}")),
            None if NOT_SHOWN.iter().any(|(known, _)| *known == action) => {}
            None => wrong.push(format!("line {line}: nothing needs {action}")),
        }
    }
    for (action, _) in NOT_SHOWN
        .iter()
        .filter(|(action, _)| shown.contains(*action))
    {
        wrong.push(format!("{action} is needed, but is said not to be"));
    }
    println!("{} actions are needed: {shown:?}", shown.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_boundary_is_demanded_of_every_role() {
    let bound = (
        "PermissionsBoundaryArn",
        "arn:aws:iam::123456789012:policy/bound",
    );
    let bounded = Life {
        made: &[(
            "PermissionsBoundaryArn",
            "arn:aws:iam::123456789012:policy/bound",
        )],
        changed: &[],
    };
    let mut stage = Stage::new(template(), &[bound]);
    stage.ami("ami-00000001");
    let status = stage.begin("CreateStack", bounded.made);
    assert_eq!(
        status.as_deref(),
        Ok("CREATE_COMPLETE"),
        "{}",
        stage.events()
    );
    let mut stage = Stage::new(template(), &[bound]);
    stage.ami("ami-00000001");
    let refusal = stage.begin("CreateStack", &[]).expect_err("refused");
    assert!(refusal.contains("iam:CreateRole"), "{refusal}");
    let other = [(
        "PermissionsBoundaryArn",
        "arn:aws:iam::123456789012:policy/other",
    )];
    let mut stage = Stage::new(template(), &[bound]);
    stage.ami("ami-00000001");
    let refusal = stage.begin("CreateStack", &other).expect_err("refused");
    assert!(refusal.contains("iam:CreateRole"), "{refusal}");
}

#[test]
fn the_role_reaches_no_other_stack() {
    let mut stage = Stage::new(
        template().replace("parameter${AmiParameterName}", "parameter/other"),
        &[],
    );
    stage.ami("ami-00000001");
    let refusal = stage.begin("CreateStack", &[]).expect_err("refused");
    assert!(refusal.contains("ssm:GetParameters"), "{refusal}");
    let mut stage = Stage::new(template(), &[]);
    stage.ami("ami-00000001");
    let refusal = stage
        .begin("CreateStack", &[("EcsClusterName", "Other")])
        .expect_err("refused");
    assert!(
        refusal.contains("is not authorized to perform"),
        "{refusal}"
    );
}

#[test]
fn the_inline_policies_fit_into_a_role() {
    let mut stage = Stage::new(template(), &[]);
    let role = stage.role.clone();
    let policies = stage
        .account
        .cloudformation
        .role_policies(&role)
        .expect("the role");
    let length: usize = policies.iter().map(|policy| policy.to_string().len()).sum();
    // Documented: 10,240 characters for all inline policies of a role, without white space.
    assert!(length <= 10_240, "{length} characters");
    stage.ami("ami-00000001");
}
