//! The histories of the executions.

use super::Reader;
use crate::aws::Past;
use crate::failure::Failure;
use crate::report::{ExecutionTrace, Reading, answers};
use crate::retry::retry;

impl Reader {
    /// The executions' own histories, and how many of them are forgotten.
    pub(super) async fn passages(
        &mut self,
        definition: &str,
        past: &[Past],
    ) -> Result<(Vec<ExecutionTrace>, usize), Failure> {
        let definition = serde_json::from_str(definition)
            .map_err(|error| format!("the state machine's definition is not JSON: {error}"))?;
        let answers = answers(&definition);
        let (mut passages, mut forgotten) = (Vec::new(), 0);
        self.progress.set_length(past.len() as u64);
        for one in past {
            let mut reading = Reading::of(one, &answers);
            let mut next = None;
            let is_whole = loop {
                let page = read!(self, aws => aws.history(&one.arn, next.clone()));
                let Some(page) = page else {
                    break false;
                };
                page.items.iter().for_each(|event| reading.take(event));
                next = page.next;
                if next.is_none() {
                    break true;
                }
            };
            if is_whole {
                passages.push(reading.end(self.client.aws().now()))
            } else {
                forgotten += 1
            }
            self.progress.inc(1);
        }
        self.progress.finish_and_clear();
        Ok((passages, forgotten))
    }
}
