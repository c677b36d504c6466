//! Systems Manager Parameter Store, as far as an AMI parameter needs it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::account::{Account, REGION};
use crate::wire::{ApiError, only};

/// Where AWS publishes its newest AMI for ECS, for each processor.
const PUBLIC: [&str; 2] = [
    "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id",
    "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id",
];
/// The AMI that these parameters name here. It is made up.
const PUBLIC_AMI: &str = "ami-0ec5a11ea5e000001";

/// The parameters, by name.
#[derive(Debug, Default)]
pub struct State {
    parameters: BTreeMap<String, Parameter>,
}

#[derive(Debug)]
struct Parameter {
    value: String,
    version: u64,
    modified: Timestamp,
}

/// Answers `PutParameter` and `GetParameter`.
///
/// # Errors
/// `ParameterAlreadyExists`, `ParameterNotFound`, `ValidationException`, or `NotImplemented`.
pub fn call(account: &mut Account, action: &str, input: &Value) -> Result<Value, ApiError> {
    match action {
        "PutParameter" => put(account, input),
        "GetParameter" => get(account, input),
        _ => Err(ApiError::not_implemented("ssm", action)),
    }
}

fn text<'a>(action: &str, input: &'a Value, member: &str) -> Result<&'a str, ApiError> {
    input[member].as_str().ok_or_else(|| {
        ApiError::client(
            "ValidationException",
            format!("{action} needs {member}, a string"),
        )
    })
}

fn put(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    only(
        "PutParameter",
        input,
        &["Name", "Value", "Type", "Overwrite"],
    )?;
    let name = text("PutParameter", input, "Name")?;
    let value = text("PutParameter", input, "Value")?;
    if !matches!(input["Type"].as_str(), None | Some("String")) {
        return Err(ApiError::not_known(format_args!(
            "a parameter of Type {}",
            input["Type"]
        )));
    }
    if ["aws", "ssm"]
        .iter()
        .any(|taken| name.trim_start_matches('/').split('/').next() == Some(taken))
    {
        return Err(ApiError::client(
            "AccessDeniedException",
            format!("No access to reserved parameter name: {name}."),
        ));
    }
    let now = account.now;
    let parameters = &mut account.ssm.parameters;
    let version = match parameters.get(name) {
        Some(_) if input["Overwrite"] != true => {
            return Err(ApiError::client(
                "ParameterAlreadyExists",
                "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
            ));
        }
        Some(old) => old.version + 1,
        None if input["Type"].is_null() => {
            return Err(ApiError::client(
                "ValidationException",
                "A parameter type is required when you create a parameter.",
            ));
        }
        None => 1,
    };
    parameters.insert(
        name.to_owned(),
        Parameter {
            value: value.to_owned(),
            version,
            modified: now,
        },
    );
    Ok(json!({"Version": version, "Tier": "Standard"}))
}

fn get(account: &mut Account, input: &Value) -> Result<Value, ApiError> {
    only("GetParameter", input, &["Name"])?;
    let name = text("GetParameter", input, "Name")?;
    if PUBLIC.contains(&name) {
        return Ok(json!({"Parameter": {
            "Name": name, "Type": "String", "Value": PUBLIC_AMI, "Version": 1, "DataType": "text",
            "LastModifiedDate": Timestamp::UNIX_EPOCH.to_string(),
            "ARN": format!("arn:aws:ssm:{REGION}::parameter{name}"),
        }}));
    }
    let Some(parameter) = account.ssm.parameters.get(name) else {
        return Err(ApiError::client(
            "ParameterNotFound",
            format!("no parameter {name}"),
        ));
    };
    Ok(json!({"Parameter": {
        "Name": name, "Type": "String", "Value": parameter.value, "Version": parameter.version,
        "DataType": "text", "LastModifiedDate": parameter.modified.to_string(),
        "ARN": crate::account::arn("ssm", &format!("parameter/{}", name.trim_start_matches('/'))),
    }}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::Caller;

    fn ask(account: &mut Account, action: &str, input: Value) -> Result<Value, ApiError> {
        account.call(&Caller::Operator, "ssm", action, &input)
    }

    #[test]
    fn a_parameter_is_overwritten_only_when_that_is_said() {
        let mut account = Account::new(jiff::Timestamp::UNIX_EPOCH, 1);
        let put = |value: &str, overwrite: bool| json!({"Name": "/ami", "Value": value, "Type": "String", "Overwrite": overwrite});
        let first = ask(&mut account, "PutParameter", put("a", false)).expect("new");
        assert_eq!(first["Version"], 1);
        let refused = ask(&mut account, "PutParameter", put("b", false)).expect_err("it is there");
        assert_eq!(refused.code, "ParameterAlreadyExists");
        let second = ask(&mut account, "PutParameter", put("b", true)).expect("overwritten");
        assert_eq!(second["Version"], 2);
        let got = ask(&mut account, "GetParameter", json!({"Name": "/ami"})).expect("it is there");
        assert_eq!(got["Parameter"]["Value"], "b");
    }

    #[test]
    fn what_is_not_there_or_not_known_is_refused() {
        let mut account = Account::new(jiff::Timestamp::UNIX_EPOCH, 1);
        let missing =
            ask(&mut account, "GetParameter", json!({"Name": "/ami"})).expect_err("nothing there");
        assert_eq!(missing.code, "ParameterNotFound");
        let secret = json!({"Name": "/ami", "Value": "a", "Type": "SecureString"});
        assert_eq!(
            ask(&mut account, "PutParameter", secret)
                .expect_err("not known")
                .code,
            "NotImplemented"
        );
        let unknown = json!({"Name": "/ami", "WithDecryption": true});
        assert!(
            ask(&mut account, "GetParameter", unknown)
                .expect_err("not known")
                .message
                .contains("WithDecryption")
        );
    }
}
