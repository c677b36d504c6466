//! S3, as far as `aws cloudformation package` and `deploy` need it: buckets, and objects that are
//! put whole or in parts and got whole.
//!
//! Addresses are of the path style, `/bucket/key`, which is what clients use for an endpoint that
//! is an IP address.

mod list;
mod multipart;
mod request;
mod xml;

pub use request::Request;

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

use crate::account::{Account, Caller, REGION};
use crate::signal::Signal;
use crate::state::Key;
use crate::wire::ApiError;
use request::{action, names};

/// What the paths of objects begin with.
pub const SCHEME: &str = "s3://";

/// The way to what S3 remembers of an account.
pub const S3: Key<State> = Key::new();

/// The buckets, by name.
#[derive(Debug, Default)]
pub struct State {
    buckets: BTreeMap<String, BTreeMap<String, Object>>,
    uploads: multipart::Uploads,
}

#[derive(Debug, Clone)]
struct Object {
    bytes: Arc<Vec<u8>>,
    content_type: String,
    metadata: Vec<(String, String)>,
    modified: Timestamp,
}

/// Where an object is, or will be.
#[derive(Debug, Clone, Copy)]
struct ObjectKey<'a> {
    bucket: &'a str,
    key: &'a str,
}

impl Object {
    /// Opaque, and the same for the same bytes. The real one is an MD5 only if the object is not
    /// encrypted.
    fn etag(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.bytes.hash(&mut hasher);
        let first = hasher.finish();
        first.hash(&mut hasher);
        format!("\"{first:016x}{:016x}\"", hasher.finish())
    }
}

impl State {
    /// What is at `s3://bucket/key`.
    pub fn object(&self, path: &str) -> Option<Arc<Vec<u8>>> {
        let (bucket, key) = path.strip_prefix(SCHEME)?.split_once('/')?;
        let object = self.buckets.get(bucket)?.get(key)?;
        Some(Arc::clone(&object.bytes))
    }
}

/// An answer.
#[derive(Debug)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// XML, or the object.
    pub body: Vec<u8>,
}

impl Response {
    fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// An error about a request of which no bucket is known.
pub fn refused(error: &ApiError) -> Response {
    xml::error(error, "", "")
}

/// Serves one request.
pub fn serve(account: &mut Account, caller: &Caller, request: &Request<'_>) -> Response {
    let (bucket, key) = names(request.path);
    let action = action(request, &key);
    let answer = match (&action, caller) {
        (Ok(_), Caller::Operator) => answer(account, request, &action, &bucket, &key),
        (Ok(action), _) => Err(ApiError {
            status: 403,
            ..ApiError::client(
                "AccessDenied",
                format!("Only an operator may {action} here"),
            )
        }),
        (Err(error), _) => Err(error.clone()),
    };
    let name = action.unwrap_or("Unknown");
    account.record_call(caller, "s3", name, answer.as_ref().err());
    match answer {
        Ok(response) => response,
        Err(error) => xml::error(&error, &bucket, &key),
    }
}

fn answer(
    account: &mut Account,
    request: &Request<'_>,
    action: &Result<&str, ApiError>,
    bucket: &str,
    key: &str,
) -> Result<Response, ApiError> {
    let action = action.clone()?;
    if action == "CreateBucket" {
        return create(account, request, bucket);
    }
    let upload_id = account.hex(32);
    let new = object(account.now, request);
    let State { buckets, uploads } = &mut account[S3];
    let Some(objects) = buckets.get_mut(bucket) else {
        return Err(not_found(
            "NoSuchBucket",
            "The specified bucket does not exist",
        ));
    };
    let object_key = ObjectKey { bucket, key };
    match action {
        "HeadBucket" => Ok(Response::empty(200).with("x-amz-bucket-region", REGION.as_str())),
        "GetBucketLocation" => Ok(xml::location()),
        "ListObjectsV2" => list::objects(bucket, objects, request.query),
        "PutObject" => {
            let etag = keep(account, object_key, new);
            Ok(Response::empty(200).with("etag", etag))
        }
        "CreateMultipartUpload" => Ok(multipart::create(uploads, upload_id, object_key, new)),
        "UploadPart" => multipart::part(uploads, object_key, request.query, new),
        "AbortMultipartUpload" => multipart::abort(uploads, object_key, request.query),
        "CompleteMultipartUpload" => {
            let object = multipart::complete(uploads, object_key, request)?;
            let etag = keep(account, object_key, object);
            Ok(xml::completed(bucket, key, &etag))
        }
        _ => match objects.get(key) {
            Some(object) => Ok(whole(object)),
            None => Err(not_found("NoSuchKey", "The specified key does not exist.")),
        },
    }
}

/// Keeps the object under its key, and answers its entity tag.
fn keep(account: &mut Account, object_key: ObjectKey<'_>, object: Object) -> String {
    let etag = object.etag();
    if let Ok(text) = std::str::from_utf8(&object.bytes) {
        // Templates and definitions are found where those of a local folder are.
        let path = format!("{SCHEME}{}/{}", object_key.bucket, object_key.key);
        let text = text.to_owned();
        account.signal(&Signal::TextStored { path, text });
    }
    if let Some(objects) = account[S3].buckets.get_mut(object_key.bucket) {
        objects.insert(object_key.key.to_owned(), object);
    }
    etag
}

fn not_found(code: &str, message: &str) -> ApiError {
    ApiError {
        status: 404,
        ..ApiError::client(code, message)
    }
}

fn create(
    account: &mut Account,
    request: &Request<'_>,
    bucket: &str,
) -> Result<Response, ApiError> {
    let place = String::from_utf8_lossy(request.body);
    if !place.is_empty() && !place.contains(&format!(">{REGION}<")) {
        return Err(ApiError::client(
            "IllegalLocationConstraintException",
            format!(
                "The account in memory is in {REGION} only: name it as the LocationConstraint, or none"
            ),
        ));
    }
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
    if !(3..=63).contains(&bucket.len()) || !bucket.chars().all(plain) {
        return Err(ApiError::client(
            "InvalidBucketName",
            "The specified bucket is not valid.",
        ));
    }
    if account[S3].buckets.contains_key(bucket) {
        return Err(ApiError {
            status: 409,
            ..ApiError::client(
                "BucketAlreadyOwnedByYou",
                "Your previous request to create the named bucket succeeded and you already own it.",
            )
        });
    }
    account[S3]
        .buckets
        .insert(bucket.to_owned(), BTreeMap::new());
    Ok(Response::empty(200).with("location", format!("/{bucket}")))
}

fn object(now: Timestamp, request: &Request<'_>) -> Object {
    let metadata = request
        .headers
        .iter()
        .filter(|(name, _)| name.starts_with("x-amz-meta-"));
    Object {
        bytes: Arc::new(request.body.to_vec()),
        content_type: request
            .header("content-type")
            .unwrap_or("binary/octet-stream")
            .to_owned(),
        metadata: metadata.cloned().collect(),
        modified: now,
    }
}

fn whole(object: &Object) -> Response {
    let modified = DateTimePrinter::new().timestamp_to_rfc9110_string(&object.modified);
    let mut response = Response::empty(200)
        .with("etag", object.etag())
        .with("content-type", object.content_type.as_str())
        .with("content-length", object.bytes.len().to_string())
        .with("last-modified", modified.unwrap_or_default());
    response.headers.extend(object.metadata.iter().cloned());
    response.body = object.bytes.to_vec();
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudformation::CLOUDFORMATION;

    fn ask(account: &mut Account, method: &str, path: &str, query: &str, body: &str) -> Response {
        let headers = [("x-amz-meta-a".to_owned(), "b".to_owned())];
        let request = Request {
            method,
            path,
            query,
            headers: &headers,
            body: body.as_bytes(),
        };
        serve(account, &Caller::Operator, &request)
    }

    fn account() -> Account {
        let mut account = crate::services::account(Timestamp::UNIX_EPOCH, 1);
        assert_eq!(ask(&mut account, "PUT", "/bucket", "", "").status, 200);
        account
    }

    #[test]
    fn an_object_is_got_as_it_was_put_and_templates_find_it() {
        let mut account = account();
        let put = ask(
            &mut account,
            "PUT",
            "/bucket/a/b.template",
            "x-id=PutObject",
            "text",
        );
        let got = ask(&mut account, "GET", "/bucket/a%2Fb.template", "", "");
        assert_eq!((got.status, got.body.as_slice()), (200, b"text".as_slice()));
        assert!(got.headers.contains(&put.headers[0]), "the same etag");
        assert!(
            got.headers
                .contains(&("x-amz-meta-a".to_owned(), "b".to_owned()))
        );
        assert_eq!(
            account[CLOUDFORMATION].file("s3://bucket/a/b.template"),
            Ok("text")
        );
        assert!(account[S3].object("s3://bucket/a/b.template").is_some());
        let listed = ask(&mut account, "GET", "/bucket", "list-type=2&prefix=a", "");
        let listed = String::from_utf8(listed.body).expect("XML");
        assert!(listed.contains("<Key>a/b.template</Key>"), "{listed}");
    }

    #[test]
    fn what_is_not_there_or_not_known_is_refused() {
        let mut account = account();
        let mut status = |method: &str, path: &str, query: &str| {
            let answer = ask(&mut account, method, path, query, "");
            (answer.status, String::from_utf8(answer.body).expect("XML"))
        };
        assert_eq!(status("HEAD", "/bucket/k", "").0, 404);
        assert!(
            status("GET", "/bucket/k", "")
                .1
                .contains("<Code>NoSuchKey</Code>")
        );
        assert!(
            status("PUT", "/other/k", "")
                .1
                .contains("<Code>NoSuchBucket</Code>")
        );
        assert_eq!(status("PUT", "/bucket", "").0, 409);
        let part = status("PUT", "/bucket/k", "partNumber=1&uploadId=u");
        assert!(part.1.contains("<Code>NoSuchUpload</Code>"), "{}", part.1);
        assert_eq!(status("PUT", "/bucket/k", "acl").0, 501);
        assert_eq!(status("DELETE", "/bucket/k", "").0, 501);
        assert_eq!(status("GET", "/", "").0, 501);
    }

    #[test]
    fn an_object_comes_in_parts() {
        let mut account = account();
        let mut put = |method: &str, query: &str, body: &str| {
            let answer = ask(&mut account, method, "/bucket/k", query, body);
            let text = String::from_utf8(answer.body).expect("XML");
            let etag = answer.headers.iter().find(|(name, _)| name == "etag");
            let etag = etag.map(|(_, value)| value.clone()).unwrap_or_default();
            (answer.status, text, etag)
        };
        let within = |text: &str, name: &str| {
            let (_, rest) = text.split_once(&format!("<{name}>")).expect("an element");
            rest.split_once('<').expect("its end").0.to_owned()
        };
        let id = within(&put("POST", "uploads", "").1, "UploadId");
        let upload = format!("uploadId={id}");
        let large = "a".repeat(5 << 20);
        let first = put("PUT", &format!("{upload}&partNumber=1"), &large).2;
        let last = put("PUT", &format!("{upload}&partNumber=2"), "b").2;
        let listed = |parts: &[(u32, &str)]| {
            let parts = parts.iter().map(|(number, etag)| {
                format!("<Part><ETag>{etag}</ETag><PartNumber>{number}</PartNumber></Part>")
            });
            let parts: String = parts.collect();
            format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>")
        };
        let mut refused = |body: &str| within(&put("POST", &upload, body).1, "Code");
        assert_eq!(refused(&listed(&[])), "MalformedXML");
        assert_eq!(refused("no XML"), "MalformedXML");
        assert_eq!(refused(&listed(&[(1, &last)])), "InvalidPart");
        assert_eq!(refused(&listed(&[(3, &last)])), "InvalidPart");
        assert_eq!(
            refused(&listed(&[(2, &last), (1, &first)])),
            "InvalidPartOrder"
        );
        let whole = listed(&[(1, &first), (2, last.trim_matches('"'))]);
        let completed = put("POST", &upload, &whole);
        assert_eq!(completed.0, 200, "{}", completed.1);
        assert_eq!(put("POST", &upload, &whole).0, 404, "it is no more");
        assert_eq!(put("GET", "", "").1, format!("{large}b"));

        let id = within(&put("POST", "uploads", "").1, "UploadId");
        let upload = format!("uploadId={id}");
        let small = put("PUT", &format!("{upload}&partNumber=1"), "a").2;
        let last = put("PUT", &format!("{upload}&partNumber=2"), "b").2;
        let parts = listed(&[(1, &small), (2, &last)]);
        assert_eq!(
            within(&put("POST", &upload, &parts).1, "Code"),
            "EntityTooSmall"
        );
        assert_eq!(put("PUT", &format!("{upload}&partNumber=0"), "b").0, 400);
        assert_eq!(put("DELETE", &upload, "").0, 204);
        assert_eq!(put("DELETE", &upload, "").0, 404);
    }
}
