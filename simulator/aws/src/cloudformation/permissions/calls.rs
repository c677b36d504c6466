//! The calls for a resource, as a handler lists them for the check of the service role.

use serde_json::{Value, json};

use crate::account::Account;
use crate::cloudformation::files;
use crate::cloudformation::resource_types::ResourceType;
use crate::s3;
use crate::wire::Call;

/// What is done to a resource.
#[derive(Debug)]
pub enum Verb<'a> {
    /// It is made.
    Create,
    /// It is changed from these properties.
    Change(&'a Value),
    /// It is deleted.
    Delete,
}

/// The resource.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The account, in which what it names is looked up.
    pub account: &'a Account,
    /// ARN of the service role.
    pub role: &'a str,
    /// Its type.
    pub kind: &'static ResourceType,
    /// Its name, or its physical id once it has one.
    pub name: &'a str,
    /// Its properties, worked out.
    pub properties: &'a Value,
    /// Path of the template, against which its local files are resolved.
    pub base: &'a str,
}

/// A call.
pub fn call(service: &str, action: &str, input: Value) -> Call {
    Call {
        service: service.to_owned(),
        action: action.to_owned(),
        input,
    }
}

/// A call of each of the `actions`.
pub fn each(service: &str, actions: &[&str], input: &Value) -> Vec<Call> {
    actions
        .iter()
        .map(|action| call(service, action, input.clone()))
        .collect()
}

/// The items of a list, or the one that stands for a list of one.
pub fn items(list: &Value) -> Vec<&Value> {
    match list {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    }
}

/// Hands a role to a service.
pub fn pass_role(role: &str, service: &str) -> Call {
    let to = format!("{service}.amazonaws.com");
    call(
        "iam",
        "PassRole",
        json!({"RoleArn": role, "PassedToService": to}),
    )
}

/// Reads what a property names, if it is an object in a bucket.
pub fn read_object(of: &Subject<'_>, property: &'static str) -> Option<Call> {
    let location = of.properties.get(property)?;
    let path = files::local(of.base, property, location).ok()?;
    let object = path.strip_prefix(s3::SCHEME)?;
    Some(call("s3", "GetObject", json!({"Object": object})))
}

/// The last part of a URL or an ARN, which is the name of what it denotes; a name itself.
pub fn last(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}
