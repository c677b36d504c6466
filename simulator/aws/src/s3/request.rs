//! A request: which bucket, which object, and which call.

use crate::wire::ApiError;

/// A request, as it came over HTTP.
#[derive(Debug)]
pub struct Request<'a> {
    /// Such as `PUT`.
    pub method: &'a str,
    /// Such as `/bucket/key`.
    pub path: &'a str,
    /// What stands after the question mark.
    pub query: &'a str,
    /// The headers, with names in lower case.
    pub headers: &'a [(String, String)],
    /// The object.
    pub body: &'a [u8],
}

impl Request<'_> {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Bucket and key of a path, decoded.
pub(super) fn names(path: &str) -> (String, String) {
    // A plus is a plus in a path, but a space in a form.
    let decoded = |text: &str| {
        let text = text.replace('+', "%2B");
        form_urlencoded::parse(text.as_bytes())
            .next()
            .map_or(String::new(), |(text, _)| text.into_owned())
    };
    let path = path.trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    (decoded(bucket), decoded(key))
}

/// Which call a request is.
pub(super) fn action(request: &Request<'_>, key: &str) -> Result<&'static str, ApiError> {
    let unknown = || {
        let (method, path) = (request.method, request.path);
        Err(ApiError::not_known(format_args!(
            "{method} {path}?{} of S3",
            request.query
        )))
    };
    // Headers that change what is asked for.
    let odd = ["x-amz-copy-source", "range", "if-match", "if-none-match"];
    let chunked = request
        .header("content-encoding")
        .is_some_and(|value| value.contains("aws-chunked"));
    if odd.iter().any(|name| request.header(name).is_some()) || chunked {
        return unknown();
    }
    let asked: Vec<_> = form_urlencoded::parse(request.query.as_bytes())
        .map(|(name, _)| name.into_owned())
        .filter(|name| name != "x-id")
        .collect();
    let bucket = key.is_empty() && !request.path.trim_matches('/').is_empty();
    let asks = |name: &str| asked.iter().any(|own| own == name);
    match (request.method, bucket, asked.len()) {
        ("GET", true, _) if asks("list-type") => Ok("ListObjectsV2"),
        ("GET", true, 1) if asks("location") => Ok("GetBucketLocation"),
        ("PUT", true, 0) => Ok("CreateBucket"),
        ("HEAD", true, 0) => Ok("HeadBucket"),
        ("PUT", false, 0) if !key.is_empty() => Ok("PutObject"),
        ("GET", false, 0) if !key.is_empty() => Ok("GetObject"),
        ("HEAD", false, 0) if !key.is_empty() => Ok("HeadObject"),
        ("POST", false, 1) if asks("uploads") => Ok("CreateMultipartUpload"),
        ("PUT", false, 2) if asks("uploadId") && asks("partNumber") => Ok("UploadPart"),
        ("POST", false, 1) if asks("uploadId") => Ok("CompleteMultipartUpload"),
        ("DELETE", false, 1) if asks("uploadId") => Ok("AbortMultipartUpload"),
        _ => unknown(),
    }
}
