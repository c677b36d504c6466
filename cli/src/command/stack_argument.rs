//! The stack that a verb is about.

use clap::Args;

use crate::completion;
use crate::failure::Failure;
use crate::settings::{STACK_VARIABLE, Settings};

/// The stack that a verb is about.
#[derive(Debug, Clone, Args)]
pub struct StackArgument {
    /// The stack [default: ECS_ROLLOUT_STACK, or `stack` of the configuration file]
    #[arg(value_name = "STACK", add = completion::stacks())]
    stack: Option<String>,
}

impl StackArgument {
    /// This stack.
    pub fn named(stack: String) -> Self {
        Self { stack: Some(stack) }
    }

    /// The name or ARN that was given, or else the one that is set.
    ///
    /// # Errors
    /// If there is neither.
    pub fn name(&self) -> Result<String, Failure> {
        self.name_from(Settings::kept())
    }

    fn name_from(&self, settings: &Settings) -> Result<String, Failure> {
        let set = || settings.stack.clone();
        self.stack.clone().or_else(set).ok_or_else(|| {
            Failure::from(format!(
                "no stack: name it after the verb, set {STACK_VARIABLE}, or write stack = \"NAME\" into the configuration file. \
                 `ecs-rollout list` lists the stacks"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_argument_stands_above_the_settings() {
        let settings = Settings {
            stack: Some("set".to_owned()),
            ..Settings::default()
        };
        let given = StackArgument::named("given".to_owned());
        assert_eq!(given.name_from(&settings), Ok("given".to_owned()));
        let none = StackArgument { stack: None };
        assert_eq!(none.name_from(&settings), Ok("set".to_owned()));
        let failure = none
            .name_from(&Settings::default())
            .expect_err("there is none");
        assert!(
            failure.to_string().contains("ECS_ROLLOUT_STACK"),
            "{failure}"
        );
    }
}
