//! Names for the shell's completion: stacks, and instances of their groups. A shell waits for the
//! answer at its prompt, so it comes within a second or not at all, and nothing else is written.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::Duration;

use clap::Command;
use clap_complete::env::CompleteEnv;
use clap_complete::{ArgValueCompleter, CompletionCandidate};

use crate::aws::Access;
use crate::listing::{Listing, look};
use crate::settings::{Settings, variable};

/// The variable by which a shell asks for completions. That of clap, COMPLETE, may be set for
/// another reason.
pub const VARIABLE: &str = "ECS_ROLLOUT_COMPLETE";

/// The longest wait of a shell.
const DEADLINE: Duration = Duration::from_secs(1);

/// Answers a shell that asks for completions of the command line that `factory` makes; whether one
/// did. A shell that asks for something that
/// there is not has no answer: an error would stand in its prompt.
pub fn answered(factory: fn() -> Command) -> bool {
    if variable(VARIABLE).is_none() {
        return false;
    }
    let arguments = std::env::args_os();
    let folder = std::env::current_dir().ok();
    CompleteEnv::with_factory(factory)
        .var(VARIABLE)
        .try_complete(arguments, folder.as_deref())
        .unwrap_or(true)
}

/// Completes the names of stacks.
pub fn stacks() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| candidates(current, Listing::stack_names))
}

/// Completes the ids of instances.
pub fn instances() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| candidates(current, Listing::instances))
}

/// A value, and what it is.
type Value = (String, String);

fn candidates(current: &OsStr, of: impl Fn(&Listing) -> Vec<Value>) -> Vec<CompletionCandidate> {
    let words: Vec<OsString> = std::env::args_os().collect();
    let Some(listing) = listed(&words) else {
        return Vec::new();
    };
    let all = of(&listing).into_iter();
    let begun = all.filter(|(value, _)| value.starts_with(&*current.to_string_lossy()));
    begun
        .map(|(value, what)| CompletionCandidate::new(value).help(Some(what.into())))
        .collect()
}

/// What there is, if AWS says so in time.
fn listed(words: &[OsString]) -> Option<Listing> {
    let config = flag(words, "--config");
    let settings = Settings::read(config.as_deref().map(Path::new), &variable).ok()?;
    settings.keep();
    let access = Access::of(flag(words, "--profile"), flag(words, "--region"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .ok()?;
    let asked = async {
        let aws = access.connect_without_retries().await.ok()?;
        look(&aws).await.ok()
    };
    let answer = runtime.block_on(async { tokio::time::timeout(DEADLINE, asked).await });
    // A name that is being resolved would be waited for.
    runtime.shutdown_background();
    answer.ok().flatten()
}

/// The value of a flag in an unfinished command line.
fn flag(words: &[OsString], name: &str) -> Option<String> {
    let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    let joined = words.iter().rev().find_map(|word| {
        let value = word.strip_prefix(name)?.strip_prefix('=')?;
        Some(value.to_owned())
    });
    let place = words.iter().rposition(|word| *word == name);
    let apart = place.and_then(|place| words.get(place + 1));
    joined.or(apart.map(|value| (*value).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_is_found_in_an_unfinished_command_line() {
        let of = |line: &str| {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            flag(&words, "--region")
        };
        assert_eq!(
            of("x watch --region eu-west-1 "),
            Some("eu-west-1".to_owned())
        );
        assert_eq!(
            of("x watch --region=eu-west-3 s"),
            Some("eu-west-3".to_owned())
        );
        assert_eq!(of("x watch --region"), None);
        assert_eq!(of("x watch --regions a"), None);
    }
}
