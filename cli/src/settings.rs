//! The configuration file: what a verb takes where neither a flag nor the environment says it.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use clap::ValueEnum;
use serde::Deserialize;
use workers::text::printable;

use crate::failure::Failure;

/// The variable that names the file.
const FILE_VARIABLE: &str = "ECS_ROLLOUT_CONFIG";

/// The variable that names the stack.
pub const STACK_VARIABLE: &str = "ECS_ROLLOUT_STACK";

/// The keys of the file, for messages.
const KEYS: &str = "stack, profile, region and color, each a text in quotes";

/// What this process was started with. Set once, before the verb runs.
static SETTINGS: OnceLock<Settings> = OnceLock::new();

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What the file says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    stack: Option<String>,
    profile: Option<String>,
    region: Option<String>,
    color: Option<Color>,
}

/// The settings of this process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The stack, if one is set.
    pub stack: Option<String>,
    /// The profile of the AWS configuration files, below the environment.
    pub profile: Option<String>,
    /// The Region, below the environment.
    pub region: Option<String>,
    /// When to use colours, below the environment.
    pub color: Option<Color>,
    /// The file, if there is one.
    pub file: Option<PathBuf>,
}

/// Why a configuration file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// It cannot be read.
    #[error(
        "configuration file {}: {source}; {origin} names a file that can be read, or is left out", path.display()
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What named it.
        origin: FileOrigin,
        /// Why not.
        source: std::io::Error,
    },
    /// It is no TOML, or has another key or value than those that there are.
    #[error(
        "configuration file {}, line {line}: {what}; correct or remove that line. The keys are {KEYS}", path.display()
    )]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// What is wrong there.
        what: String,
    },
}

/// What named the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileOrigin {
    /// The flag.
    Flag,
    /// The variable.
    Variable,
    /// Nothing: it is where such files are.
    Default,
}

impl fmt::Display for FileOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flag => "--config",
            Self::Variable => FILE_VARIABLE,
            Self::Default => "XDG_CONFIG_HOME, or HOME,",
        })
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self::from(error.to_string())
    }
}

/// A variable of the environment; nothing if it is empty.
type Variables<'a> = &'a dyn Fn(&str) -> Option<OsString>;

impl Settings {
    /// Reads the file that the flag or the environment names, or else the one in the folder for
    /// such files, if it is there; the environment stands above it.
    ///
    /// # Errors
    /// If a file that was named cannot be read, or if a file has something unknown.
    pub fn read(flag: Option<&Path>, variable: Variables<'_>) -> Result<Self, SettingsError> {
        let keys = match file(flag, variable) {
            Some((path, origin)) => read_file(&path, origin)?.map(|keys| (path, keys)),
            None => None,
        };
        let (path, keys) = keys.unzip();
        let keys = keys.unwrap_or_default();
        let stack = variable(STACK_VARIABLE).and_then(|stack| stack.into_string().ok());
        Ok(Self {
            stack: stack.or(keys.stack),
            profile: keys.profile,
            region: keys.region,
            color: keys.color,
            file: path,
        })
    }

    /// Keeps them for the verb.
    pub fn keep(self) {
        SETTINGS.get_or_init(|| self);
    }

    /// Those that were kept; none in a test.
    pub fn kept() -> &'static Self {
        static NONE: Settings = Settings {
            stack: None,
            profile: None,
            region: None,
            color: None,
            file: None,
        };
        SETTINGS.get().unwrap_or(&NONE)
    }
}

/// A variable of this process; nothing if it is not set, or empty.
pub fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The file, and what names it. The folder is the same on every system: it is the one that
/// programs for terminals use (<https://specifications.freedesktop.org/basedir-spec/latest/>, which
/// says that a relative path is ignored).
fn file(flag: Option<&Path>, variable: Variables<'_>) -> Option<(PathBuf, FileOrigin)> {
    if let Some(path) = flag {
        return Some((path.to_owned(), FileOrigin::Flag));
    }
    if let Some(path) = variable(FILE_VARIABLE) {
        return Some((path.into(), FileOrigin::Variable));
    }
    let folder = variable("XDG_CONFIG_HOME").map(PathBuf::from);
    let folder = folder.filter(|folder| folder.is_absolute());
    let home = || variable("HOME").map(|home| Path::new(&home).join(".config"));
    let folder = folder.or_else(home)?;
    Some((
        folder.join("ecs-rollout").join("config.toml"),
        FileOrigin::Default,
    ))
}

/// What the file says; nothing if it is not there and nobody named it.
fn read_file(path: &Path, origin: FileOrigin) -> Result<Option<Keys>, SettingsError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error)
            if origin == FileOrigin::Default && error.kind() == std::io::ErrorKind::NotFound =>
        {
            return Ok(None);
        }
        Err(source) => {
            return Err(SettingsError::Unreadable {
                path: path.to_owned(),
                origin,
                source,
            });
        }
    };
    let keys = toml::from_str(&text).map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        SettingsError::Wrong {
            path: path.to_owned(),
            line: before.unwrap_or_default().matches('\n').count() + 1,
            what: printable(error.message()).replace('\u{fffd}', " "),
        }
    })?;
    Ok(Some(keys))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.toml");
        std::fs::write(&path, text).expect("a file");
        (folder, path)
    }

    fn none(_: &str) -> Option<OsString> {
        None
    }

    #[test]
    fn the_file_is_read_and_the_environment_stands_above_it() {
        let (_folder, path) = written(
            "# mine\nstack = \"ecs-cluster\"\nprofile = \"prod\"\nregion = \"eu-west-1\"\ncolor = \"never\"\n",
        );
        let read = Settings::read(Some(&path), &none).expect("it can be read");
        assert_eq!(read.stack.as_deref(), Some("ecs-cluster"));
        assert_eq!(read.profile.as_deref(), Some("prod"));
        assert_eq!(read.region.as_deref(), Some("eu-west-1"));
        assert_eq!(read.color, Some(Color::Never));
        assert_eq!(read.file.as_ref(), Some(&path));
        let set = |name: &str| (name == STACK_VARIABLE).then(|| "other".into());
        let read = Settings::read(Some(&path), &set).expect("it can be read");
        assert_eq!(read.stack.as_deref(), Some("other"));
    }

    #[test]
    fn what_is_wrong_is_named_with_file_line_and_the_known_keys() {
        for (text, line, part) in [
            ("stack = \"a\"\nclor = \"auto\"\n", 2, "`clor`"),
            ("color = \"blue\"\n", 1, "`blue`"),
            ("\n\nregion = 5\n", 3, "expected a string"),
            ("stack = \"a\nregion = \"b\"\n", 1, ""),
            ("stack = \"a\"\nstack = \"b\"\n", 2, "duplicate"),
            ("[stack]\nname = \"a\"\n", 1, "expected a string"),
        ] {
            let (_folder, path) = written(text);
            let wrong = Settings::read(Some(&path), &none).expect_err(text);
            let said = wrong.to_string();
            let begins = format!("configuration file {}, line {line}: ", path.display());
            assert!(said.starts_with(&begins), "{text:?}: {said}");
            assert!(said.contains(part), "{text:?}: {said}");
            assert!(
                said.ends_with("stack, profile, region and color, each a text in quotes"),
                "{said}"
            );
            assert!(!said.contains('\n'), "{said}");
        }
    }

    #[test]
    fn a_file_that_is_named_must_be_there_and_another_need_not() {
        let missing = Path::new("/nonexistent/config.toml");
        let said = Settings::read(Some(missing), &none).expect_err("it is not there");
        assert!(said.to_string().contains("--config names a file"), "{said}");
        let by_variable = |name: &str| (name == FILE_VARIABLE).then(|| missing.into());
        let said = Settings::read(None, &by_variable).expect_err("it is not there");
        assert!(said.to_string().contains(FILE_VARIABLE), "{said}");
        let home = |name: &str| (name == "HOME").then(|| "/nonexistent".into());
        assert_eq!(
            Settings::read(None, &home).expect("it may be"),
            Settings::default()
        );
        assert_eq!(
            Settings::read(None, &none).expect("it may be"),
            Settings::default()
        );
    }

    #[test]
    fn the_folder_is_the_one_that_xdg_names_if_it_is_absolute() {
        let found = |xdg: &'static str| {
            let set = move |name: &str| match name {
                "XDG_CONFIG_HOME" => Some(xdg.into()),
                "HOME" => Some("/me".into()),
                _ => None,
            };
            file(None, &set).map(|(path, _)| path)
        };
        assert_eq!(found("/cfg"), Some("/cfg/ecs-rollout/config.toml".into()));
        let home: PathBuf = "/me/.config/ecs-rollout/config.toml".into();
        assert_eq!(found("cfg"), Some(home));
    }
}
