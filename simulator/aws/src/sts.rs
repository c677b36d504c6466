//! STS: GetCallerIdentity, by which a client sees that it talks to this account.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::account::{ACCOUNT_ID, Account, Caller, PARTITION};
use crate::wire::{ApiError, Requests};

#[derive(Deserialize)]
struct GetCallerIdentity {}

/// Answers `GetCallerIdentity`.
///
/// # Errors
/// `NotImplemented`.
pub fn call(
    _: &mut Account,
    caller: &Caller,
    action: &str,
    input: &Value,
) -> Result<Value, ApiError> {
    if action != "GetCallerIdentity" {
        return Err(ApiError::not_implemented("sts", action));
    }
    let GetCallerIdentity {} = Requests::query("ValidationError").read(action, input)?;
    let who = match caller {
        Caller::Operator => "operator".to_owned(),
        Caller::Function(name) => name.clone(),
        Caller::ActivityWorker(policy) => policy.rsplit('/').next().unwrap_or_default().to_owned(),
        Caller::PolicyHolder(_) => "policy-holder".to_owned(),
        Caller::StackRole(_) => "AWSCloudFormation".to_owned(),
        Caller::Service(name) => (*name).to_owned(),
    };
    Ok(json!({
        "Account": ACCOUNT_ID,
        "Arn": format!("arn:{PARTITION}:sts::{ACCOUNT_ID}:assumed-role/{who}/session"),
        "UserId": format!("AROAEXAMPLE:{who}"),
    }))
}
