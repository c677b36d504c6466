//! The files that a template names: local ones, whose paths are resolved as `aws cloudformation
//! package` resolves them, against the folder of the template; and after it those in a bucket, as
//! `s3://bucket/key`.

use serde_json::Value;

use super::State;
use super::template::{self, Template};
use crate::account::Account;
use crate::lambda;
use crate::s3::S3;
use crate::s3::SCHEME;
use crate::wire::ApiError;

/// Why a file that a template or a call names cannot be had.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FileError {
    /// There is no file at the path.
    #[error("there is no file {path}; there are: {}", .known.join(", "))]
    NotThere {
        /// The path.
        path: String,
        /// The paths of the files that there are.
        known: Vec<String>,
    },
    /// A template in a bucket names a local file.
    #[error(
        "{property} {path} is a local file, and {base} is in a bucket; put it through `aws cloudformation package`"
    )]
    NotPackaged {
        /// The property that names it.
        property: &'static str,
        /// Its path.
        path: String,
        /// Path of the template.
        base: String,
    },
    /// A property that names neither a file nor an object.
    #[error("{property} {location} is neither a file nor an object in a bucket")]
    NotALocation {
        /// The property.
        property: &'static str,
        /// What it is.
        location: Value,
    },
    /// An address outside S3.
    #[error("TemplateURL must be a supported URL: {url} is not in S3")]
    NotInS3 {
        /// The address.
        url: String,
    },
    /// There is no such object in the bucket.
    #[error(
        "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist. ({path})"
    )]
    NoSuchKey {
        /// The object, as `s3://bucket/key`.
        path: String,
    },
    /// A local file that is no zip of a worker.
    #[error(
        "Code {path} is no worker; they are target/lambda/<name>/bootstrap.zip with the names {}",
        lambda::PACKAGES.join(", ")
    )]
    NotAWorker {
        /// Its path.
        path: String,
    },
}

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
        let text = self
            .file(path)
            .map_err(|why| super::invalid(why.to_string()))?;
        template::read(path, text).map_err(|refusal| super::invalid(refusal.to_string()))
    }

    /// The text of the file at `path`.
    ///
    /// # Errors
    /// There is no such file.
    pub fn file(&self, path: &str) -> Result<&str, FileError> {
        let text = self.files.get(path).map(String::as_str);
        text.ok_or_else(|| FileError::NotThere {
            path: path.to_owned(),
            known: self.files.keys().cloned().collect(),
        })
    }
}

/// The path that `value`, a TemplateURL, Code or location of a template at `base`, names.
///
/// # Errors
/// It names neither a local file nor an object in a bucket.
pub fn local(base: &str, property: &'static str, value: &Value) -> Result<String, FileError> {
    match value {
        Value::String(path) if path.contains("://") => located(path),
        Value::String(path) if base.starts_with(SCHEME) => Err(FileError::NotPackaged {
            property,
            path: path.clone(),
            base: base.to_owned(),
        }),
        Value::String(path) => Ok(resolve(base, path)),
        location => object(location).ok_or_else(|| FileError::NotALocation {
            property,
            location: location.clone(),
        }),
    }
}

/// The object of `{S3Bucket, S3Key}` or `{Bucket, Key}`. No other member is known, versions for
/// instance.
fn object(location: &Value) -> Option<String> {
    let members = location.as_object().filter(|members| members.len() == 2)?;
    let of = |bucket: &str, key: &str| {
        let (bucket, key) = (members.get(bucket)?.as_str()?, members.get(key)?.as_str()?);
        Some(format!("{SCHEME}{bucket}/{key}"))
    };
    of("S3Bucket", "S3Key").or_else(|| of("Bucket", "Key"))
}

/// The path that a call's TemplateURL names: a local path stays as it is, an address in S3 becomes
/// `s3://bucket/key`.
///
/// # Errors
/// The address is not in S3.
pub fn located(url: &str) -> Result<String, FileError> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Ok(url.to_owned());
    };
    if scheme == "s3" {
        return Ok(url.to_owned());
    }
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let name = host.split(':').next().unwrap_or_default();
    let loopback = ["127.0.0.1", "localhost", "[::1]"].contains(&name);
    let amazon = host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
    if loopback || (amazon && (host.starts_with("s3.") || host.starts_with("s3-"))) {
        return Ok(format!("{SCHEME}{path}"));
    }
    match host.split_once(".s3").filter(|_| amazon) {
        Some((bucket, _)) => Ok(format!("{SCHEME}{bucket}/{path}")),
        None => Err(FileError::NotInS3 {
            url: url.to_owned(),
        }),
    }
}

/// Checks that a function's Code is a zip that was put into a bucket, or one of our workers, which
/// the driver runs itself; and tells its path.
///
/// # Errors
/// There is no such zip, and no such worker.
pub fn code(account: &Account, base: &str, code: &Value) -> Result<String, FileError> {
    let path = local(base, "Code", code)?;
    if path.starts_with(SCHEME) {
        return match account[S3].object(&path) {
            Some(_) => Ok(path),
            None => Err(FileError::NoSuchKey { path }),
        };
    }
    worker(&path).map(|_| path)
}

fn worker(path: &str) -> Result<&'static str, FileError> {
    let names = lambda::PACKAGES;
    let found = names.iter().find(|name| {
        let zip = format!("target/lambda/{name}/bootstrap.zip");
        path == zip || path.ends_with(&format!("/{zip}"))
    });
    found.copied().ok_or_else(|| FileError::NotAWorker {
        path: path.to_owned(),
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
        let account = crate::services::account(jiff::Timestamp::UNIX_EPOCH, 1);
        let read = |value: Value| code(&account, "template/a.yaml", &value);
        assert_eq!(
            read(json!("../target/lambda/stable/bootstrap.zip")),
            Ok("target/lambda/stable/bootstrap.zip".to_owned())
        );
        assert!(read(json!("../target/lambda/other/bootstrap.zip")).is_err());
        assert!(read(json!({"S3Bucket": "b"})).is_err());
        let missing = read(json!({"S3Bucket": "b", "S3Key": "k"})).expect_err("no such object");
        assert!(matches!(missing, FileError::NoSuchKey { .. }), "{missing}");
    }

    #[test]
    fn an_address_in_s3_is_an_object() {
        for url in [
            "https://s3.eu-west-1.amazonaws.com/b/k/x",
            "https://s3.amazonaws.com/b/k/x",
            "https://b.s3.eu-west-1.amazonaws.com/k/x",
            "http://127.0.0.1:4500/b/k/x",
            "s3://b/k/x",
        ] {
            assert_eq!(located(url).as_deref(), Ok("s3://b/k/x"), "{url}");
        }
        assert_eq!(located("t.yaml").as_deref(), Ok("t.yaml"));
        assert!(located("https://example.com/b/k").is_err());
        assert!(local("s3://b/k", "Code", &json!("x.zip")).is_err());
    }
}
