//! What complete-action is asked for.

use serde_json::Value;

use super::Decision;
use crate::config::Reading;
use crate::error::{Error, Mistake};
use crate::model::{Action, StackResource, UpdateMethod};

/// What is to be done.
#[derive(Debug)]
pub struct Request {
    pub(super) action: Action,
    pub(super) result: Decision,
    pub(super) target: Option<StackResource>,
    /// What is wrong with the rest of the event.
    pub(super) mistakes: Vec<Mistake>,
}

impl Request {
    /// Whether an instance refresh is to be stopped, which must come before its next batch.
    pub(super) fn stops_refresh(&self) -> bool {
        let target = self.target.as_ref();
        self.result == Decision::StopRoll
            && self.action.joins_group()
            && target.is_some_and(|it| it.update_method == UpdateMethod::InstanceRefresh)
    }
}

/// Reads what is to be done.
///
/// # Errors
/// `BadEvent` with every mistake; an ABANDON needs the lifecycle action alone.
pub fn read_order(reading: Reading, input: &Value) -> Result<Request, Error> {
    let mut mistakes = reading.mistakes;
    let result = match input["result"].as_str() {
        Some("CONTINUE") => Some(Decision::Continue),
        Some("ABANDON") => Some(Decision::Abandon),
        Some("STOP_ROLL") => Some(Decision::StopRoll),
        _ => {
            let given = &input["result"];
            mistakes.push(Mistake {
                field: "result".to_owned(),
                problem: format!("must be CONTINUE, ABANDON or STOP_ROLL, and is {given}"),
            });
            None
        }
    };
    match (reading.action, result) {
        (Some(action), Some(result)) if result == Decision::Abandon || mistakes.is_empty() => {
            Ok(Request {
                action,
                result,
                target: reading.target,
                mistakes,
            })
        }
        _ => Err(Error::BadEvent { mistakes }),
    }
}
