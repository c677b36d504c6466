//! Where a function's binary is.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use workers::Worker;
use zip::ZipArchive;

use super::{CodeError, ZipError};

/// What a function's zip may unpack to, with all that is in it: Lambda's own limit (Lambda
/// Developer Guide, quotas: 250 MB).
pub(super) const UNPACKED_LIMIT: u64 = 250 * 1024 * 1024;
/// What a zip may have in it. Those of cargo lambda have one file.
pub(super) const ENTRIES_LIMIT: usize = 1000;
/// How many times as large as the zip that may be: binaries shrink to a third, and one of zeros to
/// a thousandth.
pub(super) const RATIO_LIMIT: u64 = 100;
/// The file that Lambda runs.
const BOOTSTRAP: &str = "bootstrap";

/// The start of every ELF file.
const ELF_MAGIC: &[u8] = b"\x7fELF";
/// Where an ELF file names its machine.
const ELF_MACHINE: usize = 18;
/// The machines that Lambda has, by the number that ELF gives them.
const MACHINES: [(u8, &str, &str); 2] = [(62, "x86_64", "x86_64"), (183, "aarch64", "arm64")];

/// The binary of a worker in `folder`: as cargo builds it, or as cargo lambda does.
///
/// # Errors
/// If neither is there.
pub fn binary(folder: &Path, worker: Worker) -> Result<PathBuf, CodeError> {
    let by_cargo = folder.join(worker.name());
    let places = [by_cargo.join(BOOTSTRAP), by_cargo];
    let found = places.into_iter().find(|place| place.is_file());
    found.ok_or_else(|| CodeError::NotBuilt {
        worker,
        folder: folder.to_owned(),
    })
}

/// Refuses a binary that was built for another processor.
///
/// # Errors
/// If the binary cannot be read, or was built for another processor.
pub fn runs_here(binary: &Path) -> Result<(), CodeError> {
    let unreadable = |cause: std::io::Error| CodeError::Unreadable {
        binary: binary.to_owned(),
        cause,
    };
    let mut start = [0; ELF_MACHINE + 1];
    let file = std::fs::File::open(binary).map_err(unreadable)?;
    let read = file
        .take(start.len() as u64)
        .read(&mut start)
        .map_err(unreadable)?;
    if read < start.len() || !start.starts_with(ELF_MAGIC) {
        // A script, or another system's format: the system decides.
        return Ok(());
    }
    let here = std::env::consts::ARCH;
    let machine = MACHINES
        .iter()
        .find(|(number, ..)| *number == start[ELF_MACHINE]);
    match machine {
        Some((_, arch, _)) if *arch == here => Ok(()),
        Some((_, _, built_for)) => Err(CodeError::OtherProcessor {
            binary: binary.to_owned(),
            built_for,
            here,
        }),
        None => Ok(()),
    }
}

/// The zips that were unpacked. Their folders are removed in the end.
#[derive(Debug, Default)]
pub struct Unpacked {
    folders: BTreeMap<Arc<Vec<u8>>, TempDir>,
}

impl Unpacked {
    /// The `bootstrap` of a zip, unpacked.
    ///
    /// # Errors
    /// What is wrong with the zip.
    pub fn bootstrap(&mut self, code: &str, zip: &Arc<Vec<u8>>) -> Result<PathBuf, CodeError> {
        if let Some(folder) = self.folders.get(zip) {
            return Ok(folder.path().join(BOOTSTRAP));
        }
        let folder = unpack(zip).map_err(|error| CodeError::Zip {
            code: code.to_owned(),
            error,
        })?;
        let place = folder.path().join(BOOTSTRAP);
        self.folders.insert(Arc::clone(zip), folder);
        Ok(place)
    }
}

/// A new folder with the `bootstrap` of a zip.
fn unpack(zip: &[u8]) -> Result<TempDir, ZipError> {
    let mut archive = ZipArchive::new(Cursor::new(zip))?;
    let limit = UNPACKED_LIMIT.min(RATIO_LIMIT * zip.len() as u64);
    check_entries(&mut archive, limit)?;
    let mut entry = archive.by_name(BOOTSTRAP).map_err(ZipError::NoBootstrap)?;
    if !entry.is_file() {
        return Err(ZipError::NotAFile);
    }
    let folder = tempfile::tempdir()?;
    let place = folder.path().join(BOOTSTRAP);
    let mut file = std::fs::File::create(&place)?;
    // What a zip says of its sizes may be a lie: what counts is what comes out.
    let mut unpacked = (&mut entry).take(limit + 1);
    let length = std::io::copy(&mut unpacked, &mut file)?;
    if length > limit {
        return Err(ZipError::TooLarge { limit });
    }
    drop(file);
    make_executable(&place)?;
    Ok(folder)
}

/// Refuses a zip that would unpack to too much by its own account, or to a place outside its
/// folder. Only the bootstrap is written anywhere; but a zip with such a name in it was made to do
/// harm.
fn check_entries<R: Read + Seek>(archive: &mut ZipArchive<R>, limit: u64) -> Result<(), ZipError> {
    if archive.len() > ENTRIES_LIMIT {
        return Err(ZipError::TooManyEntries(archive.len()));
    }
    let mut whole = 0_u64;
    for at in 0..archive.len() {
        let entry = archive.by_index_raw(at)?;
        let name = entry.name()?;
        if !stays_inside(&name) {
            return Err(ZipError::PathOutside(name.into_owned()));
        }
        whole = whole.saturating_add(entry.size());
    }
    if whole > limit {
        return Err(ZipError::TooLarge { limit });
    }
    Ok(())
}

/// Whether a path begins in the folder in which it is unpacked, and never leaves it.
fn stays_inside(path: &str) -> bool {
    let separators = ['/', '\\'];
    !path.starts_with(separators) && path.split(separators).all(|part| part != "..")
}

#[cfg(unix)]
fn make_executable(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_file: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::write::SimpleFileOptions;

    use super::*;

    fn zip_of(name: &str, text: &str) -> Arc<Vec<u8>> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file(name, SimpleFileOptions::default())
            .expect("a file");
        zip.write_all(text.as_bytes()).expect("memory");
        Arc::new(zip.finish().expect("memory").into_inner())
    }

    #[test]
    fn a_zip_is_unpacked_once_and_a_new_one_under_the_same_key_anew() {
        let mut unpacked = Unpacked::default();
        let mut read = |text: &str| {
            let place = unpacked
                .bootstrap("s3://bucket/key", &zip_of("bootstrap", text))
                .expect("a good zip");
            std::fs::read_to_string(&place).expect("a file")
        };
        assert_eq!(
            (read("1"), read("2"), read("1")),
            ("1".into(), "2".into(), "1".into())
        );
    }

    #[test]
    fn what_is_no_zip_of_a_function_is_refused_by_name() {
        let mut unpacked = Unpacked::default();
        for zip in [zip_of("main", "x"), Arc::new(b"nonsense".to_vec())] {
            let message = unpacked
                .bootstrap("s3://bucket/key", &zip)
                .expect_err("bad")
                .to_string();
            assert!(message.starts_with("s3://bucket/key: "), "{message}");
        }
    }

    fn refusal(zip: Vec<u8>) -> String {
        let refused = Unpacked::default().bootstrap("s3://bucket/key", &Arc::new(zip));
        refused.expect_err("it is refused").to_string()
    }

    /// A zip of these files, the last of which is the bootstrap.
    fn zip_with(names: impl IntoIterator<Item = String>, bootstrap: &[u8]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for name in names {
            zip.start_file(name, SimpleFileOptions::default())
                .expect("a file");
        }
        zip.start_file(BOOTSTRAP, SimpleFileOptions::default())
            .expect("a file");
        zip.write_all(bootstrap).expect("memory");
        zip.finish().expect("memory").into_inner()
    }

    #[test]
    fn a_zip_that_unpacks_to_too_much_is_refused_whatever_it_says_of_itself() {
        let mut bomb = zip_with([], &vec![0; 8 * 1024 * 1024]);
        assert!(refusal(bomb.clone()).contains("unpacks to more than"));
        // The size stands in the entry's own header and in the central directory: now both say that
        // it is small.
        let (size, record) = ((8_u32 * 1024 * 1024).to_le_bytes(), 7_u32.to_le_bytes());
        let places: Vec<usize> = (0..bomb.len() - 3)
            .filter(|at| bomb[*at..*at + 4] == size)
            .collect();
        assert!(!places.is_empty());
        for at in places {
            bomb[at..at + 4].copy_from_slice(&record);
        }
        let message = refusal(bomb);
        assert!(message.starts_with("s3://bucket/key: "), "{message}");
    }

    #[test]
    fn a_zip_of_too_many_files_or_with_a_path_outside_is_refused() {
        let many = (0..ENTRIES_LIMIT).map(|at| format!("f{at}"));
        assert!(refusal(zip_with(many, b"x")).contains("entries"));
        for name in ["../bootstrap", "a/../../bootstrap", "/etc/passwd"] {
            let message = refusal(zip_with([name.to_owned()], b"x"));
            assert!(message.contains("outside"), "{name}: {message}");
        }
        let inside = zip_with(["lib/a".to_owned()], b"x");
        assert!(
            Unpacked::default()
                .bootstrap("k", &Arc::new(inside))
                .is_ok()
        );
    }

    #[test]
    fn a_bootstrap_that_points_elsewhere_is_refused() {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        zip.add_symlink(BOOTSTRAP, "/bin/sh", SimpleFileOptions::default())
            .expect("a link");
        let zip = zip.finish().expect("memory").into_inner();
        assert!(refusal(zip).contains("no file"));
    }

    #[test]
    fn a_binary_for_another_processor_is_refused_with_the_parameter_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let other = if std::env::consts::ARCH == "x86_64" {
            183
        } else {
            62
        };
        let mut elf = vec![0; 64];
        elf[..4].copy_from_slice(ELF_MAGIC);
        elf[ELF_MACHINE] = other;
        let place = folder.path().join("bootstrap");
        std::fs::write(&place, &elf).expect("a file");
        let message = runs_here(&place)
            .expect_err("another processor")
            .to_string();
        assert!(message.contains("Architecture"), "{message}");
        std::fs::write(&place, "#!/bin/sh").expect("a file");
        assert!(runs_here(&place).is_ok());
        assert!(
            binary(folder.path(), Worker::Joined)
                .expect_err("none")
                .to_string()
                .contains("cargo build")
        );
    }
}
