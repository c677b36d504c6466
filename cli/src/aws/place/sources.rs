//! Where settings are found: in a flag, in the environment, in the AWS configuration files.

use aws_runtime::env_config::section::EnvConfigSections;
use aws_types::os_shim_internal::Env;

use super::{ENDPOINT, Origin};

/// What the settings of this process are read from.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// The flag `--region`.
    pub flag: Option<&'a str>,
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
        let mut variables = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter();
        if let Some(name) = variables.find(|name| self.env.get(name).is_ok()) {
            return Origin::Variable(name.to_owned());
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
