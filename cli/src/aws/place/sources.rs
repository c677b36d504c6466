//! Where settings are found: in a flag, in the environment, in the AWS configuration files.

use std::path::Path;

use aws_runtime::env_config::section::EnvConfigSections;
use aws_types::os_shim_internal::Env;

use super::{ENDPOINT, Origin};

/// The variables that name the Region, in the order in which they are read.
pub const REGION_VARIABLES: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];

/// What the settings of this process are read from.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// The flag `--region`.
    pub flag: Option<&'a str>,
    /// The configuration file, if its Region is used.
    pub configured: Option<&'a Path>,
    /// The environment.
    pub env: &'a Env,
    /// The name of the profile.
    pub profile: &'a str,
    /// The AWS configuration files, if they can be read.
    pub files: Option<&'a EnvConfigSections>,
}

impl Sources<'_> {
    /// Where the Region was found.
    pub fn region(&self) -> Origin {
        if self.flag.is_some() {
            return Origin::Flag("--region");
        }
        let mut variables = REGION_VARIABLES.into_iter();
        if let Some(name) = variables.find(|name| self.env.get(name).is_ok()) {
            return Origin::Variable(name.to_owned());
        }
        if let Some(file) = self.configured {
            return Origin::File(file.to_owned());
        }
        let profile = self.files.and_then(|files| files.get_profile(self.profile));
        match profile.and_then(|profile| profile.get("region")) {
            Some(_) => Origin::Profile {
                key: "region",
                name: self.profile.to_owned(),
            },
            None => Origin::Metadata,
        }
    }

    /// Where the endpoint of a service was found, of one that was set.
    pub fn endpoint(&self, service: &str) -> Origin {
        let own = format!("{ENDPOINT}_{}", service.to_uppercase().replace(' ', "_"));
        let mut variables = [own, ENDPOINT.to_owned()].into_iter();
        match variables.find(|name| self.env.get(name).is_ok()) {
            Some(name) => Origin::Variable(name),
            None => Origin::Profile {
                key: "endpoint_url",
                name: self.profile.to_owned(),
            },
        }
    }
}
