//! House rules, checked: how files open, how long they are, which words stay out, and that the
//! README and the folders agree.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Lines in a file, without its tests: more than that is more than one thing.
const LINES_AT_MOST: usize = 300;
/// Words that must not be in any Rust file, and what to do instead.
const WORDS_THAT_STAY_OUT: [(&str, &str); 7] = [
    ("todo!(", "unfinished"),
    ("unimplemented!(", "unfinished"),
    ("dbg!(", "left over"),
    (
        "#[allow(",
        "write #[expect(…, reason = \"…\")] at the one line",
    ),
    (
        "#![allow(",
        "write #[expect(…, reason = \"…\")] at the one line",
    ),
    ("#[ignore", "a test that does not run proves nothing"),
    ("FIXME", "mend it"),
];
/// Folders in which an error is a type with fields, and never a ready sentence. Add a folder once
/// it is clean.
const FOLDERS_OF_TYPED_ERRORS: [&str; 5] = [
    "cli/src/",
    "simulator/aws/src/",
    "simulator/checker/src/",
    "simulator/src/",
    "workers/",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The files that git tracks.
fn tracked() -> Vec<(String, String)> {
    let output = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root())
        .output()
        .expect("git lists the files of this checkout");
    assert!(
        output.status.success(),
        "git ls-files: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .expect("paths are UTF-8")
        .split_terminator('\0')
        .filter_map(|path| {
            let text = std::fs::read_to_string(root().join(path)).ok()?;
            Some((path.to_owned(), text))
        })
        .collect()
}

fn rust_files() -> impl Iterator<Item = (String, String)> {
    tracked()
        .into_iter()
        .filter(|(path, _)| path.ends_with(".rs"))
}

fn assert_none(rule: &str, offenders: &[String]) {
    assert!(offenders.is_empty(), "{rule}:\n{}", offenders.join("\n"));
}

#[test]
fn every_rust_file_says_what_it_is_for() {
    let offenders: Vec<String> = rust_files()
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(path, _)| path)
        .collect();
    assert!(rust_files().count() > 50, "the files were not found");
    assert_none("these files do not open with //!", &offenders);
}

#[test]
fn files_are_one_thing_each() {
    let offenders: Vec<String> = rust_files()
        .filter_map(|(path, text)| {
            // A file of tests is as long as its tests.
            let lines = if is_of_tests(&path) {
                0
            } else {
                production_lines(&text).len()
            };
            (lines > LINES_AT_MOST).then(|| format!("{path}: {lines} lines"))
        })
        .collect();
    assert_none("these files are longer than one thing", &offenders);
}

/// Whether all of a file is compiled for tests only.
fn is_of_tests(path: &str) -> bool {
    let files = ["/tests.rs", "/resource_tests.rs"];
    let folders = ["/tests/", "workers/src/tables/"];
    path.starts_with("tests/")
        || files.iter().any(|end| path.ends_with(end))
        || folders.iter().any(|folder| path.contains(folder))
}

/// Lines without what is compiled for tests only, wherever that stands, with their numbers from 1.
fn production_lines(text: &str) -> Vec<(usize, &str)> {
    let mut lines = text.lines().zip(1..).map(|(line, number)| (number, line));
    let mut production = Vec::new();
    while let Some((number, line)) = lines.next() {
        if line.trim() == "#[cfg(test)]" {
            skip_item(line, &mut lines);
        } else {
            production.push((number, line));
        }
    }
    production
}

/// Skips the item after an attribute: to its semicolon, or to the brace that closes it at the
/// attribute's column.
fn skip_item<'a>(attribute: &str, lines: &mut impl Iterator<Item = (usize, &'a str)>) {
    let indent = attribute.len() - attribute.trim_start().len();
    let end = format!("{}}}", " ".repeat(indent));
    let mut item = lines
        .map(|(_, line)| line)
        .skip_while(|line| line.trim_start().starts_with("#["));
    let is_block = item.next().is_some_and(|first| !first.ends_with(';'));
    if is_block {
        item.find(|line| *line == end);
    }
}

#[test]
fn code_is_counted_past_an_early_test_module() {
    let text = "//! Two.\n\n#[cfg(test)]\nmod stub;\n\nfn one() {}\n\n#[cfg(test)]\n#[path = \"x\"]\nmod tests {\n    \
                fn not() {\n    }\n}\n\n// Why.\nfn two() {}\n";
    let numbers = production_lines(text).into_iter().map(|(number, _)| number);
    assert_eq!(
        numbers.collect::<Vec<_>>(),
        [1, 2, 5, 6, 7, 14, 15, 16],
        "each line keeps its number"
    );
}

/// Lines without those that are a comment, as one text.
struct Code {
    text: String,
    /// Where each line starts in the text, and its number.
    starts: Vec<(usize, usize)>,
}

impl Code {
    fn of(lines: &[(usize, &str)]) -> Self {
        let is_code = |line: &str| !line.trim_start().starts_with("//");
        let (mut text, mut starts) = (String::new(), Vec::new());
        for (number, line) in lines.iter().filter(|(_, line)| is_code(line)) {
            starts.push((text.len(), *number));
            text.push_str(line);
            text.push('\n');
        }
        Self { text, starts }
    }

    /// The number of the line that has this place of the text.
    fn line_of(&self, at: usize) -> usize {
        let next = self.starts.partition_point(|(start, _)| *start <= at);
        self.starts[next - 1].1
    }
}

/// The lines at which a type `Result<…, String>` begins. The type may stand on several lines.
fn results_with_sentences(lines: &[(usize, &str)]) -> Vec<usize> {
    let code = Code::of(lines);
    let opening = "Result<";
    let found = code.text.match_indices(opening).filter(|(at, _)| {
        let (arguments, _) = bracketed(&code.text[at + opening.len()..]);
        arguments.get(1).is_some_and(|error| *error == "String")
    });
    found.map(|(at, _)| code.line_of(at)).collect()
}

/// The lines at which a function begins of which a parameter is a tuple pattern. The parameters of
/// closures are not looked at.
fn tuple_parameters(lines: &[(usize, &str)]) -> Vec<usize> {
    let code = Code::of(lines);
    let is_tuple = |parameter: &&str| {
        let pattern = parameter.trim_start_matches(['&', ' ']);
        pattern.starts_with('(')
    };
    let found = code.text.match_indices("fn ").filter(|(at, keyword)| {
        let is_word = !code.text[..*at].ends_with(|one: char| one.is_alphanumeric() || one == '_');
        let parameters = parameters(&code.text[at + keyword.len()..]);
        is_word && parameters.iter().any(is_tuple)
    });
    found.map(|(at, _)| code.line_of(at)).collect()
}

/// The parameters of a function, from its name on.
fn parameters(text: &str) -> Vec<&str> {
    let behind_name = text.trim_start_matches(|one: char| one.is_alphanumeric() || one == '_');
    let behind_generics = match behind_name.strip_prefix('<') {
        Some(generics) => bracketed(generics).1,
        None => behind_name,
    };
    let list = behind_generics.strip_prefix('(');
    list.map(|list| bracketed(list).0).unwrap_or_default()
}

/// The arguments of a generic type, or the parameters of a function, from behind the bracket that
/// opens their list to the one that closes it; and the text behind that.
fn bracketed(text: &str) -> (Vec<&str>, &str) {
    let mut parts = Vec::new();
    let (mut depth, mut start, mut before) = (0_usize, 0, ' ');
    for (at, one) in text.char_indices() {
        match one {
            '<' | '(' | '[' | '{' => depth += 1,
            // The arrow of a function type closes nothing.
            '>' if before == '-' => {}
            '>' | ')' | ']' | '}' if depth == 0 => {
                parts.push(text[start..at].trim());
                return (parts, &text[at + 1..]);
            }
            '>' | ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
        before = one;
    }
    (parts, "")
}

#[test]
fn an_error_is_a_type_with_fields_and_no_sentence() {
    let has_typed_errors = |path: &str| {
        let mut folders = FOLDERS_OF_TYPED_ERRORS.iter();
        folders.any(|folder| path.starts_with(folder)) && !is_of_tests(path)
    };
    for folder in FOLDERS_OF_TYPED_ERRORS {
        assert!(
            rust_files().any(|(path, _)| path.starts_with(folder)),
            "no Rust file is in {folder}"
        );
    }
    let offenders: Vec<String> = rust_files()
        .filter(|(path, _)| has_typed_errors(path))
        .flat_map(|(path, text)| {
            let lines = results_with_sentences(&production_lines(&text));
            lines.into_iter().map(move |line| format!("{path}:{line}"))
        })
        .collect();
    assert_none(
        "these give a sentence as the error: write an enum with fields, whose Display is the sentence",
        &offenders,
    );
}

#[test]
fn a_sentence_as_the_error_is_found_in_each_form() {
    for (text, lines) in [
        ("fn a() -> Result<(), String> {}", &[1][..]),
        ("fn a() -> Result<Vec<(u8, String)>, Error> {}", &[]),
        ("fn a() -> Result<Result<u8, String>, Error> {}", &[1]),
        ("fn a() -> Result<String> {}", &[]),
        (
            "// Result<u8, String>\n\ntype A =\n    Result<\n        u8,\n        String,\n    >;",
            &[4],
        ),
        ("fn a(b: Result<fn(u8) -> u8, String>) {}", &[1]),
        (
            "#[cfg(test)]\nmod tests {\n    type A = Result<u8, String>;\n}\ntype B = Result<u8, String>;",
            &[5],
        ),
    ] {
        let found = results_with_sentences(&production_lines(text));
        assert_eq!(found, lines, "{text}");
    }
}

#[test]
fn no_parameter_is_a_tuple() {
    let this_file = "tests/tidy.rs";
    let offenders: Vec<String> = rust_files()
        .filter(|(path, _)| path != this_file)
        .flat_map(|(path, text)| {
            let lines: Vec<(usize, &str)> = (1..).zip(text.lines()).collect();
            let lines = tuple_parameters(&lines);
            lines.into_iter().map(move |line| format!("{path}:{line}"))
        })
        .collect();
    assert_none(
        "these functions take a tuple apart: write two parameters, or a struct whose name says what they are",
        &offenders,
    );
}

#[test]
fn a_parameter_that_is_a_tuple_is_found_in_each_form() {
    for (text, lines) in [
        ("fn a((b, c): (u8, u8)) {}", &[1][..]),
        ("fn a(b: (u8, u8), c: u8) -> (u8, u8) {}", &[]),
        ("fn a(b: u8, &(c, d): &(u8, u8)) {}", &[1]),
        ("\npub fn a(\n    &self,\n    (b, c): (u8, u8),\n) {}", &[2]),
        ("fn a<T: Fn(u8) -> u8>(b: T, (c, d): (u8, u8)) {}", &[1]),
        ("fn a<\n    T,\n>(\n    (b, c): (T, T),\n) {}", &[1]),
        ("fn a(b: impl Fn((u8, u8))) {}", &[]),
        ("fn a(b: fn((u8, u8)) -> u8) {}", &[]),
        ("fn a() {\n    b(|(c, d): (u8, u8)| c + d);\n}", &[]),
        ("// fn a((b, c): (u8, u8)) {}", &[]),
    ] {
        let numbered: Vec<(usize, &str)> = (1..).zip(text.lines()).collect();
        assert_eq!(tuple_parameters(&numbered), lines, "{text}");
    }
}

#[test]
fn comments_are_a_hundred_columns_wide_at_most() {
    let is_prose = |comment: &str| {
        let text = comment.trim_start_matches(['/', '!']);
        !text.contains("://") && !text.starts_with(" |") && !text.starts_with("   ")
    };
    let offenders: Vec<String> = rust_files()
        .flat_map(|(path, text)| {
            let wide = text.lines().enumerate().filter(|(_, line)| {
                let comment = line.trim_start();
                comment.starts_with("//") && line.chars().count() > 100 && is_prose(comment)
            });
            wide.map(|(number, _)| format!("{path}:{}", number + 1))
                .collect::<Vec<_>>()
        })
        .collect();
    assert_none(
        "these comments are wider than a hundred columns",
        &offenders,
    );
}

#[test]
fn words_that_stay_out() {
    let this_file = "tests/tidy.rs";
    let offenders: Vec<String> = rust_files()
        .filter(|(path, _)| path != this_file)
        .flat_map(|(path, text)| {
            let found = WORDS_THAT_STAY_OUT
                .iter()
                .filter(|(word, _)| text.contains(word));
            found
                .map(|(word, why)| format!("{path}: {word}: {why}"))
                .collect::<Vec<_>>()
        })
        .collect();
    assert_none("these words stay out", &offenders);
}

#[test]
fn no_path_of_a_machine_is_written_down() {
    let homes = ["/home/", "/root/", "/Users/"];
    let offenders: Vec<String> = tracked()
        .into_iter()
        .filter(|(path, _)| !path.ends_with(".lock") && path != "tests/tidy.rs")
        .filter(|(_, text)| homes.iter().any(|home| text.contains(home)))
        .map(|(path, _)| path)
        .collect();
    assert_none("these files name a path of somebody's machine", &offenders);
}

#[test]
fn the_readme_is_a_page_and_names_the_two_commands() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the README is there");
    for command in ["cargo run -- rehearse", "tests/run"] {
        assert!(
            readme.contains(command),
            "the README does not name {command}"
        );
    }
    let lines = readme.lines().count();
    assert!(lines <= 150, "the README has {lines} lines, and not 150");
}

/// The links of a page that lead into this checkout: path and anchor.
fn local_links(page: &str) -> impl Iterator<Item = (&str, &str)> {
    page.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|link| !link.starts_with("http") && !link.contains(' '))
        .map(|link| link.split_once('#').unwrap_or((link, "")))
}

/// What a heading is called in a link, as GitHub makes it.
fn anchor(heading: &str) -> String {
    heading
        .trim_start_matches('#')
        .trim()
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

#[test]
fn every_link_of_the_documentation_leads_to_a_file_and_a_heading_that_are_there() {
    assert_eq!(
        anchor("## What does `A:B` mean, and?"),
        "what-does-ab-mean-and"
    );
    let mut dangling = Vec::new();
    for (path, page) in tracked().iter().filter(|(path, _)| path.ends_with(".md")) {
        let folder = root().join(path);
        let folder = folder.parent().expect("a file has a folder");
        for (file, heading) in local_links(page) {
            let to = if file.is_empty() {
                root().join(path)
            } else {
                folder.join(file)
            };
            let text = std::fs::read_to_string(&to).unwrap_or_default();
            let mut headings = text.lines().filter(|line| line.starts_with('#'));
            let is_there =
                to.exists() && (heading.is_empty() || headings.any(|line| anchor(line) == heading));
            if !is_there {
                dangling.push(format!("{path}: {file}#{heading}"));
            }
        }
    }
    assert_none("these links lead nowhere", &dangling);
}

#[test]
fn the_sdk_is_named_in_one_file_for_each_service() {
    let naming: Vec<String> = rust_files()
        .filter(|(path, text)| path.starts_with("workers/") && text.contains("aws_sdk_"))
        .map(|(path, _)| path)
        .collect();
    let wanted = [
        "workers/activity/src/stepfunctions.rs",
        "workers/src/autoscaling.rs",
        "workers/src/autoscaling/actions.rs",
        "workers/src/cloudformation.rs",
        "workers/src/ecs.rs",
        "workers/src/ecs/drain_options.rs",
        "workers/src/ecs/several.rs",
        "workers/src/ecs/translation.rs",
        "workers/src/stepfunctions.rs",
    ];
    assert_eq!(naming, wanted, "the workers name the SDK elsewhere");
}

/// What a printed command begins with: a service of the AWS CLI and its operation, or a verb of
/// ours.
const COMMANDS: [&str; 15] = [
    "aws autoscaling ",
    "aws cloudformation ",
    "aws ec2 ",
    "aws ecs ",
    "aws ssm ",
    "aws stepfunctions ",
    "ecs-rollout cancel ",
    "ecs-rollout explain ",
    "ecs-rollout pause ",
    "ecs-rollout plan ",
    "ecs-rollout report ",
    "ecs-rollout resume ",
    "ecs-rollout roll ",
    "ecs-rollout terminate ",
    "ecs-rollout watch ",
];

/// The literals of a Rust text that hold a command, without comments, tests and the examples of
/// `--help`, which name their own account; and what stands before each.
fn literals_with_commands(text: &str) -> Vec<(usize, bool)> {
    let text = text
        .split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or_default();
    let mut found = Vec::new();
    let mut help = false;
    for (at, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        help |= trimmed.contains("after_help");
        let is_text = !trimmed.starts_with("//") && !help;
        help &= !line.contains("\"))]");
        for command in COMMANDS.iter().filter(|_| is_text) {
            let Some(start) = line.find(command) else {
                continue;
            };
            // A command is a literal of its own, which only `with_access` takes.
            let opens = line[..start].ends_with('"');
            let lines: Vec<&str> = text.lines().take(at).collect();
            let before = lines[at.saturating_sub(3)..].concat() + &line[..start];
            let before: String = before.chars().filter(|one| !one.is_whitespace()).collect();
            let given = ["with_access(\"", "with_access(&format!(\""];
            let is_given = given.iter().any(|call| before.ends_with(call));
            found.push((at + 1, opens && is_given));
        }
    }
    found
}

#[test]
fn every_printed_command_goes_to_the_account_that_was_named() {
    let mut count = 0;
    let mut offenders = Vec::new();
    let is_printing = |path: &str| {
        path.starts_with("cli/src/") && !path.contains("/tests") && path.ends_with(".rs")
    };
    for (path, text) in tracked().into_iter().filter(|(path, _)| is_printing(path)) {
        for (line, is_given) in literals_with_commands(&text) {
            count += 1;
            if !is_given {
                offenders.push(format!("{path}:{line}"));
            }
        }
    }
    assert!(count > 30, "{count} commands were found");
    assert_none(
        "these commands lack --profile and --region: make each with with_access(&format!(…))",
        &offenders,
    );
    let bare = "say(\"see aws ecs list-tasks --cluster c\");\nwith_access(\n    &format!(\n        \"ecs-rollout watch {}\"";
    assert_eq!(literals_with_commands(bare), [(1, false), (4, true)]);
}
