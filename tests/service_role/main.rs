//! The service role of `template/service-role.yaml`: under it the stack is deployed, rolled, rolled back and deleted
//! without a refusal, with each kind of resource that it may have; and without any one of its actions CloudFormation is
//! refused. What cannot be shown so is listed with its reason.

mod mutations;
mod stage;

use std::collections::BTreeSet;

use mutations::{actions, without};
use stage::{Life, Stage};

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
