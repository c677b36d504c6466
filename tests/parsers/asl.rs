//! A state machine's definition, and an execution of what is read: the paths and functions in it
//! are used. After a line `---` the execution's input may follow.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::account::{Account, Caller};
use simulator::lambda::Failure;
use simulator::lambda::LAMBDA;
use simulator::stepfunctions;
use simulator::wire::ApiError;

use super::{Verdict, scene, text};

/// So many turns of an execution are looked at.
const TURNS: usize = 40;
/// The functions are asked, and answer what they were asked, or fail.
const FUNCTION: &str = "joined";

pub fn run(input: &[u8]) -> Verdict {
    let input = match text(input) {
        Ok(input) => input,
        Err(refused) => return refused,
    };
    let (definition, given) = input
        .split_once("\n---\n")
        .unwrap_or((input, r#"{"a": {"b": [1, "2", null]}, "t": "text"}"#));
    let mut account = scene::empty();
    let function = json!({"FunctionName": FUNCTION, "Role": "arn:aws:iam::123456789012:role/r"});
    account
        .call(&Caller::Operator, "lambda", "CreateFunction", &function)
        .expect("a function is made");
    let machine = json!({
        "name": "m", "roleArn": "arn:aws:iam::123456789012:role/r", "definition": definition,
    });
    let machine = match states(&mut account, "CreateStateMachine", &machine) {
        Ok(made) => made["stateMachineArn"].clone(),
        Err(error) => {
            let known = ["InvalidDefinition", "NotImplemented", "ValidationException"];
            assert!(known.contains(&error.code.as_str()), "{error}");
            return Verdict::Refused(error.message);
        }
    };
    let named = json!({"stateMachineArn": machine});
    let described = states(&mut account, "DescribeStateMachine", &named).expect("it is there");
    assert_eq!(described["definition"], definition);
    let start = json!({"stateMachineArn": machine, "name": "e", "input": given});
    match states(&mut account, "StartExecution", &start) {
        Ok(started) => played(&mut account, &started["executionArn"]),
        Err(error) => {
            let known = ["InvalidExecutionInput", "ValidationException"];
            assert!(known.contains(&error.code.as_str()), "{error}");
        }
    }
    Verdict::Accepted
}

fn states(account: &mut Account, action: &str, input: &Value) -> Result<Value, ApiError> {
    let answer = account.call(&Caller::Operator, "states", action, input);
    if let Err(error) = &answer {
        scene::error(error);
    }
    answer
}

fn played(account: &mut Account, execution: &Value) {
    for turn in 0..TURNS {
        scene::steps(account, 3, Duration::from_secs(24 * 3600));
        if let Some(asked) = account[LAMBDA].waiting.pop_front() {
            let answer = match turn % 4 {
                3 => Err(Failure {
                    error: "Throttled".to_owned(),
                    cause: "again later".to_owned(),
                }),
                _ => Ok(asked.payload),
            };
            account[LAMBDA].ended(&asked.function);
            stepfunctions::task_returned(account, &asked.ticket, answer);
        }
    }
    let named = json!({"executionArn": execution});
    for action in ["DescribeExecution", "GetExecutionHistory"] {
        states(account, action, &named).unwrap_or_else(|error| panic!("{action}: {error}"));
    }
}
