//! The files of a rehearsal: read, and named where what they say cannot be rehearsed.

use crate::failure::Failure;
use std::path::{Path, PathBuf};

use simulator::scenario::{About, Settings, Unplayable};
use simulator::text_file;
use simulator::workload::Workload;

use super::Rehearse;
use crate::aws::fit_to_show;

impl Rehearse {
    /// Names the files that the cause is in: AWS's own words do not.
    pub(super) fn with_its_file(&self, why: &Unplayable) -> String {
        let files: Vec<&PathBuf> = match why.about {
            About::Parameters => self.parameters.iter().collect(),
            // This build's template is correct: then the parameters do not fit together.
            About::Template if self.template.is_none() => self.parameters.iter().collect(),
            // What is refused of a template names its place there.
            About::Template => Vec::new(),
            About::Workload => self.workload.iter().collect(),
            About::Steps => Vec::new(),
        };
        let files: Vec<String> = files.iter().map(|it| it.display().to_string()).collect();
        if files.is_empty() {
            why.to_string()
        } else {
            format!("{}: {why}", files.join(", "))
        }
    }

    /// What runs on the cluster: what the files describe, or the built-in workload.
    ///
    /// # Errors
    /// A sentence that names the file, the place and the way out.
    pub(super) fn workload(&self, settings: &Settings) -> Result<Workload, Failure> {
        if self.workload.is_empty() {
            let size = settings
                .parameter("ClusterSize")
                .and_then(|size| size.parse().ok());
            return Ok(Workload::built_in(size.unwrap_or(2)));
        }
        let read = |path: &PathBuf| {
            let text = fit_to_show(&read(path, "--workload")?);
            Ok((path.display().to_string(), text))
        };
        let files: Result<Vec<_>, Failure> = self.workload.iter().map(read).collect();
        let workload = Workload::read_all(&files?)?;
        for left_out in &workload.left_out {
            anstream::eprintln!("ecs-rollout: left out: {left_out}");
        }
        for assumed in &workload.assumed {
            anstream::eprintln!("ecs-rollout: assumed: {assumed}");
        }
        Ok(workload)
    }
}

/// Reads a text file that a flag names.
///
/// # Errors
/// A sentence that names the file and the flag.
pub(super) fn read(path: &Path, flag: &str) -> Result<String, Failure> {
    Ok(text_file::read(path).map_err(|error| format!("{error}; {flag} names a text file"))?)
}
