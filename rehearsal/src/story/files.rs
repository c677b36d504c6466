//! The template, the definition and the parameter file: those of this build, or somebody's own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Files by their path, as CloudFormation finds them: the template and what it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// Path of the template to deploy.
    pub template: String,
    /// Path to text.
    pub texts: BTreeMap<String, String>,
}

/// The parameters of the predecessor which have no meaning any more.
const GONE: [&str; 4] = [
    "DeploymentS3Bucket",
    "LifecycleLaunchFunctionZip",
    "LifecycleTerminateFunctionZip",
    "LambdaFunctionRole",
];

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

    /// The template at `path`, with every YAML and JSON file that lies beside it, and the definitions in the
    /// `statemachine` folder beside its own folder.
    ///
    /// # Errors
    /// A sentence that names the file and the way out.
    pub fn read(path: &Path) -> Result<Self, String> {
        let template = path.to_string_lossy().into_owned();
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("{template}: {error}; --template names a CloudFormation template, such as template/ecs-cluster.yaml"))?;
        let mut texts = BTreeMap::from([(template.clone(), text)]);
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        for near in [folder.clone(), folder.join("../statemachine")] {
            for file in text_files(&near) {
                if let Ok(text) = std::fs::read_to_string(&file) {
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

/// Parameters by key, and remarks about some of them.
pub type ParametersRead = (Vec<(String, String)>, Vec<String>);

/// Reads a parameter file: a JSON list of objects with `ParameterKey` and `ParameterValue`. `file` is named in
/// messages. Beside the parameters come remarks about those of the predecessor that are not needed any more.
///
/// # Errors
/// A sentence that names the file, the place and the way out.
pub fn read_parameters(file: &str, text: &str) -> Result<ParametersRead, String> {
    let remedy =
        "write [{\"ParameterKey\": \"EcsClusterName\", \"ParameterValue\": \"DevCluster\"}, …]";
    let list: Value = serde_json::from_str(text)
        .map_err(|error| format!("{file}: not JSON: {error}; {remedy}"))?;
    let list = list
        .as_array()
        .ok_or_else(|| format!("{file}: not a list; {remedy}"))?;
    let mut parameters: Vec<(String, String)> = Vec::new();
    let mut remarks = Vec::new();
    for (at, entry) in list.iter().enumerate() {
        let text = |member: &str| {
            entry[member].as_str().ok_or_else(|| {
                format!(
                    "{file}: entry {}: {member} is missing or no text; {remedy}",
                    at + 1
                )
            })
        };
        let (key, value) = (text("ParameterKey")?, text("ParameterValue")?);
        if GONE.contains(&key) {
            remarks.push(format!(
                "{file}: {key} is not needed any more; it is left out"
            ));
            continue;
        }
        if parameters.iter().any(|(known, _)| known == key) {
            return Err(format!(
                "{file}: entry {}: {key} is given twice; keep one",
                at + 1
            ));
        }
        parameters.push((key.to_owned(), value.to_owned()));
    }
    Ok((parameters, remarks))
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
    fn an_old_parameter_file_is_read_with_remarks() {
        let text = r#"[{"ParameterKey": "EcsClusterName", "ParameterValue": "Dev"}, {"ParameterKey": "DeploymentS3Bucket", "ParameterValue": "b"}]"#;
        let (parameters, remarks) = read_parameters("p.json", text).expect("good");
        assert_eq!(
            parameters,
            [("EcsClusterName".to_owned(), "Dev".to_owned())]
        );
        assert!(remarks[0].contains("DeploymentS3Bucket is not needed any more"));
    }

    #[test]
    fn bad_parameter_files_are_refused_with_file_place_and_remedy() {
        let message = |text: &str| read_parameters("p.json", text).expect_err("bad");
        assert!(message("[").starts_with("p.json: not JSON"));
        assert!(message("{}").starts_with("p.json: not a list"));
        assert!(
            message(r#"[{"ParameterKey": "A"}]"#).contains("entry 1: ParameterValue is missing")
        );
        let twice = r#"[{"ParameterKey": "A", "ParameterValue": "1"}, {"ParameterKey": "A", "ParameterValue": "2"}]"#;
        assert!(message(twice).contains("entry 2: A is given twice"));
    }

    #[test]
    fn paths_are_made_plain() {
        assert_eq!(plain(Path::new("a/./b/../c.yaml")), "a/c.yaml");
        assert_eq!(plain(Path::new("../c.yaml")), "../c.yaml");
        assert_eq!(plain(Path::new("/a/../c.yaml")), "/c.yaml");
    }
}
