//! Commands for you to paste: they go to the account that was named to this process, and their
//! values are quoted for a shell.

use std::sync::OnceLock;

/// The flags --profile and --region as they were given to this process. Set once, by the first
/// connection.
static GIVEN: OnceLock<String> = OnceLock::new();

/// How a worker's reason quotes a command.
const QUOTED: &str = "'ecs-rollout ";

/// Keeps the flags that were given, for the commands that are printed later.
pub fn keep(profile: Option<&str>, region: Option<&str>) {
    GIVEN.get_or_init(|| flags(profile, region));
}

fn flags(profile: Option<&str>, region: Option<&str>) -> String {
    let flag = |name: &str, value: Option<&str>| {
        value.map_or_else(String::new, |value| format!(" {name} {}", quoted(value)))
    };
    flag("--profile", profile) + &flag("--region", region)
}

/// A command with the --profile and --region that were given to this process: without them it would
/// go to another account.
pub fn with_access(command: &str) -> String {
    let flags = GIVEN.get().map_or("", String::as_str);
    format!("{command}{flags}")
}

/// A worker's reason, whose commands name neither profile nor Region, since a worker knows of none.
pub fn with_access_in(reason: &str) -> String {
    added(reason, GIVEN.get().map_or("", String::as_str))
}

fn added(reason: &str, flags: &str) -> String {
    let mut parts = reason.split(QUOTED);
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text += QUOTED;
        text += &match part.split_once('\'') {
            // What is quoted may be the name of a verb.
            Some((command, rest)) if command.contains(' ') => format!("{command}{flags}'{rest}"),
            _ => part.to_owned(),
        };
    }
    text
}

/// A value for a shell.
pub fn quoted(value: &str) -> String {
    let is_plain = |one: char| one.is_ascii_alphanumeric() || "-_./:@+=,".contains(one);
    if !value.is_empty() && value.chars().all(is_plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_commands_have_the_flags_that_were_given() {
        assert_eq!(flags(None, None), "");
        assert_eq!(
            flags(Some("prod"), Some("eu-west-1")),
            " --profile prod --region eu-west-1"
        );
        assert_eq!(
            flags(Some("it's; mine"), None),
            " --profile 'it'\\''s; mine'"
        );
    }

    #[test]
    fn a_value_is_one_word_of_a_shell() {
        assert_eq!(
            quoted("arn:aws:ecs:eu-west-1:1:task/c/9"),
            "arn:aws:ecs:eu-west-1:1:task/c/9"
        );
        for (value, word) in [
            ("", "''"),
            ("my group", "'my group'"),
            ("$(x)", "'$(x)'"),
            ("~", "'~'"),
        ] {
            assert_eq!(quoted(value), word);
        }
    }

    #[test]
    fn a_command_in_a_workers_reason_has_them_too() {
        let reason = "Paused. To resume: 'ecs-rollout resume prod', or 'ecs-rollout explain'. Then 'ecs-rollout terminate i-1'";
        assert_eq!(
            added(reason, " --profile p"),
            "Paused. To resume: 'ecs-rollout resume prod --profile p', or 'ecs-rollout explain'. Then 'ecs-rollout terminate \
             i-1 --profile p'"
        );
        for same in ["nothing", "an open 'ecs-rollout resume x", ""] {
            assert_eq!(added(same, " --profile p"), same);
        }
    }
}
