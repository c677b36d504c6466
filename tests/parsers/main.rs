//! Every reader of what comes from outside, with a kept corpus and mutations of it: none panics,
//! overflows the stack, hangs or answers without end, and what each guarantees holds (see
//! `../parsers.rs`).
//!
//! A file of `corpus/TARGET` whose name begins with `good` must be accepted, one that begins with
//! `bad` be refused; one that once broke something says so. The mutations are the same each time.
//! For others: `PARSERS_SEED=any` takes a fresh seed and prints it, `PARSERS_SEED=7` takes that
//! one; `PARSERS_CASES=10` makes ten times as many.

mod mutations;

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use ecs_rollout_tests::parsers::{ALL, Target, Verdict};
use mutations::Mutations;

/// What a person would take for a hang. Inputs take milliseconds, but machines are busy.
const HANG: Duration = Duration::from_secs(20);
/// That of a thread by default, in which the product reads most of this.
const STACK: usize = 2 * 1024 * 1024;
/// The seed of every day.
const SEED: u64 = 20_261_123;

/// The files of the corpus, and those of the product that such a reader is there for.
fn corpus(target: &Target) -> Vec<(String, Vec<u8>)> {
    let own = format!("parsers/corpus/{}", target.name);
    let mut all = files(&own, "");
    all.extend(match target.name {
        "asl" => files("../statemachine", ".asl.json"),
        "parameters" => files("../template", ".json"),
        "scenario" => ecs_rollout_tests::scenarios(),
        "template" => files("../template", ".yaml"),
        _ => Vec::new(),
    });
    let named = |path: PathBuf| {
        let name = path.file_name().expect("a file has a name");
        let bytes = std::fs::read(&path).expect("a file of the corpus can be read");
        (name.to_string_lossy().into_owned(), bytes)
    };
    all.into_iter().map(named).collect()
}

/// The files in a folder beside this one's whose names end so.
fn files(folder: &str, end: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.to_string_lossy().ends_with(end))
        .collect();
    files.sort();
    files
}

/// The words of a reader's dictionary: one a line in quotes, in which `\\`, `\"` and `\xAB` stand
/// for a byte.
fn words(target: &Target) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("parsers/words");
    let text = std::fs::read_to_string(folder.join(format!("{}.dict", target.name)));
    let text = text.expect("each reader has a dictionary");
    let quoted = |line: &str| Some(line.strip_prefix('"')?.strip_suffix('"')?.to_owned());
    let words = text.lines().filter_map(quoted);
    words.map(|word| unescaped(&word)).collect()
}

fn unescaped(word: &str) -> Vec<u8> {
    let mut parts = word.split('\\');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    while let Some(part) = parts.next() {
        match part.strip_prefix('x') {
            Some(code) => {
                let byte = u8::from_str_radix(&code[..2], 16);
                bytes.push(byte.expect("two hexadecimal digits follow on \\x"));
                bytes.extend(code[2..].bytes());
            }
            // Two backslashes in a row are one.
            None if part.is_empty() => {
                bytes.push(b'\\');
                bytes.extend(parts.next().unwrap_or_default().bytes());
            }
            None => bytes.extend(part.bytes()),
        }
    }
    bytes
}

fn seed() -> u64 {
    match std::env::var("PARSERS_SEED").ok() {
        None => SEED,
        Some(given) => given.parse().unwrap_or_else(|_| fastrand::u64(..)),
    }
}

fn times() -> usize {
    let given = std::env::var("PARSERS_CASES").ok();
    given.map_or(1, |given| given.parse().expect("PARSERS_CASES is a number"))
}

/// The verdict about `input`, found in a thread of its own: one that hangs or panics is named, and
/// so is one that overflows its stack, by Rust's own message.
fn verdict(target: Target, name: &str, input: &[u8]) -> Verdict {
    let (sender, receiver) = mpsc::channel();
    let own = input.to_vec();
    let child = thread::Builder::new()
        .name(format!("{}: {name}", target.name))
        .stack_size(STACK)
        .spawn(move || sender.send(target.check(&own)).expect("somebody waits"))
        .expect("a thread starts");
    let verdict = receiver.recv_timeout(HANG);
    if let Err(mpsc::RecvTimeoutError::Timeout) = verdict {
        panic!("{}: {name} hangs:\n{}", target.name, kept(target, input));
    }
    let ended = child.join();
    assert!(
        ended.is_ok(),
        "{}: {name}:\n{}",
        target.name,
        kept(target, input)
    );
    verdict.expect("a thread that did not panic has sent its verdict")
}

/// Writes the input that broke something where it can be taken into the corpus.
fn kept(target: Target, input: &[u8]) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("parsers-{}", target.name));
    std::fs::write(&path, input).expect("the input is kept");
    format!("the input is in {}", path.display())
}

fn the_corpus(name: &str) {
    let target = Target::named(name);
    let files = corpus(&target);
    assert!(files.len() >= 8, "{name} has {} files", files.len());
    for (file, input) in files {
        let verdict = verdict(target, &file, &input);
        match (file.split('-').next(), &verdict) {
            (Some("good"), Verdict::Refused(why)) => panic!("{name}/{file} is refused: {why}"),
            (Some("bad"), Verdict::Accepted) => panic!("{name}/{file} is accepted"),
            _ => {}
        }
    }
}

fn mutated(name: &str, cases: usize) {
    let (target, seed) = (Target::named(name), seed());
    let repeat = format!("PARSERS_SEED={seed} cargo test --workspace --test parsers {name}");
    println!("{name}: seed {seed}; again with {repeat}");
    // What is accepted has the longer way to go, and is changed more often.
    let files = corpus(&target).into_iter().flat_map(|(file, input)| {
        let often = if file.starts_with("bad") { 1 } else { 4 };
        std::iter::repeat_n(input, often)
    });
    let mut mutations = Mutations::new(files.collect(), words(&target), seed);
    let (mut accepted, mut slowest) = (0, (Duration::ZERO, 0));
    let cases = cases * times();
    for case in 0..cases {
        let input = mutations.next();
        let name = format!("case {case} of {repeat}");
        let began = Instant::now();
        accepted += usize::from(verdict(target, &name, &input) == Verdict::Accepted);
        slowest = slowest.max((began.elapsed(), case));
    }
    let (time, case) = slowest;
    println!("{name}: {accepted} of {cases} accepted; the slowest, case {case}, took {time:?}");
}

#[test]
fn each_reader_is_tested_here() {
    let tested = [
        "asl",
        "calls",
        "event",
        "filter",
        "parameters",
        "scenario",
        "template",
        "wire",
        "workload",
    ];
    assert_eq!(ALL.map(|target| target.name), tested);
}

#[test]
fn every_incident_is_in_the_corpus_and_the_dictionary() {
    let target = Target::named("scenario");
    let (files, words) = (corpus(&target), words(&target));
    let all = files
        .iter()
        .find(|(name, _)| name == "good-all-incidents.scenario");
    let (_, all) = all.expect("the corpus has every incident");
    let all = String::from_utf8_lossy(all);
    for known in simulator::scenario::incident::WORDS {
        let incident = known.word;
        let is_it = |text: &str| text.split(' ').any(|word| word == incident);
        assert!(all.lines().any(is_it), "{incident} is not in the corpus");
        let mut words = words.iter().map(|word| String::from_utf8_lossy(word));
        assert!(
            words.any(|word| is_it(&word)),
            "{incident} is not in the dictionary"
        );
    }
}

macro_rules! readers {
    ($($name:ident $cases:literal),*) => {$(
        mod $name {
            #[test]
            fn its_corpus() {
                super::the_corpus(stringify!($name));
            }

            #[test]
            fn mutations_of_it() {
                super::mutated(stringify!($name), $cases);
            }
        }
    )*};
}
readers!(asl 2000, calls 300, event 4000, filter 2000, parameters 1500, scenario 1500, template 2000, wire 3000, workload 2000);
