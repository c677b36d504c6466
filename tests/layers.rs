//! The layers of the project, compared with the manifests and the sources: which crate may name
//! which, which may not wait or speak to a network, and that no modules depend on one another in a
//! circle.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A crate: its folder, its crates of ours, and whether it may have a runtime, a server or an SDK.
struct Layer {
    folder: &'static str,
    ours: &'static [&'static str],
    may_wait: bool,
}

/// From the lowest to the highest.
const LAYERS: [Layer; 6] = [
    Layer {
        folder: "workers",
        ours: &[],
        may_wait: true,
    },
    Layer {
        folder: "workers/activity",
        ours: &["workers"],
        may_wait: true,
    },
    Layer {
        folder: "simulator/aws",
        ours: &[],
        may_wait: false,
    },
    Layer {
        folder: "simulator/checker",
        ours: &["aws", "workers"],
        may_wait: false,
    },
    Layer {
        folder: "simulator",
        ours: &["activity-worker", "aws", "checker", "workers"],
        may_wait: true,
    },
    Layer {
        folder: "cli",
        ours: &["simulator", "workers"],
        may_wait: true,
    },
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The dependencies that a manifest names for the product, without those of its tests.
fn dependencies(folder: &str) -> BTreeSet<String> {
    let path = root().join(folder).join("Cargo.toml");
    let manifest = std::fs::read_to_string(&path).expect("a manifest");
    let mut section = "";
    let mut found = BTreeSet::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        } else if section == "[dependencies]"
            && let Some(name) = line.split(['.', ' ', '=']).next()
            && !name.is_empty()
        {
            found.insert(name.to_owned());
        }
    }
    assert!(!found.is_empty(), "{}: no dependency", path.display());
    found
}

#[test]
fn a_crate_names_the_layers_below_it_and_no_other() {
    for layer in LAYERS {
        let all = dependencies(layer.folder);
        let ours = all
            .iter()
            .filter_map(|one| one.strip_prefix("ecs-rollout-"));
        assert_eq!(
            ours.collect::<Vec<_>>(),
            layer.ours,
            "{}: see LAYERS in tests/layers.rs",
            layer.folder
        );
    }
}

#[test]
fn services_and_checker_neither_wait_nor_call() {
    for layer in LAYERS.iter().filter(|layer| !layer.may_wait) {
        let all = dependencies(layer.folder);
        let is_outside = |name: &&String| {
            name.starts_with("aws-")
                || ["axum", "hyper", "tokio", "tower", "reqwest"].contains(&name.as_str())
        };
        let outside: Vec<&String> = all.iter().filter(is_outside).collect();
        assert!(outside.is_empty(), "{}: {outside:?}", layer.folder);
    }
}

/// The Rust files below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder of sources");
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
    found
}

/// The modules that a source names with `crate::`, alone or in braces.
fn named(source: &str) -> BTreeSet<&str> {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let word = |text: &'_ str| text.find(|c| !is_word(c)).unwrap_or(text.len());
    let mut found = BTreeSet::new();
    for (place, _) in source.match_indices("crate::") {
        let rest = &source[place + "crate::".len()..];
        match rest.strip_prefix('{') {
            None => {
                found.insert(&rest[..word(rest)]);
            }
            Some(list) => {
                let list = &list[..list.find(';').unwrap_or(list.len())];
                let each = list.split(',').map(str::trim);
                found.extend(each.map(|one| &one[..word(one)]));
            }
        }
    }
    found
}

/// The modules with a file of their own that exist in tests alone.
fn modules_for_tests(files: &[PathBuf]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for path in files {
        let text = std::fs::read_to_string(path).expect("a source");
        for (place, mark) in text.match_indices("#[cfg(test)]\nmod ") {
            let rest = &text[place + mark.len()..];
            let end = rest.find([';', ' ']).unwrap_or(rest.len());
            found.insert(rest[..end].to_owned());
        }
    }
    found
}

/// Which modules at the top of a crate name which others, tests left out.
fn graph(crate_folder: &str) -> BTreeMap<String, BTreeSet<String>> {
    let source_folder = root().join(crate_folder).join("src");
    let module = |path: &Path| {
        let inside = path.strip_prefix(&source_folder).expect("it is inside");
        let first = inside.components().next().expect("a path has a part");
        let first = first.as_os_str().to_string_lossy().into_owned();
        first
            .strip_suffix(".rs")
            .map(str::to_owned)
            .unwrap_or(first)
    };
    let files = sources(&source_folder);
    let modules: BTreeSet<String> = files.iter().map(|path| module(path)).collect();
    let for_tests = modules_for_tests(&files);
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in files {
        let of = module(&path);
        let inside = path.strip_prefix(&source_folder).expect("it is inside");
        let stem = path.file_stem().expect("a file has a name");
        let is_of_tests = inside.to_string_lossy().contains("tests")
            || for_tests.contains(&*stem.to_string_lossy());
        if ["lib", "main", "bin"].contains(&of.as_str()) || is_of_tests {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a source");
        let product = text
            .split("#[cfg(test)]\nmod tests")
            .next()
            .unwrap_or_default();
        let is_code = |line: &&str| !line.trim_start().starts_with("//");
        let code: Vec<&str> = product.lines().filter(is_code).collect();
        let code = code.join("\n");
        let others = named(&code)
            .into_iter()
            .filter(|name| modules.contains(*name));
        let others = others.filter(|name| *name != of).map(str::to_owned);
        graph.entry(of.clone()).or_default().extend(others);
    }
    graph
}

/// A circle of modules, if there is one.
fn circle(graph: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    fn walk(
        graph: &BTreeMap<String, BTreeSet<String>>,
        at: &str,
        way: &mut Vec<String>,
        done: &mut BTreeSet<String>,
    ) -> Option<Vec<String>> {
        if let Some(place) = way.iter().position(|one| one == at) {
            return Some(way[place..].to_vec());
        }
        if !done.insert(at.to_owned()) {
            return None;
        }
        way.push(at.to_owned());
        let mut others = graph.get(at).into_iter().flatten();
        let found = others.find_map(|other| walk(graph, other, way, done));
        way.pop();
        found
    }
    let (mut way, mut done) = (Vec::new(), BTreeSet::new());
    graph
        .keys()
        .find_map(|module| walk(graph, module, &mut way, &mut done))
}

#[test]
fn no_modules_name_one_another_in_a_circle() {
    for folder in [
        "workers",
        "workers/activity",
        "simulator/aws",
        "simulator/checker",
        "simulator",
        "cli",
    ] {
        let graph = graph(folder);
        assert!(!graph.is_empty(), "{folder}: no module");
        assert_eq!(circle(&graph), None, "{folder}");
    }
}

#[test]
fn a_circle_is_found() {
    let graph = |arrows: &[(&str, &str)]| {
        let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, to) in arrows {
            graph
                .entry((*from).to_owned())
                .or_default()
                .insert((*to).to_owned());
        }
        graph
    };
    assert_eq!(circle(&graph(&[("a", "b"), ("b", "c"), ("a", "c")])), None);
    let found = circle(&graph(&[("a", "b"), ("b", "c"), ("c", "b")]));
    assert_eq!(found, Some(vec!["b".to_owned(), "c".to_owned()]));
    assert_eq!(
        named("use crate::{one::Two, three};\nfn f() { crate::four::five() }"),
        BTreeSet::from(["four", "one", "three"])
    );
}
