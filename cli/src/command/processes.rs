//! Flags about workers that run as processes of their own.

use crate::failure::Failure;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use simulator::lambda_process::Log;

/// Flags of the verbs that run workers as processes.
#[derive(Debug, Args)]
pub struct Workers {
    /// Folder of the workers' binaries, as cargo or cargo lambda builds them [default: the folder
    /// of ecs-rollout itself]
    #[arg(long, value_name = "FOLDER")]
    workers: Option<PathBuf>,
    /// Show on stderr what the workers write
    #[arg(long)]
    worker_logs: bool,
}

impl Workers {
    /// Whether any of the flags was given.
    pub fn were_given(&self) -> bool {
        self.workers.is_some() || self.worker_logs
    }

    /// The folder of the binaries.
    ///
    /// # Errors
    /// A sentence, if the system does not tell where this program is.
    pub fn folder(&self) -> Result<PathBuf, Failure> {
        if let Some(folder) = &self.workers {
            return Ok(folder.clone());
        }
        let program = std::env::current_exe().map_err(|error| {
            format!("the folder of ecs-rollout itself is not known ({error}); name the workers' folder with --workers")
        })?;
        Ok(program.parent().map(PathBuf::from).unwrap_or_default())
    }

    /// Takes the lines that workers write.
    pub fn log(&self) -> Log {
        if self.worker_logs {
            return Arc::new(|name, line| anstream::eprintln!("{name}: {line}"));
        }
        Arc::new(|_, _| {})
    }
}
