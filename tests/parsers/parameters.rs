//! The parameter file of `rehearse --parameters`, and what a stack takes of what is in it.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use simulator::account::Caller;
use simulator::scenario::files::read_parameters;

use super::{Verdict, scene, text};

/// A parameter of each kind, each with a default.
const TEMPLATE: &str = r#"
Parameters:
  Text: {Type: String, Default: a, AllowedPattern: "[a-z]*", MaxLength: 8}
  Choice: {Type: String, Default: a, AllowedValues: [a, b], ConstraintDescription: a or b}
  Number: {Type: Number, Default: 1, MinValue: 1, MaxValue: 100}
  Numbers: {Type: List<Number>, Default: "1,2"}
  Words: {Type: CommaDelimitedList, Default: "a,b"}
  Subnets: {Type: "List<AWS::EC2::Subnet::Id>", Default: subnet-0a1b2c3d}
  Key: {Type: "AWS::EC2::KeyPair::KeyName", Default: key}
  Stored: {Type: "AWS::SSM::Parameter::Value<String>", Default: /a}
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub "${Text}-${Number}"}}
"#;

pub fn run(input: &[u8]) -> Verdict {
    let input = match text(input) {
        Ok(input) => input,
        Err(refused) => return refused,
    };
    let (parameters, remarks) = match read_parameters("p.json", input) {
        Ok(read) => read,
        Err(error) => {
            let message = error.to_string();
            assert!(message.starts_with("p.json: "), "{message}");
            return Verdict::Refused(message);
        }
    };
    assert!(remarks.iter().all(|remark| remark.starts_with("p.json: ")));
    let keys: BTreeSet<&String> = parameters.iter().map(|(key, _)| key).collect();
    assert_eq!(keys.len(), parameters.len(), "a key is there twice");
    let written: Value = parameters
        .iter()
        .map(|(key, value)| json!({"ParameterKey": key, "ParameterValue": value}))
        .collect();
    let again = read_parameters("p.json", &written.to_string());
    assert_eq!(again, Ok((parameters, Vec::new())));
    given(&written)
}

/// A stack takes the parameters, or says which of them it does not.
fn given(parameters: &Value) -> Verdict {
    let mut account = scene::empty();
    let input = json!({"StackName": "s", "TemplateBody": TEMPLATE, "Parameters": parameters});
    let created = account.call(&Caller::Operator, "cloudformation", "CreateStack", &input);
    match created {
        Ok(_) => Verdict::Accepted,
        Err(error) => {
            assert_eq!(error.code, "ValidationError", "{error}");
            Verdict::Refused(error.message)
        }
    }
}
