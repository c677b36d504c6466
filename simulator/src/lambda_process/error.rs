//! Why a function cannot be started as a process.

use std::io;
use std::path::PathBuf;

use workers::Worker;

use super::code::{ENTRIES_LIMIT, RATIO_LIMIT, UNPACKED_LIMIT};
use crate::lambda;

/// Why an environment cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The function's code was uploaded, and the account does not run such code.
    #[error("{}", lambda::refused_upload(.function, .code))]
    Uploaded {
        /// The function.
        function: String,
        /// Where its code is.
        code: String,
    },
    /// The function is none of our workers, and has no zip.
    #[error("{code} is not one of our workers, and no zip was given")]
    NotAWorker {
        /// Where its code is.
        code: String,
    },
    /// The function's code cannot be used.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// The Runtime API cannot listen.
    #[error("no port for the Runtime API: {0}")]
    NoPort(io::Error),
    /// The system does not start the binary.
    #[error("{}: {cause}", .binary.display())]
    NotStarted {
        /// The binary.
        binary: PathBuf,
        /// The system's message.
        cause: io::Error,
    },
}

/// What is wrong with a function's code.
#[derive(Debug, thiserror::Error)]
pub enum CodeError {
    /// A worker was not built.
    #[error(
        "there is no worker {} in {}; build the workers with `cargo build --workspace`, or name their folder with --workers",
        .worker.name(), .folder.display()
    )]
    NotBuilt {
        /// The worker.
        worker: Worker,
        /// The folder of the binaries.
        folder: PathBuf,
    },
    /// A binary cannot be read.
    #[error("{}: {cause}", .binary.display())]
    Unreadable {
        /// The binary.
        binary: PathBuf,
        /// The system's message.
        cause: io::Error,
    },
    /// A binary was built for another processor.
    #[error(
        "{} was built for {built_for}, and this machine is {here}: build the zips for it, and set the parameter Architecture to it",
        .binary.display()
    )]
    OtherProcessor {
        /// The binary.
        binary: PathBuf,
        /// The processor for which it was built.
        built_for: &'static str,
        /// This machine's processor.
        here: &'static str,
    },
    /// A zip cannot be used.
    #[error("{code}: {error}; it should be a zip of cargo lambda")]
    Zip {
        /// Where the zip is.
        code: String,
        /// What is wrong with it.
        error: ZipError,
    },
}

/// What is wrong with a zip.
#[derive(Debug, thiserror::Error)]
pub enum ZipError {
    /// It cannot be read.
    #[error(transparent)]
    Format(#[from] zip::result::ZipError),
    /// It has no file that Lambda would run.
    #[error("no bootstrap in it: {0}")]
    NoBootstrap(zip::result::ZipError),
    /// What Lambda would run is a folder or a link.
    #[error("its bootstrap is no file")]
    NotAFile,
    /// It has too many files.
    #[error("it has {0} entries, and may have {ENTRIES_LIMIT}")]
    TooManyEntries(usize),
    /// A file would be unpacked outside of the zip's folder.
    #[error("{0:?} in it is a path outside of it")]
    PathOutside(String),
    /// It unpacks to too much.
    #[error(
        "it unpacks to more than {limit} bytes, the smaller of {UNPACKED_LIMIT} and {RATIO_LIMIT} times its own size"
    )]
    TooLarge {
        /// How many bytes it may unpack to.
        limit: u64,
    },
    /// It cannot be unpacked.
    #[error(transparent)]
    NotUnpacked(#[from] io::Error),
}
