//! Functions of Task states: nobody runs them here, so a step says what one answers to the oldest
//! question it was asked: `{"answer": FUNCTION, "result": X}`, or with `"failure": {"error",
//! "cause"}`. As a result, `{"$repeat": [TEXT, n]}` stands for a text that is too long to be
//! written down.

use serde_json::Value;
use simulator::account::Account;
use simulator::lambda::Failure;
use simulator::lambda::LAMBDA;
use simulator::stepfunctions::task_returned;

use crate::matching::Mismatch;

/// What a function answers.
#[derive(Debug)]
pub struct Answer {
    function: String,
    result: Result<Value, Failure>,
}

impl Answer {
    /// Reads a step.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(step: &Value) -> Result<Self, String> {
        let function = step["answer"].as_str();
        let function = function.ok_or_else(|| format!("answer is {}, no name", step["answer"]))?;
        let result = match (step.get("result"), step.get("failure")) {
            (Some(result), None) => Ok(repeated(result)?),
            (None, Some(failure)) => Err(Failure {
                error: text(failure, "error")?,
                cause: text(failure, "cause")?,
            }),
            _ => return Err("it needs a result or a failure".to_owned()),
        };
        Ok(Self {
            function: function.to_owned(),
            result,
        })
    }

    /// Gives it to whoever asked.
    ///
    /// # Errors
    /// If nobody has asked the function.
    pub fn give(&self, account: &mut Account) -> Result<(), Mismatch> {
        let mut waiting = account[LAMBDA].waiting.iter();
        let place = waiting.position(|asked| asked.function == self.function);
        let Some(asked) = place.and_then(|place| account[LAMBDA].waiting.remove(place)) else {
            let what = format!("the function {} was asked nothing", self.function);
            return Err(Mismatch::Mistake(what));
        };
        account[LAMBDA].ended(&self.function);
        task_returned(account, &asked.ticket, self.result.clone());
        Ok(())
    }
}

fn text(failure: &Value, member: &str) -> Result<String, String> {
    let text = failure[member].as_str();
    text.map(str::to_owned)
        .ok_or_else(|| format!("a failure has no {member}"))
}

fn repeated(result: &Value) -> Result<Value, String> {
    let Some(repeat) = result.get("$repeat") else {
        return Ok(result.clone());
    };
    let times = repeat[1].as_u64().and_then(|n| usize::try_from(n).ok());
    match (repeat[0].as_str(), times) {
        (Some(text), Some(times)) => Ok(text.repeat(times).into()),
        _ => Err(format!("$repeat is {repeat}, not a text and a number")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_that_is_written_wrong_is_refused() {
        for step in [
            json!({"answer": 1, "result": 1}),
            json!({"answer": "f"}),
            json!({"answer": "f", "result": 1, "failure": {}}),
            json!({"answer": "f", "failure": {"error": "E"}}),
            json!({"answer": "f", "result": {"$repeat": "x"}}),
        ] {
            assert!(Answer::parse(&step).is_err(), "{step}");
        }
        let step = json!({"answer": "f", "result": {"$repeat": ["ab", 2]}});
        let answer = Answer::parse(&step).expect("it is good");
        assert_eq!(answer.result, Ok(json!("abab")));
        let mut account = simulator::services::account(jiff::Timestamp::UNIX_EPOCH, 1);
        assert!(answer.give(&mut account).is_err(), "nobody has asked");
    }
}
