//! The template, the definition and the parameter file: those of this build, or somebody's own.

mod error;
mod parameters;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::text_file;

pub use error::{ParametersError, TemplateUnreadable};
pub use parameters::{ParametersRead, read_parameters};

/// Files by their path, as CloudFormation finds them: the template and what it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// Path of the template to deploy.
    pub template: String,
    /// Path to text.
    pub texts: BTreeMap<String, String>,
}

impl Files {
    /// The template and definition of this build.
    pub fn built_in() -> Self {
        let texts = [
            (
                "template/ecs-cluster.yaml",
                include_str!("../../../template/ecs-cluster.yaml"),
            ),
            (
                "template/workflow.yaml",
                include_str!("../../../template/workflow.yaml"),
            ),
            (
                "template/operator.yaml",
                include_str!("../../../template/operator.yaml"),
            ),
            (
                "statemachine/lifecycle.asl.json",
                include_str!("../../../statemachine/lifecycle.asl.json"),
            ),
            (
                "statemachine/reconcile.asl.json",
                include_str!("../../../statemachine/reconcile.asl.json"),
            ),
        ];
        Self {
            template: texts[0].0.to_owned(),
            texts: texts
                .map(|(path, text)| (path.to_owned(), text.to_owned()))
                .into(),
        }
    }

    /// The template at `path`, with every YAML and JSON file that lies beside it, and the
    /// definitions in the `statemachine` folder beside its own folder.
    ///
    /// # Errors
    /// If the template cannot be read.
    pub fn read(path: &Path) -> Result<Self, TemplateUnreadable> {
        let template = path.to_string_lossy().into_owned();
        let text = text_file::read(path).map_err(TemplateUnreadable)?;
        let mut texts = BTreeMap::from([(template.clone(), text)]);
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        for near in [folder.clone(), folder.join("../statemachine")] {
            for file in text_files(&near) {
                if let Ok(text) = text_file::read(&file) {
                    texts.entry(plain(&file)).or_insert(text);
                }
            }
        }
        Ok(Self { template, texts })
    }
}

fn text_files(folder: &Path) -> Vec<PathBuf> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| {
            path.extension().is_some_and(|extension| {
                ["yaml", "yml", "json"]
                    .iter()
                    .any(|known| extension == *known)
            })
        })
        .collect();
    files.sort();
    files
}

/// The path without `.` and with `a/..` taken out, as the template's relative paths are resolved.
fn plain(path: &Path) -> String {
    let mut parts: Vec<String> = Vec::new();
    for part in path.to_string_lossy().split('/') {
        match part {
            "." => {}
            ".." if parts
                .last()
                .is_some_and(|last| last != ".." && !last.is_empty()) =>
            {
                parts.pop();
            }
            part => parts.push(part.to_owned()),
        }
    }
    parts.join("/")
}

/// The parameter file of this build.
pub fn built_in_parameters() -> Vec<(String, String)> {
    let text = include_str!("../../../template/parameters.example.json");
    let (parameters, _) = read_parameters("template/parameters.example.json", text)
        .expect("the file of this build is read by a test");
    parameters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameter_file_of_this_build_is_read() {
        assert!(
            built_in_parameters()
                .iter()
                .any(|(key, _)| key == "EcsClusterName")
        );
    }

    #[test]
    fn paths_are_made_plain() {
        assert_eq!(plain(Path::new("a/./b/../c.yaml")), "a/c.yaml");
        assert_eq!(plain(Path::new("../c.yaml")), "../c.yaml");
        assert_eq!(plain(Path::new("/a/../c.yaml")), "/c.yaml");
    }
}
