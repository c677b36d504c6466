//! Where a function's binary is.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zip::ZipArchive;

/// What a function's zip may unpack to, with all that is in it: Lambda's own limit (Lambda
/// Developer Guide, quotas: 250 MB).
const UNPACKED_LIMIT: u64 = 250 * 1024 * 1024;
/// What a zip may have in it. Those of cargo lambda have one file.
const ENTRIES_LIMIT: usize = 1000;
/// How many times as large as the zip that may be: binaries shrink to a third, and one of zeros to
/// a thousandth.
const RATIO_LIMIT: u64 = 100;
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
/// A sentence that says what was looked for, and how to build it.
pub fn binary(folder: &Path, worker: &str) -> Result<PathBuf, String> {
    let places = [folder.join(worker).join("bootstrap"), folder.join(worker)];
    let found = places.iter().find(|place| place.is_file());
    found.cloned().ok_or_else(|| {
        format!(
            "there is no worker {worker} in {}; build the workers with `cargo build --workspace`, or name \
             their folder with --workers",
            folder.display()
        )
    })
}

/// Refuses a binary that was built for another processor.
///
/// # Errors
/// A sentence that names both, and the parameter.
pub fn runs_here(binary: &Path) -> Result<(), String> {
    let unreadable = |error: std::io::Error| format!("{}: {error}", binary.display());
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
        Some((_, _, built_for)) => Err(format!(
            "{} was built for {built_for}, and this machine is {here}: build the zips for it, and set the parameter \
             Architecture to it",
            binary.display()
        )),
        None => Ok(()),
    }
}

/// The zips that were unpacked. Their folders are removed in the end.
#[derive(Debug, Default)]
pub struct Unpacked {
    folders: BTreeMap<Arc<Vec<u8>>, tempfile::TempDir>,
}

impl Unpacked {
    /// The `bootstrap` of a zip, unpacked.
    ///
    /// # Errors
    /// A sentence that names the zip and what is wrong with it.
    pub fn bootstrap(&mut self, code: &str, zip: &Arc<Vec<u8>>) -> Result<PathBuf, String> {
        let mutation = |what: String| format!("{code}: {what}; it should be a zip of cargo lambda");
        if let Some(folder) = self.folders.get(zip) {
            return Ok(folder.path().join(BOOTSTRAP));
        }
        let mut archive = ZipArchive::new(Cursor::new(zip.as_slice()))
            .map_err(|error| mutation(error.to_string()))?;
        let limit = UNPACKED_LIMIT.min(RATIO_LIMIT * zip.len() as u64);
        check_entries(&mut archive, limit).map_err(&mutation)?;
        let mut entry = archive
            .by_name(BOOTSTRAP)
            .map_err(|error| mutation(format!("no bootstrap in it: {error}")))?;
        if !entry.is_file() {
            return Err(mutation("its bootstrap is no file".to_owned()));
        }
        let folder = tempfile::tempdir().map_err(|error| mutation(error.to_string()))?;
        let place = folder.path().join(BOOTSTRAP);
        let mut file =
            std::fs::File::create(&place).map_err(|error| mutation(error.to_string()))?;
        // What a zip says of its sizes may be a lie: what counts is what comes out.
        let mut unpacked = (&mut entry).take(limit + 1);
        let length =
            std::io::copy(&mut unpacked, &mut file).map_err(|error| mutation(error.to_string()))?;
        if length > limit {
            return Err(mutation(too_large(limit)));
        }
        drop(file);
        make_executable(&place).map_err(|error| mutation(error.to_string()))?;
        self.folders.insert(Arc::clone(zip), folder);
        Ok(place)
    }
}

/// Refuses a zip that would unpack to too much by its own account, or to a place outside its
/// folder. Only the bootstrap is written anywhere; but a zip with such a name in it was made to do
/// harm.
fn check_entries<R: Read + Seek>(archive: &mut ZipArchive<R>, limit: u64) -> Result<(), String> {
    if archive.len() > ENTRIES_LIMIT {
        return Err(format!(
            "it has {} entries, and may have {ENTRIES_LIMIT}",
            archive.len()
        ));
    }
    let mut whole = 0_u64;
    for at in 0..archive.len() {
        let entry = archive
            .by_index_raw(at)
            .map_err(|error| error.to_string())?;
        let name = entry.name().map_err(|error| error.to_string())?;
        if !stays_inside(&name) {
            return Err(format!("{name:?} in it is a path outside of it"));
        }
        whole = whole.saturating_add(entry.size());
    }
    if whole > limit {
        return Err(too_large(limit));
    }
    Ok(())
}

/// Whether a path begins in the folder in which it is unpacked, and never leaves it.
fn stays_inside(path: &str) -> bool {
    let separators = ['/', '\\'];
    !path.starts_with(separators) && path.split(separators).all(|part| part != "..")
}

fn too_large(limit: u64) -> String {
    format!(
        "it unpacks to more than {limit} bytes, the smaller of {UNPACKED_LIMIT} and {RATIO_LIMIT} times its own size"
    )
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
                .expect_err("bad");
            assert!(message.starts_with("s3://bucket/key: "), "{message}");
        }
    }

    fn refusal(zip: Vec<u8>) -> String {
        let refused = Unpacked::default().bootstrap("s3://bucket/key", &Arc::new(zip));
        refused.expect_err("it is refused")
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
        let message = runs_here(&place).expect_err("another processor");
        assert!(message.contains("Architecture"), "{message}");
        std::fs::write(&place, "#!/bin/sh").expect("a file");
        assert_eq!(runs_here(&place), Ok(()));
        assert!(
            binary(folder.path(), "joined")
                .expect_err("none")
                .contains("cargo build")
        );
    }
}
