//! The words that people meet: no text of ours has a phrase that the house style forbids, and
//! nothing counts `1 tasks`.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Phrases that say something roundabout, or that are not how this field speaks.
const FORBIDDEN: [&str; 18] = [
    "tells",
    "told",
    "goes on",
    "worse off",
    "so many",
    "so long",
    "as far as",
    "anew",
    "by chance",
    "lets go",
    "let go",
    "is asked",
    "is none",
    "what went",
    "the way back",
    "cut off",
    "befalls",
    "broken promise",
];

/// Nouns that are counted somewhere: after a 1 they have no s.
const COUNTED: [&str; 14] = [
    "tasks",
    "times",
    "instances",
    "services",
    "batches",
    "drains",
    "errors",
    "events",
    "executions",
    "invariants",
    "problems",
    "scenarios",
    "warnings",
    "standalone tasks",
];

/// How AWS counts in its own sentences, which the account repeats, and clap in its help.
const OF_OTHERS: [&str; 7] = [
    "instance(s)",
    "Instance(s)",
    "resource(s)",
    "signal(s)",
    "request(s)",
    "Parameter(s)",
    "subcommand(s)",
];

/// A text that people meet, and where it is from.
struct Text {
    place: String,
    text: String,
}

#[test]
fn no_text_has_a_forbidden_phrase() {
    let found = texts().flat_map(|it| {
        let text = it.text.to_lowercase();
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let found = FORBIDDEN.iter().filter(|phrase| has(&words, phrase));
        let found =
            found.map(|phrase| format!("{}: {phrase:?} in: {}", it.place, around(&words, phrase)));
        found.collect::<Vec<String>>()
    });
    assert_none(&found.collect::<Vec<String>>());
}

#[test]
fn nothing_counts_one_in_the_plural() {
    let found = texts().flat_map(|it| {
        let plural = COUNTED.iter().map(|noun| format!("1 {noun}"));
        let found = plural.filter(|mutation| has(&it.text, mutation));
        let mut found: Vec<String> = found
            .map(|mutation| {
                format!(
                    "{}: {mutation:?} in: {}",
                    it.place,
                    around(&it.text, &mutation)
                )
            })
            .collect();
        let own = OF_OTHERS
            .iter()
            .fold(it.text.clone(), |text, words| text.replace(words, ""));
        if own.contains("(s)") {
            found.push(format!(
                "{}: {:?} in: {}",
                it.place,
                "(s)",
                around(&own, "(s)")
            ));
        }
        found
    });
    assert_none(&found.collect::<Vec<String>>());
}

#[test]
fn a_phrase_is_found_as_a_whole_only() {
    assert!(has("what it told us", "told"));
    assert!(has("told.", "told") && has("(told", "told"));
    assert!(!has("told-once", "told") && !has("untold", "told") && !has("of 11 tasks", "1 tasks"));
    assert_eq!(
        literals(
            "a(\"x {told} \\\" y\"); // \"no\"\nb('\"', r#\"raw \"z\"#)\n#[cfg(test)]\n\"test\""
        ),
        ["x  \\\" y", "raw \"z"]
    );
}

fn assert_none(found: &[String]) {
    assert!(
        found.is_empty(),
        "{} texts:\n{}",
        found.len(),
        found.join("\n")
    );
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Whether `text` has `phrase` with nothing of a word, a name or a number beside it.
fn has(text: &str, phrase: &str) -> bool {
    let joins = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    text.match_indices(phrase).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + phrase.len()..]);
        let continues = |c: char| c.is_alphanumeric() || "-_".contains(c);
        !before.ends_with(joins) && !after.starts_with(continues)
    })
}

/// Some of `text` around a phrase.
fn around(text: &str, phrase: &str) -> String {
    let at = text.find(phrase).unwrap_or_default();
    let start = text.floor_char_boundary(at.saturating_sub(40));
    let end = text.floor_char_boundary((at + phrase.len() + 40).min(text.len()));
    text[start..end].replace('\n', " ")
}

/// The README and the pages of docs/, the help of every verb, the goldens, and the texts in the
/// sources.
fn texts() -> impl Iterator<Item = Text> {
    let pages = files(&root().join("docs"), "md").into_iter();
    let pages = pages.map(|path| read(&path));
    let readme = std::iter::once(read(&root().join("README.md"))).chain(pages);
    let goldens = files(&root().join("tests"), "golden");
    let goldens = goldens.into_iter().map(|path| read(&path));
    let sources = [
        "cli/src",
        "simulator/aws/src",
        "simulator/checker/src",
        "simulator/src",
        "workers/src",
    ];
    let sources = sources
        .into_iter()
        .flat_map(|folder| files(&root().join(folder), "rs"));
    let sources = sources.filter(|path| !is_of_tests(path)).map(|path| {
        let source = read(&path);
        let text = literals(&source.text).join("\n");
        Text { text, ..source }
    });
    readme.chain(helps()).chain(goldens).chain(sources)
}

/// The help of the program and of each of its verbs, which it lists itself.
fn helps() -> impl Iterator<Item = Text> {
    let help = |verb: &str| {
        let arguments: Vec<&str> = verb.split_whitespace().chain(["--help"]).collect();
        let program = env!("CARGO_BIN_EXE_ecs-rollout");
        let output = Command::new(program).args(arguments).output();
        let output = output.expect("the binary starts");
        assert!(output.status.success(), "{verb} --help");
        String::from_utf8(output.stdout).expect("help is UTF-8")
    };
    let whole = help("");
    let commands = whole.split("Commands:").nth(1).expect("it lists its verbs");
    let commands = commands.split("Options:").next().unwrap_or_default();
    let indented = commands.lines().filter_map(|line| line.strip_prefix("  "));
    let verbs = indented.filter(|line| !line.starts_with(' '));
    let verbs: Vec<String> = verbs
        .filter_map(|line| Some(line.split_whitespace().next()?.to_owned()))
        .filter(|verb| verb != "help")
        .collect();
    assert!(verbs.len() > 10, "{verbs:?}");
    let of_verbs = verbs.into_iter().map(move |verb| Text {
        text: help(&verb),
        place: format!("{verb} --help"),
    });
    let place = "--help".to_owned();
    std::iter::once(Text { place, text: whole }).chain(of_verbs)
}

fn read(path: &Path) -> Text {
    let place = path.strip_prefix(root()).unwrap_or(path);
    let text = std::fs::read_to_string(path);
    Text {
        place: place.display().to_string(),
        text: text.unwrap_or_else(|error| panic!("{}: {error}", place.display())),
    }
}

fn is_of_tests(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let of_tests = ["tests.rs", "scene.rs"];
    let in_tests = path.components().any(|part| part.as_os_str() == "tests");
    in_tests || name.is_some_and(|name| of_tests.contains(&name))
}

/// The files under `folder` with this extension.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder of this repository");
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|is| is == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The string literals of a source before its tests, without what is put into them.
fn literals(source: &str) -> Vec<String> {
    let end = source.find("#[cfg(test)]").unwrap_or(source.len());
    let mut rest = &source[..end];
    let mut found = Vec::new();
    while let Some(at) = rest.find(['"', '/', '\'', 'r']) {
        let here = &rest[at..];
        let (literal, skip) = if here.starts_with("//") {
            (None, here.find('\n').unwrap_or(here.len()))
        } else if here.starts_with("'\"'") || here.starts_with("'\\\"'") {
            (None, if here.starts_with("'\"'") { 3 } else { 4 })
        } else if let Some(raw) = here.strip_prefix("r#\"") {
            let length = raw.find("\"#").unwrap_or(raw.len());
            (Some(&raw[..length]), (length + 5).min(here.len()))
        } else if let Some(text) = here.strip_prefix('"') {
            let length = closing_quote(text);
            (Some(&text[..length]), (length + 2).min(here.len()))
        } else {
            (None, 1)
        };
        found.extend(literal.map(without_placeholders));
        rest = &here[skip..];
    }
    found
}

/// Where the literal ends whose text begins here.
fn closing_quote(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().find(|(_, c)| {
        let is_end = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        is_end
    });
    end.map_or(text.len(), |(at, _)| at)
}

fn without_placeholders(literal: &str) -> String {
    let mut parts = literal.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + part.split_once('}').map_or(part, |(_, after)| after)
    })
}
