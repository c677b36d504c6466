//! HTTP requests as a client writes them: a line `METHOD PATH`, headers, an empty line, the body.
//! They are read and answered as the endpoint does it, but without sockets.

use serde_json::Value;
use simulator::account::{Account, Caller};
use simulator::s3;
use simulator::wire::{self, Call, Response};

use super::{Verdict, rounded, scene};

/// No service answers more than a few megabytes; a history is the longest.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;

pub fn run(input: &[u8]) -> Verdict {
    let Some(request) = request(input) else {
        return Verdict::Refused("no request".to_owned());
    };
    let header = |name: &str| {
        let found = request.headers.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str())
    };
    let wire::Scope { service, key, .. } = wire::scope(header("authorization").unwrap_or_default());
    let caller = match key.split_once("FUNCTION-") {
        Some((_, name)) => Caller::Function(name.to_owned()),
        None => Caller::Operator,
    };
    let mut account = scene::empty();
    if service == "s3" {
        return object(&mut account, &request);
    }
    let target = header("x-amz-target");
    let id = wire::request_id(&mut account);
    match wire::read(target, service, request.body) {
        Ok(call) => {
            same_again(target, &call);
            well_formed(&wire::answer(&mut account, &caller, &call));
            Verdict::Accepted
        }
        Err(error) => {
            scene::error(&error);
            let message = error.to_string();
            well_formed(&wire::refuse(target, service, id, error));
            Verdict::Refused(message)
        }
    }
}

struct Request<'a> {
    method: &'a str,
    uri: &'a str,
    headers: Vec<(String, String)>,
    body: &'a [u8],
}

fn request(input: &[u8]) -> Option<Request<'_>> {
    let end = input.windows(2).position(|two| two == b"\n\n")?;
    let head = std::str::from_utf8(&input[..end]).ok()?;
    let mut lines = head.lines();
    let (method, uri) = lines.next()?.split_once(' ')?;
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    Some(Request {
        method,
        uri,
        headers,
        body: &input[end + 2..],
    })
}

fn object(account: &mut Account, request: &Request<'_>) -> Verdict {
    let (path, query) = request.uri.split_once('?').unwrap_or((request.uri, ""));
    let bucket = s3::Request {
        method: "PUT",
        path: "/bucket",
        query: "",
        headers: &[],
        body: b"",
    };
    let caller = Caller::Operator;
    assert_eq!(s3::serve(account, &caller, &bucket).status, 200);
    let answer = s3::serve(
        account,
        &caller,
        &s3::Request {
            method: request.method,
            path,
            query,
            headers: &request.headers,
            body: request.body,
        },
    );
    assert!((200..=599).contains(&answer.status));
    let body = String::from_utf8_lossy(&answer.body);
    let got = ["GET", "HEAD"].contains(&request.method) && answer.status == 200;
    if !body.is_empty() && (!got || query.contains("list")) {
        xml(&body);
    }
    match answer.status {
        200..=299 => Verdict::Accepted,
        status => Verdict::Refused(format!("{status} {body}")),
    }
}

/// The call, written again in its protocol, is read as the same call.
fn same_again(target: Option<&str>, call: &Call) {
    let body = match target {
        Some(_) => call.input.to_string(),
        None => {
            let mut form = format!("Action={}", encoded(&call.action));
            written(&mut form, None, &call.input);
            form
        }
    };
    let again = wire::read(target, &call.service, body.as_bytes()).expect("it is read again");
    assert_eq!(
        (&again.service, &again.action),
        (&call.service, &call.action)
    );
    assert_eq!(rounded(again.input), rounded(call.input.clone()), "{body}");
}

/// `value`, which has this name unless it is the whole input, as members of a form.
fn written(form: &mut String, name: Option<&str>, value: &Value) {
    let dot = |part: &str| match name {
        None => part.to_owned(),
        Some(name) => format!("{name}.{part}"),
    };
    match value {
        Value::Object(members) => {
            for (member, value) in members {
                written(form, Some(&dot(member)), value);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                written(form, Some(&dot(&format!("member.{}", at + 1))), item);
            }
        }
        Value::String(text) => {
            let name = encoded(name.unwrap_or_default());
            form.push_str(&format!("&{name}={}", encoded(text)));
        }
        other => panic!("a form has no {other}"),
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Checks that a client can read what it is answered.
///
/// # Panics
/// If it cannot.
pub fn well_formed(response: &Response) {
    assert!((200..=599).contains(&response.status), "{response:?}");
    assert!(!response.request_id.is_empty());
    let length = response.body.len();
    assert!(length <= LARGEST_ANSWER, "an answer of {length} bytes");
    if response.content_type == "text/xml" {
        xml(&response.body);
    } else {
        let body: Result<Value, _> = serde_json::from_str(&response.body);
        assert!(body.is_ok_and(|body| body.is_object()), "{response:?}");
    }
}

fn xml(body: &str) {
    let forbidden = |c: char| c.is_control() && !"\t\n\r\u{7f}".contains(c) && c < '\u{80}';
    assert!(!body.contains(forbidden), "no XML: {body:?}");
    let mut reader = quick_xml::Reader::from_str(body);
    loop {
        match reader.read_event() {
            Ok(quick_xml::events::Event::Eof) => break,
            Ok(_) => {}
            Err(error) => panic!("no XML, {error}: {body}"),
        }
    }
}
