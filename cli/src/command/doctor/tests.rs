//! Diagnoses of the account in memory.

use serde_json::json;
use simulator::account::{Caller, REGION};
use simulator::host::SimulationHost;
use simulator::scenario::{Action, Settings, play_and_look};
use simulator::sdk_client::{in_process_connector, sdk_config};

use crate::aws::Aws;
use crate::doctor::{Diagnosis, Finding, State, of_account};

const STACK: &str = "ecs-cluster";

fn settings() -> Settings {
    let mut settings = Settings::built_in(2);
    settings.set_parameter("OperatorPolicies", "true");
    settings
}

/// The policy in this output of the stack.
fn policy(world: &SimulationHost, output: &str) -> String {
    let answer = world.call(
        "cloudformation",
        "DescribeStacks",
        &json!({"StackName": STACK}),
    );
    let answer = answer.expect("the stack is there");
    let outputs = answer["Stacks"][0]["Outputs"].as_array().expect("outputs");
    let mut those = outputs.iter().filter(|it| it["OutputKey"] == output);
    let value = &those.next().expect("the output")["OutputValue"];
    value.as_str().expect("an ARN").to_owned()
}

/// What is found about a stack by somebody with the policy in this output alone.
fn found(stack: Option<&str>, output: &str) -> Diagnosis {
    let looked = play_and_look(&settings(), &[Action::Deploy], &[], async |world| {
        let caller = Caller::PolicyHolder(vec![policy(world, output)]);
        let config = sdk_config(world, in_process_connector(world, caller));
        let aws = Aws::of(&config, REGION.to_owned());
        let mut diagnosis = Diagnosis::default();
        of_account(&mut diagnosis, &aws, stack, workers::boot::clock()).await;
        // The account in memory has another time than this machine.
        diagnosis.findings.retain(|it| it.subject != "clock");
        diagnosis
    });
    looked.expect("it can be played").0
}

fn about<'a>(diagnosis: &'a Diagnosis, subject: &str) -> &'a Finding {
    let mut findings = diagnosis.findings.iter();
    let found = findings.find(|it| it.subject == subject);
    found.unwrap_or_else(|| panic!("{subject}: {:#}", diagnosis.json()))
}

#[test]
fn whoever_may_look_finds_nothing_wrong() {
    let diagnosis = found(Some(STACK), "LookPolicyArn");
    assert_eq!(diagnosis.wrong(), 0, "{:#}", diagnosis.json());
    let caller = &about(&diagnosis, "credentials").text;
    assert!(caller.contains("in account 123456789012"), "{caller}");
    for call in [
        "autoscaling:DescribeWarmPool",
        "ecs:GetTaskProtection",
        "states:GetExecutionHistory",
        "elasticloadbalancing:DescribeTargetGroupAttributes",
    ] {
        assert_eq!(about(&diagnosis, call).state, State::Ok, "{call}");
    }
}

#[test]
fn a_call_that_is_refused_is_wrong_and_names_a_policy_and_the_verbs() {
    let diagnosis = found(Some(STACK), "RollPolicyArn");
    let finding = about(&diagnosis, "cloudformation:DescribeStacks");
    assert_eq!(finding.state, State::Wrong);
    assert!(finding.text.contains("a policy with"), "{}", finding.text);
    assert!(
        finding.text.ends_with("Needed by every verb"),
        "{}",
        finding.text
    );
}

#[test]
fn without_a_stack_the_calls_of_list_are_tried() {
    let diagnosis = found(None, "LookPolicyArn");
    assert_eq!(diagnosis.wrong(), 0, "{:#}", diagnosis.json());
    let finding = about(&diagnosis, "cloudformation:DescribeStacks (all stacks)");
    assert_eq!(finding.state, State::Note);
}

#[test]
fn a_stack_that_is_not_there_is_wrong() {
    let diagnosis = found(Some("nothing"), "LookPolicyArn");
    assert_eq!(diagnosis.wrong(), 1, "{:#}", diagnosis.json());
}
