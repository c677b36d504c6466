//! What a request and an answer look like between a client and a service: [`json`], [`query`] and
//! [`ec2`] are the protocols that our services speak, and [`answer`] serves one HTTP request of
//! either. [`request`] reads requests as structs, [`paging`] cuts lists into pages.

pub mod ec2;
pub mod json;
pub mod paging;
pub mod query;
pub mod request;

use serde_json::Value;

use crate::account::{Account, Caller};
use crate::state::Key;

pub use crate::error::ApiError;
pub use request::Requests;

/// The way to what the wire keeps in mind of an account.
pub const WIRE: Key<State> = Key::new();

/// What lies between clients and services.
#[derive(Debug)]
pub struct State {
    /// Where the chance of calls and invocations comes from. It is apart, so that how often workers
    /// ask does not change how long the services take.
    pub random: fastrand::Rng,
    /// Whether nobody but a client reads the answer: a long list may then be text already, see
    /// [`query::written`].
    pub answers_written: bool,
}

impl State {
    /// What there is before the first call, in an account of this seed.
    pub fn seeded(seed: u64) -> Self {
        Self {
            random: fastrand::Rng::with_seed(!seed),
            answers_written: false,
        }
    }
}

/// An HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Of the body.
    pub content_type: &'static str,
    /// JSON or XML.
    pub body: String,
    /// What AWS calls the request, in a header and, under the Query protocol, in the body.
    pub request_id: String,
}

/// One call, read from an HTTP request.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Such as `ecs`.
    pub service: String,
    /// Such as `DescribeServices`.
    pub action: String,
    /// The members.
    pub input: Value,
}

/// An answer of these lists, as they are: `json!` would copy each, and a list may hold a thousand
/// instances.
pub fn lists<const N: usize>(members: [(&str, Vec<Value>); N]) -> Value {
    let members = members.map(|(name, list)| (name.to_owned(), Value::Array(list)));
    Value::Object(members.into_iter().collect())
}

/// The services that speak JSON, by the name in their `x-amz-target` header, with the version of
/// the protocol that their service models name.
const JSON_TARGETS: [(&str, &str, &str); 4] = [
    (
        "AmazonEC2ContainerServiceV20141113",
        "ecs",
        json::VERSION_1_1,
    ),
    ("AmazonSSM", "ssm", json::VERSION_1_1),
    ("AWSEvents", "events", json::VERSION_1_1),
    ("AWSStepFunctions", "states", json::VERSION_1_0),
];

/// Reads a call. `target` is the `x-amz-target` header, `signed_for` the service in the credential
/// scope of the signature, which is what tells the Query services apart.
///
/// # Errors
/// `UnknownOperationException` for a target that no service here has; what the protocol's reader
/// refuses.
pub fn read(target: Option<&str>, signed_for: &str, body: &[u8]) -> Result<Call, ApiError> {
    let Some(target) = target else {
        let (action, input) = query::read(body)?;
        return Ok(Call {
            service: signed_for.to_owned(),
            action,
            input,
        });
    };
    let (name, action) = target.split_once('.').unwrap_or((target, ""));
    match JSON_TARGETS.iter().find(|(known, ..)| *known == name) {
        Some((_, service, _)) => Ok(Call {
            service: (*service).to_owned(),
            action: action.to_owned(),
            input: json::read(body)?,
        }),
        None => Err(ApiError::client(
            "UnknownOperationException",
            format!("the account in memory does not know the target {target}"),
        )),
    }
}

/// Writes what `call` was answered.
pub fn write(call: &Call, request_id: String, answer: Result<Value, ApiError>) -> Response {
    let target = JSON_TARGETS
        .iter()
        .find(|(_, service, _)| *service == call.service);
    match target {
        Some((_, _, version)) => json::write(version, request_id, answer),
        None if call.service == "ec2" => ec2::write(&call.action, request_id, answer),
        None => query::write(&call.action, request_id, answer),
    }
}

/// Writes the refusal of a request that [`read`] could not read, in the protocol of its `target`,
/// or of the `service` that it is signed for.
pub fn refuse(
    target: Option<&str>,
    service: &str,
    request_id: String,
    error: ApiError,
) -> Response {
    match target {
        Some(_) => json::write(json::VERSION_1_1, request_id, Err(error)),
        None if service == "ec2" => ec2::write("", request_id, Err(error)),
        None => query::write("", request_id, Err(error)),
    }
}

/// What the credential scope of a signature names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scope<'a> {
    /// The access key.
    pub key: &'a str,
    /// The Region; empty if there is none.
    pub region: &'a str,
    /// The service; empty if there is none.
    pub service: &'a str,
}

/// The scope of `Credential=KEY/DATE/REGION/SERVICE/aws4_request`.
pub fn scope(authorization: &str) -> Scope<'_> {
    let scope = authorization.split("Credential=").nth(1);
    let mut parts = scope.unwrap_or_default().split('/');
    let mut next = || parts.next().unwrap_or_default();
    let (key, _date, region, service) = (next(), next(), next(), next());
    Scope {
        key,
        region,
        service,
    }
}

/// A new request id.
pub fn request_id(account: &mut Account) -> String {
    let random = account[WIRE].random.u128(..);
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        random >> 96,
        random >> 80 & 0xffff,
        random >> 64 & 0xfff,
        random >> 48 & 0xfff,
        random & 0xffff_ffff_ffff
    )
}

/// Does `call` for `caller` in `account`, and writes the answer.
pub fn answer(account: &mut Account, caller: &Caller, call: &Call) -> Response {
    let answer = account.call(caller, &call.service, &call.action, &call.input);
    let request_id = request_id(account);
    write(call, request_id, answer)
}

/// Refuses every member of `input` that is not in `known`: nothing is ever ignored.
///
/// # Errors
/// `NotImplemented`, naming the call and the member.
pub fn only(action: &str, input: &Value, known: &[&str]) -> Result<(), ApiError> {
    let Some(members) = input.as_object() else {
        return Err(ApiError::client(
            "ValidationError",
            format!("the input of {action} is not an object"),
        ));
    };
    match members.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(ApiError::not_known(format_args!("{key} of {action}"))),
        None => Ok(()),
    }
}
