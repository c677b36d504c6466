//! Wrongs in what a worker is asked and what it answers.

use serde_json::{Value, json};
use workers::Worker;

use super::Mutation;
use crate::lambda::Failure;

/// As long as a lifecycle action can last at all: later than any scenario ends.
const NEVER_SECONDS: u64 = 172_800;

/// Changes what a worker is asked.
pub fn asked(mutation: Option<Mutation>, payload: &mut Value) {
    if mutation == Some(Mutation::TailIgnored) && payload.get("tailSeconds").is_some() {
        payload["tailSeconds"] = json!(1);
    }
    if mutation == Some(Mutation::DeadlineFromEvent)
        && let Some(turn) = payload["draining"]["turn"].as_object_mut()
    {
        turn.remove("cameAt");
    }
    let metadata = payload["detail"]["NotificationMetadata"]
        .as_str()
        .unwrap_or_default();
    let Ok(mut metadata) = serde_json::from_str::<Value>(metadata) else {
        return;
    };
    let (member, value) = match mutation {
        Some(Mutation::EarlyDeadline) => {
            let seconds = metadata["drainDeadlineSeconds"].as_u64();
            ("drainDeadlineSeconds", seconds.unwrap_or_default() / 2)
        }
        Some(Mutation::NoDeadline) => ("drainDeadlineSeconds", NEVER_SECONDS),
        Some(Mutation::EarlyJoinDeadline) => ("joinDeadlineSeconds", 10),
        Some(Mutation::BatchIsHundred) => ("batchSize", 100),
        _ => return,
    };
    metadata[member] = json!(value);
    payload["detail"]["NotificationMetadata"] = json!(metadata.to_string());
}

/// Changes what a worker answers to `payload`.
pub fn answered(
    mutation: Option<Mutation>,
    worker: Worker,
    payload: &Value,
    answer: Result<Value, Failure>,
) -> Result<Value, Failure> {
    let Some(mutation) = mutation else {
        return answer;
    };
    let launching =
        payload["detail"]["LifecycleTransition"] == "autoscaling:EC2_INSTANCE_LAUNCHING";
    let mut answer = match answer {
        Ok(answer) => answer,
        Err(_) if mutation == Mutation::ErrorIsReached && worker != Worker::CompleteAction => {
            return Ok(reached());
        }
        Err(failure) => return Err(failure),
    };
    if mutation == Mutation::WaitsTooLong && answer["verdict"] == "NotYet" {
        answer["waitSeconds"] = json!(7200);
    }
    let verdict = answer["verdict"].as_str().unwrap_or_default().to_owned();
    let mut become_reached = false;
    match (mutation, worker, verdict.as_str()) {
        (Mutation::NoQueue, Worker::Stable, "NotYet") if launching => become_reached = true,
        (Mutation::AgentGoneIsDrained, Worker::Drained, "NotYet") => {
            become_reached = answer.get("agentGoneSince").is_some();
        }
        (Mutation::NotYetIsReached, Worker::Drained, "NotYet")
        | (Mutation::NotJoinedIsJoined, Worker::Joined, "NotYet")
        | (Mutation::ToldOnce, Worker::CompleteAction, "NotYet") => become_reached = true,
        (Mutation::PolicyIsTerminate, Worker::Drained | Worker::Stable, _)
            if answer.get("policy").is_some() =>
        {
            answer["policy"] = json!("terminate");
        }
        (Mutation::PolicyIsRetain, Worker::Drained | Worker::Stable, _)
            if answer.get("policy").is_some() =>
        {
            answer["policy"] = json!("retain");
        }
        (Mutation::NothingExcused, Worker::Draining, _) if answer.get("unstable").is_some() => {
            answer["unstable"] = json!([]);
        }
        _ => {}
    }
    if become_reached {
        answer["verdict"] = json!("Reached");
        answer["waitSeconds"] = json!(0);
    }
    Ok(answer)
}

fn reached() -> Value {
    json!({
        "verdict": "Reached", "reason": "an error, taken for an answer", "waitSeconds": 0,
        "since": "2026-01-05T03:00:00Z", "member": true, "containerInstances": [], "services": [], "unstable": [],
    })
}
