//! Which of the settings wins: flag, environment or configuration file.

use aws_types::os_shim_internal::Env;

use super::CredentialSource;
use crate::aws::place::REGION_VARIABLES;
use crate::settings::Settings;

/// The profile that the flag names, or else the environment. The AWS CLI reads AWS_DEFAULT_PROFILE
/// first (<https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html>).
pub fn selected_profile(flag: Option<&str>, env: &Env) -> Option<String> {
    let variables = ["AWS_DEFAULT_PROFILE", "AWS_PROFILE"].into_iter();
    let mut set = variables.filter_map(|name| env.get(name).ok().filter(|value| !value.is_empty()));
    flag.map(str::to_owned).or_else(|| set.next())
}

/// What the configuration file says of the account, where the environment does not.
#[derive(Debug, PartialEq, Eq)]
pub struct Configured<'a> {
    /// The profile.
    pub profile: Option<&'a str>,
    /// The Region.
    pub region: Option<&'a str>,
}

impl<'a> Configured<'a> {
    /// What the file says, under this environment.
    pub fn of(settings: &'a Settings, env: &Env) -> Self {
        let is_set = |name: &&str| env.get(name).is_ok_and(|value| !value.is_empty());
        let has_identity = ["AWS_DEFAULT_PROFILE", "AWS_PROFILE", "AWS_ACCESS_KEY_ID"];
        let has_identity = has_identity.iter().any(is_set);
        let has_region = REGION_VARIABLES.iter().any(is_set);
        Self {
            profile: settings.profile.as_deref().filter(|_| !has_identity),
            region: settings.region.as_deref().filter(|_| !has_region),
        }
    }
}

/// Where the credentials come from. AWS_ACCESS_KEY_ID wins over AWS_PROFILE, and --profile wins
/// over both (<https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html>,
/// "Configuration and credential precedence").
pub fn source(flag: Option<&str>, profile: Option<String>, env: &Env) -> CredentialSource {
    let has_key = env
        .get("AWS_ACCESS_KEY_ID")
        .is_ok_and(|key| !key.is_empty());
    match (flag, has_key) {
        (None, true) => CredentialSource::Environment,
        _ => CredentialSource::Profile(profile.unwrap_or_else(|| "default".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_wins_over_the_configuration_file() {
        let settings = Settings {
            profile: Some("dev".to_owned()),
            region: Some("eu-west-1".to_owned()),
            ..Settings::default()
        };
        let of = |env: &[(&str, &str)]| {
            let configured = Configured::of(&settings, &Env::from_slice(env));
            (configured.profile.is_some(), configured.region.is_some())
        };
        assert_eq!(of(&[]), (true, true));
        assert_eq!(of(&[("AWS_PROFILE", ""), ("AWS_REGION", "")]), (true, true));
        assert_eq!(of(&[("AWS_PROFILE", "prod")]), (false, true));
        assert_eq!(of(&[("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")]), (false, true));
        assert_eq!(of(&[("AWS_DEFAULT_REGION", "eu-west-3")]), (true, false));
    }

    #[test]
    fn the_flag_wins_over_the_environment_and_keys_win_over_a_profile_of_the_environment() {
        let env = Env::from_slice(&[
            ("AWS_PROFILE", "prod"),
            ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"),
        ]);
        assert_eq!(selected_profile(Some("dev"), &env).as_deref(), Some("dev"));
        assert_eq!(selected_profile(None, &env).as_deref(), Some("prod"));
        let flagged = source(Some("dev"), Some("dev".to_owned()), &env);
        assert_eq!(flagged.to_string(), "profile dev");
        let unflagged = source(None, Some("prod".to_owned()), &env);
        assert_eq!(unflagged.to_string(), "credentials from AWS_ACCESS_KEY_ID");
        let keyless = Env::from_slice(&[("AWS_PROFILE", "prod")]);
        let named = source(None, selected_profile(None, &keyless), &keyless);
        assert_eq!(named.to_string(), "profile prod");
        let bare = Env::from_slice(&[]);
        assert_eq!(source(None, None, &bare).to_string(), "profile default");
    }
}
