//! AMI ids: what is one, who owns the SSM parameter that holds it, and how the old one is put back.

use serde_json::Value;
use simulator::ec2::Processor;

use crate::aws::{AMI_KEY, OWN_AMI_PARAMETER, Stack, quoted, with_access};
use crate::format::shortened;

/// Of a text that is no AMI id its beginning is shown, in so many characters.
pub const SHOWN_AT_MOST: usize = 40;

/// Why a text is not an AMI id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAmiId {
    /// The text has another form.
    #[error(
        "{:?} is not an AMI id, which is ami- and 8 or 17 hexadecimal digits",
        shortened(.0, SHOWN_AT_MOST)
    )]
    OtherText(String),
    /// The text is a JSON object, and has an AMI id in it or not.
    #[error(
        "this is a JSON object, as the public parameter …/recommended holds it, and not an AMI id{}; take \
         …/recommended/image_id, which holds the id alone",
        .image_id.as_ref().map(|id| format!(" (here {id})")).unwrap_or_default()
    )]
    JsonObject {
        /// The AMI id in the object.
        image_id: Option<String>,
    },
}

/// Why a text is not an AMI id, and the way out; nothing if it is one.
///
/// AWS publishes its newest AMI in two forms: `…/recommended` holds a JSON object,
/// `…/recommended/image_id` the id.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/retrieve-ecs-optimized_AMI.html>
pub fn why_no_id(text: &str) -> Option<NotAnAmiId> {
    let digits = text.strip_prefix("ami-").unwrap_or_default();
    let is_digit = |one: u8| matches!(one, b'0'..=b'9' | b'a'..=b'f');
    if matches!(digits.len(), 8 | 17) && digits.bytes().all(is_digit) {
        return None;
    }
    let Some(members) = object(text) else {
        return Some(NotAnAmiId::OtherText(text.to_owned()));
    };
    Some(NotAnAmiId::JsonObject {
        image_id: id_in(&members).map(str::to_owned),
    })
}

fn object(text: &str) -> Option<Value> {
    let value: Value = serde_json::from_str(text).ok()?;
    value.is_object().then_some(value)
}

/// The AMI id in the JSON object of `…/recommended`.
fn id_in(recommended: &Value) -> Option<&str> {
    let id = recommended["image_id"].as_str()?;
    why_no_id(id).is_none().then_some(id)
}

/// Why this public parameter names no AMI that can be rolled to, and the way out; nothing if its
/// name does not show that.
pub fn why_no_ami_in(name: &str) -> Option<String> {
    let name = name.trim_end_matches('/');
    (is_public(name) && name.ends_with("/recommended")).then(|| {
        format!(
            "SSM parameter {name} is AWS's own, and holds a JSON object and not an AMI id; take {name}/image_id, which holds the \
             id alone"
        )
    })
}

/// The command that puts an AMI id into a parameter of your own whose value, if it has one, is no
/// AMI id: the id that is in there, or else the one that AWS recommends now for this instance type.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/retrieve-ecs-optimized_AMI.html>
pub fn correct(parameter: &str, value: Option<&str>, instance_type: &str) -> String {
    let flag = match value {
        Some(_) => "--overwrite",
        None => "--type String",
    };
    let whole = value.and_then(object);
    let id = match whole.as_ref().and_then(id_in) {
        Some(id) => id.to_owned(),
        None => {
            let of_processor = match Processor::of_instance_type(instance_type) {
                Processor::Arm64 => "/arm64",
                Processor::X86_64 => "",
            };
            let recommended = with_access(&format!(
                "aws ssm get-parameter --query Parameter.Value --output text --name \
                 /aws/service/ecs/optimized-ami/amazon-linux-2023{of_processor}/recommended/image_id"
            ));
            format!("\"$({recommended})\"")
        }
    };
    with_access(&format!(
        "aws ssm put-parameter --name {} {flag} --value {id}",
        quoted(parameter)
    ))
}

/// An AMI id that was given as a flag.
///
/// # Errors
/// Why it is none, and the way out.
pub fn id_given(text: &str) -> Result<String, NotAnAmiId> {
    let text = text.trim();
    why_no_id(text).map_or_else(|| Ok(text.to_owned()), Err)
}

/// Whether AWS owns the SSM parameter of this name or ARN, so that nobody else can write it.
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters.html>
pub fn is_public(name: &str) -> bool {
    let name = match name.split_once(":parameter/") {
        Some((arn, name)) if arn.starts_with("arn:") => name,
        _ => name,
    };
    let name = name.trim_start_matches('/').to_ascii_lowercase();
    name == "aws" || name.starts_with("aws/")
}

/// Why a stack cannot be rolled to an AMI of your choice, and what works instead; nothing if it
/// can.
pub fn why_not_yours(stack: &Stack, ami: &str) -> Option<String> {
    let parameter = stack.ami_parameter();
    let name = &stack.name;
    is_public(parameter).then(|| {
        format!(
            "stack {name} takes its AMI from the SSM parameter {parameter}, which AWS owns: it cannot be set to {ami}. Leave \
             the AMI out to roll to the one that AWS recommends now ({}), or give the stack a parameter of your own, which rolls \
             it to {ami}:\n{}",
            with_access(&format!("ecs-rollout roll {name}")),
            own_parameter(stack, ami)
        )
    })
}

/// The commands that put an old AMI id back where the stack takes it from, after a rollout was
/// rolled back or cancelled. Without it the next update of the stack tries the new AMI again.
pub fn restore(stack: &Stack, old_ami: &str) -> String {
    let parameter = stack.ami_parameter();
    if is_public(parameter) {
        own_parameter(stack, old_ami)
    } else {
        with_access(&format!(
            "aws ssm put-parameter --name {} --overwrite --value {old_ami}",
            quoted(parameter)
        ))
    }
}

/// The status of a stack whose update was rolled back.
pub const ROLLED_BACK: &str = "UPDATE_ROLLBACK_COMPLETE";

/// What the stack's parameter has to hold after a rollback, and the command for it, in a sentence.
/// Nothing if the stack was not rolled back, if its AMI is not known, or if AWS owns the parameter:
/// then `plan` says what can be done.
pub fn restore_after_rollback(stack: &Stack) -> Option<String> {
    let old_ami = stack.ami().filter(|_| stack.status == ROLLED_BACK)?;
    let parameter = stack.ami_parameter();
    (!is_public(parameter)).then(|| {
        format!(
            "Before the next update, SSM parameter {parameter} must hold {old_ami}: `{}`.",
            restore(stack, old_ami)
        )
    })
}

/// The same for a stack whose parameter holds `held`, if that could be read: nothing if that is the
/// old AMI again.
pub fn to_restore(stack: &Stack, held: Option<&str>) -> Option<String> {
    restore_after_rollback(stack).filter(|_| held.is_none() || held != stack.ami())
}

/// The commands that give a stack a parameter of your own. All other parameters of the stack are
/// named: one that is not would fall back to its default.
fn own_parameter(stack: &Stack, ami: &str) -> String {
    let name = &stack.name;
    let put = with_access(&format!(
        "aws ssm put-parameter --name {OWN_AMI_PARAMETER} --type String --overwrite --value {ami}"
    ));
    let parameters = with_access(&format!(
        "aws cloudformation describe-stacks --stack-name {name} --output json --query \"[Stacks[0].Parameters[?ParameterKey != '{AMI_KEY}'].{{ParameterKey: ParameterKey, UsePreviousValue: \
         \\`true\\`}}, [{{ParameterKey: '{AMI_KEY}', ParameterValue: '{OWN_AMI_PARAMETER}'}}]][]\""
    ));
    let update = with_access(&format!(
        "aws cloudformation update-stack --stack-name {name} --use-previous-template --capabilities CAPABILITY_IAM \
         --parameters \"$({parameters})\""
    ));
    format!("  {put}\n  {update}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(parameter: &str) -> Stack {
        let parameters = [(AMI_KEY.to_owned(), parameter.to_owned())];
        Stack::with_parameters("prod", parameters)
    }

    #[test]
    fn what_is_no_id_is_reported_with_the_way_out() {
        for id in ["ami-01234567", "ami-0123456789abcdef0"] {
            assert_eq!(why_no_id(id), None);
            assert_eq!(id_given(&format!("{id}\n")), Ok(id.to_owned()));
        }
        for text in [
            "ami-latest",
            "ami-0123456789ABCDEF0",
            "",
            "{",
            "ami-012345678",
            "[1]",
        ] {
            let why = why_no_id(text).expect("it is none").to_string();
            assert!(why.contains("8 or 17 hexadecimal digits"), "{why}");
        }
        let json = r#"{"schema_version": 1, "image_id": "ami-0123456789abcdef0"}"#;
        let why = id_given(json).expect_err("it is none").to_string();
        assert!(why.contains("(here ami-0123456789abcdef0)"), "{why}");
        assert!(why.contains("…/recommended/image_id"), "{why}");
    }

    #[test]
    fn a_long_text_is_shown_shortened() {
        let why = why_no_id(&"x".repeat(4096))
            .expect("it is none")
            .to_string();
        assert!(why.contains("xxx…\" is not an AMI id"), "{why}");
        assert!(why.len() < 140, "{why}");
    }

    #[test]
    fn what_aws_recommends_as_json_is_known_by_its_name() {
        let json = "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended";
        for name in [json.to_owned(), format!("{json}/")] {
            let why = why_no_ami_in(&name).expect("it holds JSON");
            assert!(why.contains(&format!("take {json}/image_id,")), "{why}");
        }
        for name in [&format!("{json}/image_id"), "/ami/recommended", "ami"] {
            assert_eq!(why_no_ami_in(name), None, "{name}");
        }
    }

    #[test]
    fn a_parameter_without_an_id_is_corrected_by_a_command_that_can_be_pasted() {
        let json = r#"{"schema_version": 1, "image_id": "ami-0123456789abcdef0"}"#;
        assert_eq!(
            correct("/ami/mine", Some(json), "m7g.large"),
            "aws ssm put-parameter --name /ami/mine --overwrite --value ami-0123456789abcdef0"
        );
        let recommended = |processor: &str| {
            format!(
                "--value \"$(aws ssm get-parameter --query Parameter.Value --output text --name \
                 /aws/service/ecs/optimized-ami/amazon-linux-2023{processor}/recommended/image_id)\""
            )
        };
        // What stands where the id should is not pasted either.
        for value in ["latest", r#"{"image_id": "$(reboot)"}"#] {
            assert_eq!(
                correct("/ami/mine", Some(value), "m7g.large"),
                format!(
                    "aws ssm put-parameter --name /ami/mine --overwrite {}",
                    recommended("/arm64")
                )
            );
        }
        assert_eq!(
            correct("/ami/mine", None, "m7i.large"),
            format!(
                "aws ssm put-parameter --name /ami/mine --type String {}",
                recommended("")
            )
        );
    }

    #[test]
    fn parameters_below_aws_are_aws_s_own() {
        let public = "aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id";
        let arn = format!("arn:aws:ssm:eu-west-1::parameter/{public}");
        for name in [&format!("/{public}"), &arn, "/AWS/x"] {
            assert!(is_public(name), "{name}");
        }
        for name in [
            "/ami/aws/latest",
            "/awsome/ami",
            "ami",
            "arn:aws:ssm:eu-west-1:1:parameter/ami",
        ] {
            assert!(!is_public(name), "{name}");
        }
    }

    #[test]
    fn what_the_parameter_holds_again_is_not_to_be_restored() {
        let mut stack = stack("/ami/mine").with_resolved(AMI_KEY, "ami-01234567");
        stack.status = ROLLED_BACK.to_owned();
        let restored = to_restore(&stack, Some("ami-01234567"));
        assert_eq!(restored, None);
        for held in [Some("ami-0fedcba9"), None] {
            let text = to_restore(&stack, held).expect("it does not hold the old AMI");
            assert!(text.contains("must hold ami-01234567"), "{text}");
        }
        stack.status = "UPDATE_COMPLETE".to_owned();
        assert_eq!(to_restore(&stack, Some("ami-0fedcba9")), None);
    }

    #[test]
    fn an_old_ami_is_put_back_where_the_stack_takes_it_from() {
        assert_eq!(
            restore(&stack("/ami/mine"), "ami-01234567"),
            "aws ssm put-parameter --name /ami/mine --overwrite --value ami-01234567"
        );
        assert_eq!(why_not_yours(&stack("/ami/mine"), "ami-01234567"), None);
        let public = stack("/aws/service/x/image_id");
        let commands = restore(&public, "ami-01234567");
        assert!(commands.contains("--name /ami/ecs/latest"), "{commands}");
        assert!(
            commands.contains("update-stack --stack-name prod"),
            "{commands}"
        );
        assert!(!commands.contains("/aws/"), "{commands}");
        let why = why_not_yours(&public, "ami-01234567").expect("AWS owns it");
        assert!(
            why.contains("ecs-rollout roll prod") && why.contains(&commands),
            "{why}"
        );
    }
}
