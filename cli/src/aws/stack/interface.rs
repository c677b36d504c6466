//! Whether this program understands a stack, by the versions of both.

use std::fmt;

use workers::config::INTERFACE_VERSION;

use super::Stack;

/// A stack of a newer interface version than this program understands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewerInterface {
    /// The stack's name.
    pub stack: String,
    /// Its interface version.
    pub version: i64,
    /// The release of its template, if it says so.
    pub release: Option<String>,
}

impl fmt::Display for NewerInterface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (stack, version, own) = (&self.stack, self.version, env!("CARGO_PKG_VERSION"));
        let release = self.release.as_deref().unwrap_or("unknown");
        write!(
            f,
            "stack {stack} has interface version {version} (release {release}), and this ecs-rollout (release {own}) understands \
             {INTERFACE_VERSION} at most, so what it shows may be incomplete or wrong; install the ecs-rollout of the stack's release"
        )
    }
}

impl Stack {
    /// Set if the stack's template is newer than this program understands. Templates without the
    /// output are of version 1.
    pub fn newer_interface(&self) -> Option<NewerInterface> {
        let version: i64 = self.outputs.get("InterfaceVersion")?.parse().ok()?;
        (version > INTERFACE_VERSION).then(|| NewerInterface {
            stack: self.name.clone(),
            version,
            release: self.outputs.get("ReleaseVersion").cloned(),
        })
    }

    /// The same stack with the outputs of a template of this interface version.
    #[cfg(test)]
    pub fn with_interface(mut self, version: i64, release: &str) -> Self {
        let version = version.to_string();
        self.outputs.insert("InterfaceVersion".to_owned(), version);
        let release = release.to_owned();
        self.outputs.insert("ReleaseVersion".to_owned(), release);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_newer_version_is_named_with_both_releases_and_the_way_out() {
        let stack = Stack::with_parameters("prod", []);
        assert_eq!(stack.newer_interface(), None);
        let same = stack.clone().with_interface(INTERFACE_VERSION, "0.1.0");
        assert_eq!(same.newer_interface(), None);
        let newer = stack.with_interface(INTERFACE_VERSION + 1, "7.0.0");
        let text = newer.newer_interface().expect("newer").to_string();
        let (given, ours) = (INTERFACE_VERSION + 1, INTERFACE_VERSION);
        assert!(
            text.starts_with(&format!(
                "stack prod has interface version {given} (release 7.0.0), and this ecs-rollout (release {}) understands {ours} at most",
                env!("CARGO_PKG_VERSION")
            )),
            "{text}"
        );
        assert!(text.ends_with("install the ecs-rollout of the stack's release"));
    }
}
