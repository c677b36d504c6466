//! How the host has functions run.

use serde_json::Value;
use tokio::sync::oneshot;

use super::{HostState, SimulationHost};
use crate::account::Account;
use crate::lambda;
use crate::lambda::LAMBDA;

/// Who runs the functions of an account, as Lambda would.
pub trait FunctionRunner: Send {
    /// Starts an invocation; its answer goes back to Step Functions when it is there.
    fn run(&mut self, host: &SimulationHost, account: &Account, invocation: lambda::Invocation);

    /// Starts an invocation that somebody waits for himself.
    fn answer(
        &mut self,
        host: &SimulationHost,
        account: &Account,
        name: &str,
        payload: Value,
    ) -> oneshot::Receiver<Result<Value, lambda::Failure>>;
}

impl SimulationHost {
    /// Invokes the function called `name`, and waits for its answer.
    ///
    /// # Errors
    /// The function's, as Lambda tells it.
    pub async fn invoke(&self, name: &str, payload: Value) -> Result<Value, lambda::Failure> {
        let gone = || lambda::Failure {
            error: "Lambda.ServiceException".to_owned(),
            cause: "the account was ended before the function answered".to_owned(),
        };
        let answer = {
            let mut stage = self.lock();
            stage.advance(self.now());
            let HostState {
                account, runner, ..
            } = &mut *stage;
            let runner = runner.as_mut().ok_or_else(gone)?;
            account[LAMBDA].begun(name);
            runner.answer(self, account, name, payload)
        };
        answer.await.map_err(|_| gone())?
    }

    pub(super) fn run_invocations(&self, stage: &mut HostState) {
        let HostState {
            account, runner, ..
        } = stage;
        let Some(runner) = runner else {
            return;
        };
        while let Some(invocation) = account[LAMBDA].waiting.pop_front() {
            runner.run(self, account, invocation);
        }
    }
}
