//! Plays one route in the account in memory, with the answers of its script.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use simulator::account::{Account, Caller, arn};
use simulator::lambda::LAMBDA;
use simulator::lambda::{Failure, Invocation};
use simulator::stepfunctions::STEPFUNCTIONS;
use simulator::stepfunctions::{Execution, execution::Status, task_returned};

use crate::routes::Route;

const START: &str = "2026-11-24T08:00:00Z";
/// Longer than any execution may run.
const LIMIT: Duration = Duration::from_secs(7 * 24 * 3600);
const WORKERS: [&str; 5] = ["Joined", "Draining", "Drained", "Stable", "CompleteAction"];

/// What an execution did.
pub struct Played {
    /// The states that it entered, in order.
    pub visits: Vec<Visit>,
    /// Which worker was asked with what input, in order.
    pub asked: Vec<(String, Value)>,
    /// Such as `SUCCEEDED`.
    pub status: String,
    pub error: Option<String>,
    pub cause: Option<String>,
    pub output: Option<Value>,
}

/// One visit of a state.
pub struct Visit {
    pub state: String,
    pub input: Value,
    /// For each attempt of a Task, the error with which it ended, if it did.
    pub attempts: Vec<Option<String>>,
}

/// The definition as the template deploys it, with ARNs of functions in it.
pub fn deployed(definition: Value) -> Value {
    let mut text = definition.to_string();
    for worker in WORKERS {
        text = text.replace(&format!("${{{worker}}}"), &function(worker));
    }
    serde_json::from_str(&text).expect("ARNs leave JSON what it is")
}

fn function(worker: &str) -> String {
    arn("lambda", &format!("function:{worker}"))
}

/// Plays the route to its end.
pub fn play(definition: &Value, route: &Route) -> Played {
    let mut account = simulator::services::account(START.parse().expect("an instant"), 7);
    let execution = start(&mut account, definition, &route.input);
    let mut turns = BTreeMap::<String, usize>::new();
    let mut asked = Vec::new();
    let until = account.now + LIMIT;
    while run(&account, &execution).status == Status::Running {
        while let Some(invocation) = account[LAMBDA].waiting.pop_front() {
            asked.push((invocation.function.clone(), invocation.payload.clone()));
            let turn = turns.entry(invocation.function.clone()).or_default();
            let script = route.answers.get(&invocation.function);
            let answer = script.and_then(|script| script.get(*turn)).cloned();
            *turn += 1;
            answer_to(&mut account, &invocation, answer, route);
        }
        assert!(account.step(until), "{:?} does not end", route.name);
    }
    for (worker, script) in &route.answers {
        let given = turns.get(worker).copied().unwrap_or_default();
        let scripted = script.as_array().map_or(0, Vec::len);
        assert_eq!(
            given, scripted,
            "{:?}: answers of {worker} used",
            route.name
        );
    }
    played(run(&account, &execution), asked)
}

fn call(account: &mut Account, service: &str, action: &str, input: Value) -> Value {
    let answer = account.call(&Caller::Operator, service, action, &input);
    answer.unwrap_or_else(|error| panic!("{action}: {error:?}"))
}

fn start(account: &mut Account, definition: &Value, input: &Value) -> String {
    for worker in WORKERS {
        let made = json!({"FunctionName": worker, "Role": "role"});
        call(account, "lambda", "CreateFunction", made);
    }
    let made =
        json!({"name": "lifecycle", "definition": definition.to_string(), "roleArn": "role"});
    let machine = call(account, "states", "CreateStateMachine", made);
    let begun = json!({"stateMachineArn": machine["stateMachineArn"], "input": input.to_string()});
    let begun = call(account, "states", "StartExecution", begun);
    begun["executionArn"].as_str().expect("an ARN").to_owned()
}

fn run<'a>(account: &'a Account, arn: &str) -> &'a Execution {
    let known = account[STEPFUNCTIONS].execution(arn);
    known.expect("the execution was started")
}

/// An error's cause is the body that Lambda answers, written as the Lambda endpoint of
/// definition.py writes it.
fn answer_to(account: &mut Account, asked: &Invocation, answer: Option<Value>, route: &Route) {
    let answer = answer
        .unwrap_or_else(|| panic!("{:?}: {} has no more answers", route.name, asked.function));
    if answer["silent"] == true {
        return;
    }
    let result = match answer["error"].as_str() {
        Some(error) => Err(Failure {
            error: error.to_owned(),
            cause: json!({"errorType": error, "errorMessage": format!("scripted: {error}")})
                .to_string(),
        }),
        None => Ok(answer),
    };
    task_returned(account, &asked.ticket, result);
}

fn played(execution: &Execution, asked: Vec<(String, Value)>) -> Played {
    let mut visits: Vec<Visit> = Vec::new();
    for event in &execution.history {
        let record = event.to_json(true);
        let details = details(&record);
        let visit = visits.last_mut();
        match (event.kind.as_str(), visit) {
            (kind, _) if kind.ends_with("StateEntered") => visits.push(Visit {
                state: details["name"].as_str().expect("a name").to_owned(),
                input: parsed(&details["input"]),
                attempts: Vec::new(),
            }),
            ("LambdaFunctionScheduled", Some(visit)) => visit.attempts.push(None),
            ("LambdaFunctionFailed" | "LambdaFunctionTimedOut", Some(visit)) => {
                let last = visit.attempts.last_mut().expect("an attempt was scheduled");
                *last = details["error"].as_str().map(str::to_owned);
            }
            _ => {}
        }
    }
    Played {
        visits,
        asked,
        status: execution.status.name().to_owned(),
        error: execution.error.clone(),
        cause: execution.cause.clone(),
        output: execution.output.as_ref().map(|text| parsed(&json!(text))),
    }
}

fn details(event: &Value) -> Value {
    let members = event.as_object().expect("an event is an object");
    let found = members.iter().find(|(name, _)| name.ends_with("Details"));
    found
        .map(|(_, details)| details.clone())
        .unwrap_or_default()
}

fn parsed(text: &Value) -> Value {
    serde_json::from_str(text.as_str().expect("JSON text")).expect("JSON")
}
