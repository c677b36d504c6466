//! One half of an access key: the SDK says only that there are no credentials.

use aws_runtime::env_config::file::EnvConfigFiles;
use aws_types::os_shim_internal::{Env, Fs};

use super::shell;

/// The halves of an access key, as variables and as settings of a profile
/// (<https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html>).
const HALVES: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", "aws_access_key_id"),
    ("AWS_SECRET_ACCESS_KEY", "aws_secret_access_key"),
];

/// Which half of an access key is missing, and where, if the other half is there: in the
/// environment, unless --profile was given (`flag`), or in this profile.
pub async fn found(flag: Option<&str>, profile: &str, env: &Env, fs: &Fs) -> Option<String> {
    if let Some(text) = in_environment(env).filter(|_| flag.is_none()) {
        return Some(text);
    }
    let all = missing(profile, &EnvConfigFiles::default(), env, fs).await?;
    let (there, missing_half) = all;
    let mut place = "the AWS configuration files".to_owned();
    for (variable, usual, files) in [
        (
            "AWS_SHARED_CREDENTIALS_FILE",
            "~/.aws/credentials",
            EnvConfigFiles::builder().include_default_credentials_file(true),
        ),
        (
            "AWS_CONFIG_FILE",
            "~/.aws/config",
            EnvConfigFiles::builder().include_default_config_file(true),
        ),
    ] {
        if missing(profile, &files.build(), env, fs).await == Some(all) {
            place = env.get(variable).unwrap_or_else(|_| usual.to_owned());
        }
    }
    Some(format!(
        "no credentials: profile {profile} has {there} and no {missing_half} in {place}; add it there, or run aws configure \
         --profile {}",
        shell::quoted(profile)
    ))
}

fn in_environment(env: &Env) -> Option<String> {
    let is_set = |name: &str| env.get(name).is_ok_and(|value| !value.is_empty());
    let [(id, _), (secret, _)] = HALVES;
    let (there, missing) = match (is_set(id), is_set(secret)) {
        (true, false) => (id, secret),
        (false, true) => (secret, id),
        _ => return None,
    };
    Some(format!(
        "no credentials: {there} is set in the environment, and {missing} is not; set both, or name a profile with --profile"
    ))
}

/// The half that the profile has in these files, and the one that it lacks; nothing if it has both
/// or neither.
async fn missing(
    profile: &str,
    files: &EnvConfigFiles,
    env: &Env,
    fs: &Fs,
) -> Option<(&'static str, &'static str)> {
    let sections = aws_config::profile::load(fs, env, files, None).await.ok()?;
    let profile = sections.get_profile(profile)?;
    let has = |key: &str| profile.get(key).is_some_and(|value| !value.is_empty());
    let [(_, id), (_, secret)] = HALVES;
    match (has(id), has(secret)) {
        (true, false) => Some((id, secret)),
        (false, true) => Some((secret, id)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn message(flag: Option<&str>, credentials: &str, config: &str, key: &str) -> String {
        let env = Env::from_slice(&[
            ("AWS_SHARED_CREDENTIALS_FILE", "/keys"),
            ("AWS_CONFIG_FILE", "/settings"),
            ("AWS_ACCESS_KEY_ID", key),
        ]);
        let fs = Fs::from_slice(&[("/keys", credentials), ("/settings", config)]);
        found(flag, "half", &env, &fs).await.unwrap_or_default()
    }

    #[tokio::test]
    async fn the_missing_half_of_a_key_is_named_with_its_file() {
        let half = "[half]\naws_access_key_id = AKIAEXAMPLE\n";
        let text = message(Some("half"), half, "", "").await;
        assert!(
            text.contains("has aws_access_key_id and no aws_secret_access_key in /keys;"),
            "{text}"
        );
        assert!(text.contains("aws configure --profile half"), "{text}");
        let secret = "[profile half]\naws_secret_access_key = secret\n";
        let text = message(None, "", secret, "").await;
        assert!(
            text.contains("has aws_secret_access_key and no aws_access_key_id in /settings;"),
            "{text}"
        );
        // Each half in a file of its own is a whole key; so is none of both no half.
        assert_eq!(message(None, half, secret, "").await, "");
        assert_eq!(message(None, "[half]\n", "", "").await, "");
        let text = message(None, "[half]\n", "", "AKIAEXAMPLE").await;
        assert!(text.contains("AWS_SECRET_ACCESS_KEY is not"), "{text}");
        assert_eq!(
            message(Some("half"), "[half]\n", "", "AKIAEXAMPLE").await,
            ""
        );
    }
}
