//! `ContinueUpdateRollback`: a rollback that failed is tried again, when its cause is cured.

use serde_json::{Value, json};

use super::asked::stack_name;
use super::invalid;
use super::operation::{self, Purpose};
use crate::account::Account;
use crate::wire::{ApiError, only};

/// Brings the stack to the version before once more: resources that failed are changed back even if nothing differs. What
/// was done is left alone (documented). ResourcesToSkip is not known.
///
/// # Errors
/// `ValidationError` if no rollback of the stack has failed.
pub fn continue_rollback(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    let action = "ContinueUpdateRollback";
    only(action, input, &["StackName"])?;
    let wanted = stack_name(action, input)?;
    let Some(stack) = account.cloudformation.stack(wanted) else {
        return Err(invalid(format!("Stack [{wanted}] does not exist")));
    };
    let (id, name) = (stack.id.clone(), stack.name.clone());
    if stack.parent.is_some() {
        return Err(ApiError::not_known(format_args!(
            "{action} of {name} but through its parent stack"
        )));
    }
    if stack.status != "UPDATE_ROLLBACK_FAILED" {
        let status = &stack.status;
        return Err(invalid(format!(
            "Stack:{id} is in {status} state and can not continue rollback."
        )));
    }
    let from = account.cloudformation.at(&id).rolls_back_from.take();
    operation::begin(account, &id, Purpose::RollBack, from, "User Initiated");
    Ok(json!({}))
}
