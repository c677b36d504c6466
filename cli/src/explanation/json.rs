//! An explanation for a program.

use serde_json::{Value, json};

use super::{Explanation, InstanceState};
use crate::aws::error_text;

impl Explanation {
    /// One object. `well` decides the exit code; `lines` are those of the text, by label.
    pub fn json(&self) -> Value {
        let lines = self.lines();
        let lines = lines
            .iter()
            .map(|(label, text)| json!({"label": label, "text": text}));
        let mut object = json!({
            "instance": self.member.id,
            "well": self.is_well(),
            "state": self.member.state.to_string(),
            "group": self.group,
            "cluster": self.hooks.cluster,
            "stack": self.stack.name,
            "stackStatus": self.stack.status,
            "paused": self.pause.as_ref().map(|pause| &pause.why),
            "lines": lines.collect::<Vec<_>>(),
        });
        match &self.life {
            InstanceState::Asked(asked) => {
                let (execution, ran, found) = &**asked;
                let finding = found.finding.as_ref().ok().and_then(Option::as_ref);
                object["executionArn"] = json!(execution.arn);
                object["executionState"] = json!(ran.state);
                object["worker"] = json!(found.worker.name());
                object["verdict"] = json!(finding.map(|finding| finding.verdict));
                object["reason"] = json!(finding.map(|finding| &finding.reason));
                object["error"] = json!(found.finding.as_ref().err().map(error_text));
            }
            InstanceState::Alone(Some(ended)) => {
                let (execution, ran) = &**ended;
                object["executionArn"] = json!(execution.arn);
                object["executionStatus"] = json!(execution.status.to_string());
                object["error"] = json!(ran.failure.as_ref().map(|(error, _)| error));
            }
            InstanceState::Alone(None) | InstanceState::Rests => {}
        }
        object
    }
}
