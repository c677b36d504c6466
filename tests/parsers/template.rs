//! A CloudFormation template: the reader, and what a stack makes of what it reads.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::account::Caller;
use simulator::cloudformation::template;

use super::{Verdict, scene, text};

/// A stack that is still busy after so many events is left so.
const EVENTS: usize = 300;
const TIME: Duration = Duration::from_secs(3600);

pub fn run(input: &[u8]) -> Verdict {
    let input = match text(input) {
        Ok(input) => input,
        Err(refused) => return refused,
    };
    if let Err(refusal) = template::read("t.yaml", input) {
        assert_eq!(&*refusal.at.file, "t.yaml");
        assert!(refusal.at.line >= 1, "{refusal}: it has no line");
        assert!(refusal.at.line <= 2 + input.chars().filter(|c| "\n\r".contains(*c)).count());
        assert!(!refusal.what.is_empty() && !refusal.way_out.is_empty());
        return Verdict::Refused(refusal.to_string());
    }
    stack(input)
}

/// The stack is made as far as it goes, and deleted again.
fn stack(template: &str) -> Verdict {
    let mut account = scene::empty();
    let mut call = |action: &str, mut input: Value| {
        input["StackName"] = json!("s");
        let answer = account.call(&Caller::Operator, "cloudformation", action, &input);
        scene::steps(&mut account, EVENTS, TIME);
        answer
    };
    let body = json!({"TemplateBody": template});
    let summary = call("CreateChangeSet", body.clone());
    drop(summary);
    let created = call(
        "CreateStack",
        json!({"TemplateBody": template, "Capabilities": ["CAPABILITY_NAMED_IAM"]}),
    );
    if let Err(error) = created {
        scene::error(&error);
        return Verdict::Refused(error.message);
    }
    for action in [
        "DescribeStacks",
        "DescribeStackEvents",
        "ListStackResources",
        "GetTemplateSummary",
    ] {
        call(action, json!({})).unwrap_or_else(|error| panic!("{action}: {error}"));
    }
    let text = call("GetTemplate", json!({})).expect("the stack has a template");
    assert_eq!(text["TemplateBody"], template);
    if let Err(error) = call("DeleteStack", json!({})) {
        scene::error(&error);
    }
    Verdict::Accepted
}
