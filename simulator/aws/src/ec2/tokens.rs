//! Client tokens: the same request with the same token is answered the same, and done once. boto3
//! and the AWS CLI send one with every request that takes one.

use serde_json::Value;

use crate::account::Account;
use crate::ec2::EC2;
use crate::wire::ApiError;

/// The longest token (documented:
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html>).
const LONGEST: usize = 128;

/// A request that was answered.
#[derive(Debug)]
pub struct Answered {
    action: &'static str,
    input: Value,
    answer: Value,
}

/// Does what `make` does, unless a request with the same token was answered before.
///
/// # Errors
/// Those of `make`; `IdempotentParameterMismatch` if that request was another one (documented:
/// <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html>).
pub fn once(
    account: &mut Account,
    action: &'static str,
    input: &Value,
    make: fn(&mut Account, &Value) -> Result<Value, ApiError>,
) -> Result<Value, ApiError> {
    let mut without = input.clone();
    let token = without
        .as_object_mut()
        .and_then(|members| members.shift_remove("ClientToken"));
    let Some(token) = token else {
        return make(account, input);
    };
    let token = checked(&token)?.to_owned();
    if let Some(known) = account[EC2].answered.get(&token) {
        if known.action == action && known.input == without {
            return Ok(known.answer.clone());
        }
        return Err(ApiError::client(
            "IdempotentParameterMismatch",
            "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).",
        ));
    }
    let answer = make(account, &without)?;
    let answered = Answered {
        action,
        input: without,
        answer: answer.clone(),
    };
    account[EC2].answered.insert(token, answered);
    Ok(answer)
}

fn checked(token: &Value) -> Result<&str, ApiError> {
    let text = token.as_str().unwrap_or_default();
    if (1..=LONGEST).contains(&text.len()) && text.is_ascii() {
        return Ok(text);
    }
    Err(ApiError::client(
        "InvalidParameterValue",
        format!("ClientToken {token} is not 1 to {LONGEST} ASCII characters"),
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::account::Caller;

    fn create(account: &mut Account, token: &str, name: &str) -> Result<Value, ApiError> {
        let data = json!({"ImageId": "ami-1", "InstanceType": "m7g.large"});
        let input =
            json!({"ClientToken": token, "LaunchTemplateName": name, "LaunchTemplateData": data});
        crate::ec2::call(account, &Caller::Operator, "CreateLaunchTemplate", &input)
    }

    #[test]
    fn a_token_makes_one_template_and_no_other() {
        let mut account = crate::services::account(jiff::Timestamp::UNIX_EPOCH, 1);
        let first = create(&mut account, "t", "one").expect("made");
        assert_eq!(create(&mut account, "t", "one"), Ok(first));
        let other = create(&mut account, "t", "two").expect_err("another request");
        assert_eq!(other.code, "IdempotentParameterMismatch");
        let again = create(&mut account, "u", "one").expect_err("the name is taken");
        assert_eq!(
            again.code,
            "InvalidLaunchTemplateName.AlreadyExistsException"
        );
        create(&mut account, "", "three").expect_err("no token");
        for _ in 0..2 {
            let data = json!({"ImageId": "ami-2"});
            let input = json!({"ClientToken": "v", "LaunchTemplateName": "one", "LaunchTemplateData": data});
            let answer = crate::ec2::call(
                &mut account,
                &Caller::Operator,
                "CreateLaunchTemplateVersion",
                &input,
            );
            let version = answer.expect("made")["LaunchTemplateVersion"]["VersionNumber"].clone();
            assert_eq!(version, 2);
        }
    }
}
