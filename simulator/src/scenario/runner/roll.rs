//! A rollout: a new AMI in the SSM parameter, and an update of the stack.

use serde_json::{Value, json};

use super::{LIMIT, Runner};
use crate::scenario::StepError;
use crate::stepfunctions::STEPFUNCTIONS;
use crate::trace::StackStatus;

impl Runner {
    /// Rolls, and goes on when nothing is under way any more.
    pub(super) async fn roll(&mut self) -> Result<(), StepError> {
        let began = self.host.now();
        let transitions = self.host.with(|account| account[STEPFUNCTIONS].transitions);
        let size = self.checker.in_service();
        let new_ami = self.release()?;
        self.see_through(began + LIMIT).await?;
        let transitions =
            self.host.with(|account| account[STEPFUNCTIONS].transitions) - transitions;
        let report = self.report(began, size, &new_ami, transitions);
        if report.outcome == "UPDATE_COMPLETE" {
            self.ami = new_ami;
        }
        self.released = None;
        self.reports.push(report);
        Ok(())
    }

    /// Begins a rollout, and with it the faults. Answers the new AMI.
    pub(super) fn release(&mut self) -> Result<String, StepError> {
        let new_ami = self.host.with(|account| format!("ami-{}", account.hex(17)));
        self.put_ami(&new_ami)?;
        let keys: Vec<Value> = self
            .settings
            .parameters
            .iter()
            .map(|(key, _)| json!({"ParameterKey": key, "UsePreviousValue": true}))
            .collect();
        let input = json!({
            "StackName": self.stack, "UsePreviousTemplate": true, "Parameters": keys,
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        });
        let before = self.checker.stack_status();
        self.call("cloudformation", "UpdateStack", &input)?;
        if before == Some(StackStatus::UpdateComplete)
            && let Some(ami) = self.released.take()
        {
            self.ami = ami;
        }
        self.scaled = None;
        self.start_faults(Some(new_ami.clone()))?;
        self.checker.begin_roll();
        self.quota.begin();
        self.released = Some(new_ami.clone());
        Ok(new_ami)
    }
}
