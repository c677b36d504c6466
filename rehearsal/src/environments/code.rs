//! Where a function's binary is.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
        let wrong = |what: String| format!("{code}: {what}; it should be a zip of cargo lambda");
        if let Some(folder) = self.folders.get(zip) {
            return Ok(folder.path().join("bootstrap"));
        }
        let mut archive = zip::ZipArchive::new(Cursor::new(zip.as_slice()))
            .map_err(|error| wrong(error.to_string()))?;
        let mut entry = archive
            .by_name("bootstrap")
            .map_err(|error| wrong(format!("no bootstrap in it: {error}")))?;
        let folder = tempfile::tempdir().map_err(|error| wrong(error.to_string()))?;
        let place = folder.path().join("bootstrap");
        let mut file = std::fs::File::create(&place).map_err(|error| wrong(error.to_string()))?;
        std::io::copy(&mut entry, &mut file).map_err(|error| wrong(error.to_string()))?;
        drop(file);
        make_executable(&place).map_err(|error| wrong(error.to_string()))?;
        self.folders.insert(Arc::clone(zip), folder);
        Ok(place)
    }
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
