//! The service role of `template/service-role.yaml`: under it the stack is deployed, rolled, rolled
//! back and deleted without a refusal, with each kind of resource that it may have; and without any
//! one of its actions CloudFormation is refused (one in five always, all with
//! `SERVICE_ROLE_ALL=1`). What cannot be shown so is listed with its reason.

mod mutations;
mod stage;

use std::collections::BTreeSet;

use mutations::{actions, without};
use stage::{Life, Stage};

use simulator::cloudformation::CLOUDFORMATION;

/// One action in so many is always taken away; `SERVICE_ROLE_ALL=1` takes each away in turn, in
/// some fifteen minutes.
const ALWAYS_TRIED: usize = 5;

/// Actions that nothing here needs, and why the role has them.
const NOT_SHOWN: [(&str, &str); 9] = [
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
        "lambda:UpdateFunctionConfiguration",
        "a later version of the template may change a function's memory or timeout",
    ),
    (
        "s3:GetObject",
        "the templates and zips here are files, and in no bucket",
    ),
];

/// The statement for an instance role of your own, which no life here has.
const OF_OWN_INSTANCE_ROLE: &str = "HandInstanceRoleToInstances";

/// The lives that a stack has here: the parameters with which it is made, and those that an update
/// changes.
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

fn template() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../template/service-role.yaml");
    std::fs::read_to_string(path).expect("the template of the service role")
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

/// What is wrong with an action of the role, if anything is; and whether a life was refused without
/// it.
fn judge(template: &str, line: usize, action: &str) -> (Option<String>, bool) {
    let mutated = without(template, line, action);
    let refused = LIVES
        .iter()
        .find_map(|life| Stage::new(mutated.clone(), &[]).live(life).err());
    match refused {
        Some(refusal) if refusal.contains(action) => (None, true),
        Some(refusal) => {
            let what = format!("line {line}, {action}: refused is {refusal}");
            (Some(what), true)
        }
        None if NOT_SHOWN.iter().any(|(known, _)| *known == action) => (None, false),
        None if statement(template, line) == OF_OWN_INSTANCE_ROLE => (None, false),
        None => (Some(format!("line {line}: nothing needs {action}")), false),
    }
}

/// The Sid of the statement in which a line of the template stands.
fn statement(template: &str, line: usize) -> &str {
    let before = template.lines().take(line);
    let named = before.filter_map(|line| line.trim().strip_prefix("- Sid: "));
    named.last().unwrap_or_default()
}

#[test]
fn without_any_one_action_something_is_refused() {
    let template = template();
    let all = actions(&template);
    let every = if std::env::var_os("SERVICE_ROLE_ALL").is_some() {
        1
    } else {
        ALWAYS_TRIED
    };
    let all: Vec<_> = all.into_iter().step_by(every).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let judged: Vec<(String, Option<String>, bool)> = std::thread::scope(|scope| {
        let shares: Vec<_> = (0..threads)
            .map(|share| {
                let own = all.iter().skip(share).step_by(threads);
                let template = &template;
                scope.spawn(move || {
                    let judged = own.map(|(line, action)| {
                        let (mutation, needed) = judge(template, *line, action);
                        (action.clone(), mutation, needed)
                    });
                    judged.collect::<Vec<_>>()
                })
            })
            .collect();
        let done = shares
            .into_iter()
            .flat_map(|share| share.join().expect("judged"));
        done.collect()
    });
    let mut mutation: Vec<String> = judged
        .iter()
        .filter_map(|(_, mutation, _)| mutation.clone())
        .collect();
    let needed = judged.iter().filter(|(_, _, needed)| *needed);
    let needed: BTreeSet<&str> = needed.map(|(action, _, _)| action.as_str()).collect();
    for (action, _) in NOT_SHOWN
        .iter()
        .filter(|(action, _)| needed.contains(action))
    {
        mutation.push(format!("{action} is needed, but is said not to be"));
    }
    println!("{} actions are needed: {needed:?}", needed.len());
    assert!(mutation.is_empty(), "{}", mutation.join("\n"));
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
    let policies = stage.account[CLOUDFORMATION]
        .role_policies(&role)
        .expect("the role");
    let length: usize = policies.iter().map(|policy| policy.to_string().len()).sum();
    // Documented: 10,240 characters for all inline policies of a role, without white space.
    assert!(length <= 10_240, "{length} characters");
    stage.ami("ami-00000001");
}
