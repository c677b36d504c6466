//! What the tests of the command line share: the binary, files of their own, changed copies of the
//! template.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Runs the binary in the checkout.
pub fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ecs-rollout"))
        .args(arguments)
        // That of whoever runs the tests says nothing here.
        .env("ECS_ROLLOUT_CONFIG", "/dev/null")
        .current_dir(root())
        .output()
        .expect("the binary starts")
}

/// A file of its own for one test, in the folder that cargo gives to tests.
pub fn file(name: &str, text: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).expect("a folder for the test");
    }
    std::fs::write(&path, text).expect("a file for the test");
    path.to_string_lossy().into_owned()
}

/// The copies of the template files in a folder of their own, one of them changed.
pub fn changed_template(folder: &str, file_name: &str, from: &str, to: &str) -> String {
    let copy = |path: &str| {
        let text = std::fs::read_to_string(root().join(path)).expect("a file of the product");
        let text = if path.ends_with(file_name) {
            assert!(text.contains(from), "{path} does not contain {from:?}");
            text.replacen(from, to, 1)
        } else {
            text
        };
        file(&format!("{folder}/{path}"), &text)
    };
    copy("template/workflow.yaml");
    copy("template/operator.yaml");
    copy("statemachine/lifecycle.asl.json");
    copy("statemachine/reconcile.asl.json");
    copy("template/ecs-cluster.yaml")
}
