//! The profiles of the AWS configuration files.

use std::error::Error as _;

use aws_runtime::env_config::file::EnvConfigFiles;
use aws_runtime::env_config::section::EnvConfigSections;
use aws_types::os_shim_internal::{Env, Fs};

use crate::aws::shell;
use crate::failure::Failure;

/// Whether the configuration files have the profile. The SDK would silently look elsewhere.
pub async fn profile_exists(name: &str, env: &Env) -> Result<EnvConfigSections, Failure> {
    let files = EnvConfigFiles::default();
    let load = aws_config::profile::load(&Fs::real(), env, &files, None).await;
    let profiles = load.map_err(|error| {
        let mut text = format!("the AWS configuration files cannot be read: {error}");
        let mut cause = error.source();
        while let Some(error) = cause {
            text += &format!(": {error}");
            cause = error.source();
        }
        Failure::from(text)
    })?;
    if profiles.get_profile(name).is_some() {
        return Ok(profiles);
    }
    let mut known: Vec<&str> = profiles.profiles().collect();
    known.sort_unstable();
    let known = if known.is_empty() {
        "they have no profile".to_owned()
    } else {
        format!("they have: {}", known.join(", "))
    };
    // A wrong name is input, as a flag is: nothing was asked of AWS.
    Err(Failure::from(format!(
        "profile {name} does not exist in the AWS configuration files (~/.aws/config and ~/.aws/credentials, or the files that \
         AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name); {known}. Give another --profile, or make it with \
         aws configure --profile {}",
        shell::quoted(name)
    )))
}
