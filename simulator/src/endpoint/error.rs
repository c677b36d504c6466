//! Why the account cannot be served on loopback.

use std::io;
use std::net::SocketAddr;

/// What the endpoint lacks before it serves its first request.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// Others than this machine could reach the address.
    #[error(
        "{0} is not a loopback address: the account's requests and keys are not encrypted; listen on 127.0.0.1:{port}",
        port = .0.port()
    )]
    NotLoopback(SocketAddr),
    /// The system does not give the address.
    #[error("{address}: {cause}; name another port, or 0 for one that is free")]
    AddressTaken {
        /// The address.
        address: SocketAddr,
        /// The system's message.
        cause: io::Error,
    },
    /// The listener cannot be used without blocking.
    #[error("{address}: {cause}")]
    Blocking {
        /// The address.
        address: SocketAddr,
        /// The system's message.
        cause: io::Error,
    },
    /// The system does not know the listener's address.
    #[error("the listener has no address: {0}")]
    NoAddress(io::Error),
    /// The system has no randomness for the access keys.
    #[error("the system gives no random bytes for an access key: {0}")]
    NoRandomBytes(getrandom::Error),
}
