//! The local files that a template names. Nothing is uploaded in a rehearsal: paths are resolved as
//! `aws cloudformation package` resolves them, against the folder of the template.

use serde_json::Value;
use workers::Worker;

use super::State;
use super::template::{self, Template};
use crate::wire::ApiError;

/// `path` as the template at `base` means it.
pub fn resolve(base: &str, path: &str) -> String {
    let folder = base.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let root = if base.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}

impl State {
    /// The template at `path`.
    ///
    /// # Errors
    /// `ValidationError`, if there is none or it is refused.
    pub fn template(&self, path: &str) -> Result<Template, ApiError> {
        let text = self.file(path).map_err(super::invalid)?;
        template::read(path, text).map_err(|refusal| super::invalid(refusal.to_string()))
    }

    /// The text of the file at `path`.
    ///
    /// # Errors
    /// A message that names the file.
    pub fn file(&self, path: &str) -> Result<&str, String> {
        self.files.get(path).map(String::as_str).ok_or_else(|| {
            let known: Vec<_> = self.files.keys().map(String::as_str).collect();
            format!("there is no file {path}; there are: {}", known.join(", "))
        })
    }
}

/// The path that `value`, a TemplateURL, Code or location of a template at `base`, names.
///
/// # Errors
/// A message, if it names no local file.
pub fn local(base: &str, property: &str, value: &Value) -> Result<String, String> {
    match value.as_str() {
        Some(path) if !path.contains("://") => Ok(resolve(base, path)),
        _ => Err(format!(
            "{property} {value} is no local file; in memory nothing is uploaded: use the template as it is before \
             `aws cloudformation package`"
        )),
    }
}

/// Checks that a function's Code is one of our workers, which the driver runs itself.
///
/// # Errors
/// A message that names the path and those that are possible.
pub fn worker(base: &str, code: &Value) -> Result<&'static str, String> {
    let path = local(base, "Code", code)?;
    let names = Worker::ALL.map(Worker::name);
    let found = names.iter().find(|name| {
        let zip = format!("target/lambda/{name}/bootstrap.zip");
        path == zip || path.ends_with(&format!("/{zip}"))
    });
    found.copied().ok_or_else(|| {
        format!("Code {path} is no worker; they are target/lambda/<name>/bootstrap.zip with the names {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_are_relative_to_the_template() {
        assert_eq!(resolve("template/a.yaml", "b.yaml"), "template/b.yaml");
        assert_eq!(resolve("template/a.yaml", "../x/./y"), "x/y");
        assert_eq!(resolve("a.yaml", "b.yaml"), "b.yaml");
        assert_eq!(resolve("../t/a.yaml", "../x"), "../x");
    }

    #[test]
    fn code_is_one_of_the_workers() {
        assert_eq!(
            worker(
                "template/a.yaml",
                &json!("../target/lambda/stable/bootstrap.zip")
            ),
            Ok("stable")
        );
        assert!(
            worker(
                "template/a.yaml",
                &json!("../target/lambda/other/bootstrap.zip")
            )
            .is_err()
        );
        assert!(
            worker("template/a.yaml", &json!({"S3Bucket": "b"}))
                .expect_err("refused")
                .contains("package")
        );
    }
}
