//! The account as a process, and raw requests to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// A running account, which ends with this value.
pub struct Account {
    process: Child,
    /// Such as `127.0.0.1:4500`.
    pub address: String,
    /// Its access key.
    pub key: String,
}

impl Drop for Account {
    fn drop(&mut self) {
        // It may have ended by itself already.
        let _ended = self.process.kill();
        let _status = self.process.wait();
    }
}

impl Account {
    /// A new one, on a port that is free.
    pub fn start(flags: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_ecs-rollout"))
            .args(["account", "--listen", "127.0.0.1:0", "--output", "json"])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("ecs-rollout starts");
        let stdout = process.stdout.take().expect("stdout is a pipe");
        let mut line = String::new();
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("it says where it listens");
        let record: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line:?}"));
        let text = |name: &str| record[name].as_str().expect("a text").to_owned();
        let address = text("url").trim_start_matches("http://").to_owned();
        let key = text("accessKeyId");
        Self {
            process,
            address,
            key,
        }
    }

    /// The header that signs a request to `service` with its key.
    pub fn signature(&self, service: &str) -> String {
        signature(&self.key, service)
    }

    /// The answer to a request with these lines at its head, to which only its length is added.
    pub fn raw(&self, head: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let length = body.len();
        let sent = write!(
            stream,
            "{head}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        sent.expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    }

    /// The answer to a request of a client that knows the address and the key.
    pub fn ask(&self, line: &str, service: &str, target: Option<&str>, body: &str) -> String {
        let target =
            target.map_or_else(String::new, |target| format!("\r\nx-amz-target: {target}"));
        let (address, signature) = (&self.address, self.signature(service));
        self.raw(
            &format!("{line} HTTP/1.1\r\nhost: {address}\r\n{signature}{target}"),
            body,
        )
    }

    /// Ends it as a user does, and gives what it wrote to stderr.
    pub fn end(mut self) -> String {
        let record = Command::new("kill")
            .args(["-TERM", &self.process.id().to_string()])
            .status();
        assert!(record.expect("kill is there").success());
        let mut written = String::new();
        let stderr = self.process.stderr.take();
        stderr
            .expect("stderr is a pipe")
            .read_to_string(&mut written)
            .expect("it is read");
        assert!(self.process.wait().expect("it ends").success(), "{written}");
        written
    }
}

/// The header that signs a request to `service`, as far as the account looks at it.
pub fn signature(key: &str, service: &str) -> String {
    format!(
        "authorization: AWS4-HMAC-SHA256 Credential={key}/20260101/eu-west-1/{service}/aws4_request, \
         SignedHeaders=host, Signature=0"
    )
}
