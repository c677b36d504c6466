//! Where a function's binary is.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

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
            "there is no worker {worker} in {}; build the workers with `cargo build --release --workspace`, or name \
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

/// The zips that were unpacked, by where they came from. Their folders are removed in the end.
#[derive(Debug, Default)]
pub struct Unpacked {
    folders: BTreeMap<String, tempfile::TempDir>,
}

impl Unpacked {
    /// The `bootstrap` of a zip, unpacked.
    ///
    /// # Errors
    /// A sentence that names the zip and what is wrong with it.
    pub fn bootstrap(&mut self, code: &str, zip: &[u8]) -> Result<PathBuf, String> {
        let wrong = |what: String| format!("{code}: {what}; it should be a zip of cargo lambda");
        if let Some(folder) = self.folders.get(code) {
            return Ok(folder.path().join("bootstrap"));
        }
        let mut archive =
            zip::ZipArchive::new(Cursor::new(zip)).map_err(|error| wrong(error.to_string()))?;
        let mut entry = archive
            .by_name("bootstrap")
            .map_err(|error| wrong(format!("no bootstrap in it: {error}")))?;
        let folder = tempfile::tempdir().map_err(|error| wrong(error.to_string()))?;
        let place = folder.path().join("bootstrap");
        let mut file = std::fs::File::create(&place).map_err(|error| wrong(error.to_string()))?;
        std::io::copy(&mut entry, &mut file).map_err(|error| wrong(error.to_string()))?;
        drop(file);
        make_executable(&place).map_err(|error| wrong(error.to_string()))?;
        self.folders.insert(code.to_owned(), folder);
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
