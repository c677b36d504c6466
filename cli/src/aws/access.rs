//! Whose account it is: the profile, the Region, the credentials, found as the AWS CLI finds them.

mod profiles;
mod selection;

use std::error::Error as _;
use std::fmt;
use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_types::os_shim_internal::{Env, Fs};
use clap::Args;
use workers::http;

use super::place::{Place, Sources};
use super::{Aws, Slots, half_key, shell};
use crate::failure::Failure;
use crate::settings::Settings;
use profiles::profile_exists;
use selection::{Configured, selected_profile, source};

/// An answer that has not come by then does not come; the longest lists take a few seconds.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

/// What gives access.
pub const LOG_IN: &str = "name a profile with --profile, log in (aws sso login), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";

/// Where the account is.
#[derive(Debug, Clone, Default, Args)]
pub struct Access {
    /// Profile of the AWS configuration files [default: AWS_PROFILE, or `default`]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Region [default: AWS_REGION, or the profile's]
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// Write each call to stderr: operation, status, time, request id
    #[arg(long)]
    debug: bool,
    /// The account in memory that takes the place of all that
    #[arg(skip)]
    in_memory: Option<InMemory>,
}

/// An account of this process.
#[derive(Debug, Clone)]
pub struct InMemory {
    /// What its SDKs need.
    pub config: SdkConfig,
    /// The least time between two calls.
    pub between_calls: Duration,
}

/// The least time between two calls of a watcher to AWS.
const BETWEEN_CALLS: Duration = Duration::from_millis(500);

/// Whose credentials are used.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Where they come from.
    pub source: CredentialSource,
    /// Whether each call is written to stderr.
    pub debug: bool,
}

/// Where credentials come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialSource {
    /// A profile of the AWS configuration files.
    Profile(String),
    /// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
    Environment,
    /// None: the account is in memory.
    InMemory,
}

impl fmt::Display for CredentialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Profile(name) => write!(f, "profile {}", workers::text::printable(name)),
            Self::Environment => f.write_str("credentials from AWS_ACCESS_KEY_ID"),
            Self::InMemory => f.write_str("in memory"),
        }
    }
}

impl Access {
    /// The access by these flags.
    pub fn of(profile: Option<String>, region: Option<String>) -> Self {
        Self {
            profile,
            region,
            ..Self::default()
        }
    }

    /// Whether each call is written to stderr.
    pub fn debugs(&self) -> bool {
        self.debug
    }

    /// Whether the account is in memory, and ends with this process.
    pub fn is_in_memory(&self) -> bool {
        self.in_memory.is_some()
    }

    /// The account in memory.
    pub fn in_memory(account: InMemory) -> Self {
        Self {
            in_memory: Some(account),
            ..Self::default()
        }
    }

    /// The least time between two calls of a watcher.
    pub fn between_calls(&self) -> Duration {
        let in_memory = self.in_memory.as_ref();
        in_memory.map_or(BETWEEN_CALLS, |account| account.between_calls)
    }

    /// Finds credentials and Region as the AWS CLI does: flags, environment, configuration files,
    /// IAM Identity Center, the instance's or the container's role; and the address of another
    /// endpoint, AWS_ENDPOINT_URL.
    ///
    /// # Errors
    /// If the profile does not exist, if there is no Region, or if there are no credentials.
    pub async fn connect(&self) -> Result<Aws, Failure> {
        self.connect_with(None, None).await
    }

    /// The same for a caller that counts its calls, and tries again itself: the SDK makes one
    /// attempt.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub async fn connect_without_retries(&self) -> Result<Aws, Failure> {
        self.connect_with(Some(RetryConfig::disabled()), None).await
    }

    /// The same for a caller beside others: each call takes a slot.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub async fn connect_in_slots(&self, slots: Slots) -> Result<Aws, Failure> {
        self.connect_with(None, Some(slots)).await
    }

    async fn connect_with(
        &self,
        retries: Option<RetryConfig>,
        slots: Option<Slots>,
    ) -> Result<Aws, Failure> {
        if let Some(account) = &self.in_memory {
            return Ok(account.connect(retries, slots));
        }
        let settings = Settings::kept();
        let env = Env::real();
        let configured = Configured::of(settings, &env);
        // The AWS CLI does not read the configuration file, and its commands are printed too.
        shell::keep(
            self.profile.as_deref().or(configured.profile),
            self.region.as_deref().or(configured.region),
        );
        let profile = selected_profile(self.profile.as_deref(), &env);
        let profile = profile.or_else(|| configured.profile.map(str::to_owned));
        let files = match &profile {
            Some(name) => Some(profile_exists(name, &env).await?),
            None => aws_config::profile::load(&Fs::real(), &env, &EnvConfigFiles::default(), None)
                .await
                .ok(),
        };
        let http = http::Client::new();
        let mut loader = loader(http.clone(), retries);
        if let Some(profile) = &profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = self.region.as_deref().or(configured.region) {
            loader = loader.region(Region::new(region.to_owned()));
        }
        let mut config = loader.load().await;
        let Some(region) = config.region().map(ToString::to_string) else {
            let message = "no Region: give --region, or set AWS_REGION, or name one in the profile or in the configuration file";
            return Err(message.to_owned().into());
        };
        let sources = Sources {
            flag: self.region.as_deref(),
            configured: configured.region.and(settings.file.as_deref()),
            env: &env,
            profile: profile.as_deref().unwrap_or("default"),
            files: files.as_ref(),
        };
        Place::of(&region, &config, &sources).settle()?;
        if let Some(profile) = &self.profile {
            config = with_profile_credentials(config, profile, http.clone());
        }
        if let Err(failure) = has_credentials(&config).await {
            let flag = self.profile.as_deref();
            let name = profile.as_deref().unwrap_or("default");
            let half = half_key::found(flag, name, &env, &Fs::real()).await;
            return Err(half.map_or(failure, Failure::aws));
        }
        let http = http.for_endpoint(config.endpoint_url());
        let config = config.into_builder().http_client(http).build();
        let identity = Identity {
            source: source(self.profile.as_deref(), profile, &env),
            debug: self.debug,
        };
        Ok(Aws::with_identity(&config, region, identity, slots))
    }
}

impl InMemory {
    fn connect(&self, retries: Option<RetryConfig>, slots: Option<Slots>) -> Aws {
        let mut config = self.config.clone().into_builder();
        config.set_retry_config(retries);
        let identity = Identity {
            source: CredentialSource::InMemory,
            debug: false,
        };
        let region = self.config.region().map(ToString::to_string);
        Aws::with_identity(&config.build(), region.unwrap_or_default(), identity, slots)
    }
}

/// What finds the settings, for a caller that tries again itself or not.
fn loader(http: http::Client, retries: Option<RetryConfig>) -> ConfigLoader {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .build();
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .timeout_config(timeouts);
    match retries {
        Some(retries) => loader.retry_config(retries),
        None => loader,
    }
}

/// The same settings with the credentials of this profile and no others: with --profile the AWS CLI
/// reads no credentials from the environment.
fn with_profile_credentials(config: SdkConfig, profile: &str, http: http::Client) -> SdkConfig {
    let settings = ProviderConfig::without_region()
        .with_region(config.region().cloned())
        .with_behavior_version(config.behavior_version())
        .with_http_client(http);
    let provider = ProfileFileCredentialsProvider::builder()
        .configure(&settings)
        .profile_name(profile)
        .build();
    config
        .into_builder()
        .credentials_provider(SharedCredentialsProvider::new(provider))
        .build()
}

/// Nobody should wait for an account that he has no key to.
async fn has_credentials(config: &SdkConfig) -> Result<(), Failure> {
    let Some(provider) = config.credentials_provider() else {
        return Err(Failure::aws(format!("no credentials; {LOG_IN}")));
    };
    let Err(error) = provider.provide_credentials().await else {
        return Ok(());
    };
    let mut text = format!("no credentials; {LOG_IN}: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    Err(Failure::aws(text))
}
