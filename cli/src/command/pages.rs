//! `completions` and `man`: what shells and `man` read about the verbs.

use crate::failure::Failure;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use clap_complete::env::Shells;

use super::CommandLine;
use super::flow;
use crate::completion::VARIABLE;
use crate::view::out::print;

/// Flags of `completions`.
#[derive(Debug, Args)]
#[command(after_help = flow("Examples:
  source <(ecs-rollout completions bash)
  ecs-rollout completions zsh > ~/.zfunc/_ecs-rollout
  ecs-rollout completions fish > ~/.config/fish/completions/ecs-rollout.fish

The script asks ecs-rollout at each completion. For the names of stacks and the ids of instances that makes the calls of list, with the
--profile and --region of the line, for a second at most. Without access to AWS it completes verbs and flags alone."))]
pub struct Completions {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

impl Completions {
    /// Writes the completions to stdout: a script that asks this program at each completion, and so
    /// has the names of stacks and instances too.
    ///
    /// # Errors
    /// If there is no script for the shell.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let (shell, shells) = (self.shell.to_string(), Shells::builtins());
        let Some(completer) = shells.completer(&shell) else {
            return Err(Failure::from(format!("no completions for {shell}")));
        };
        let (mut text, name) = (Vec::new(), "ecs-rollout");
        let written = completer.write_registration(VARIABLE, name, name, name, &mut text);
        written.map_err(|error| format!("completions for {shell}: {error}"))?;
        print(String::from_utf8_lossy(&text));
        Ok(ExitCode::SUCCESS)
    }
}

/// Flags of `man`.
#[derive(Debug, Args)]
#[command(after_help = flow("Examples:
  ecs-rollout man ~/.local/share/man/man1 && man ecs-rollout-explain"))]
pub struct Man {
    /// Where the pages go: ecs-rollout.1, and one for each verb
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

impl Man {
    /// Writes the pages.
    ///
    /// # Errors
    /// A sentence about a folder or file that cannot be written.
    pub fn run(self) -> Result<ExitCode, Failure> {
        let told = |error: std::io::Error| {
            let folder = self.folder.display();
            format!("{folder}: {error}; FOLDER is where man pages can be written")
        };
        std::fs::create_dir_all(&self.folder).map_err(told)?;
        clap_mangen::generate_to(CommandLine::command(), &self.folder).map_err(told)?;
        Ok(ExitCode::SUCCESS)
    }
}
