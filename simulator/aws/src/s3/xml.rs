//! S3's answers in XML.

use super::Response;
use crate::account::REGION;
use crate::wire::ApiError;
pub(super) use crate::wire::query::escaped;

/// Of all answers but errors.
const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// The element `name` with `content`, which is XML.
pub(super) fn response(status: u16, name: &str, content: &str) -> Response {
    let mut response = Response::empty(status).with("content-type", "application/xml");
    response.body = format!("<{name} xmlns=\"{NAMESPACE}\">{content}</{name}>").into_bytes();
    response
}

/// Of GetBucketLocation.
pub(super) fn location() -> Response {
    response(200, "LocationConstraint", &REGION)
}

/// Of CompleteMultipartUpload.
pub(super) fn completed(bucket: &str, key: &str, etag: &str) -> Response {
    let (bucket, key, etag) = (escaped(bucket), escaped(key), escaped(etag));
    let text = format!(
        "<Location>/{bucket}/{key}</Location><Bucket>{bucket}</Bucket><Key>{key}</Key><ETag>{etag}</ETag>"
    );
    response(200, "CompleteMultipartUploadResult", &text)
}

/// An error about an object or a bucket.
pub(super) fn error(error: &ApiError, bucket: &str, key: &str) -> Response {
    let mut response = Response::empty(error.status).with("content-type", "application/xml");
    response.body = format!(
        "<Error><Code>{}</Code><Message>{}</Message><BucketName>{}</BucketName><Key>{}</Key></Error>",
        escaped(&error.code),
        escaped(&error.message),
        escaped(bucket),
        escaped(key),
    )
    .into_bytes();
    response
}
