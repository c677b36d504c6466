//! Text files as people's tools write them: UTF-8, or UTF-16 as the `>` of Windows PowerShell writes, each with or
//! without a byte order mark.

use std::path::Path;

/// Reads the file at `path`.
///
/// # Errors
/// A sentence that names the file, and what is wrong with its bytes.
pub fn read(path: &Path) -> Result<String, String> {
    let file = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| format!("{file}: {error}"))?;
    decode(&file, bytes)
}

/// The text of these bytes, without a byte order mark. `file` is named in messages.
///
/// # Errors
/// A sentence that names the file, the place and the way out.
pub fn decode(file: &str, bytes: Vec<u8>) -> Result<String, String> {
    match bytes.as_slice() {
        [0xef, 0xbb, 0xbf, text @ ..] => utf_8(file, text.to_vec()),
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Err(format!(
            "{file}: the text is UTF-32; save the file as UTF-8"
        )),
        [0xff, 0xfe, text @ ..] => utf_16(file, text, u16::from_le_bytes),
        [0xfe, 0xff, text @ ..] => utf_16(file, text, u16::from_be_bytes),
        // Whatever we read begins with a letter or sign of ASCII: a zero byte beside it is the other half of a UTF-16 unit.
        [first, 0, ..] if *first != 0 => utf_16(file, &bytes, u16::from_le_bytes),
        [0, second, ..] if *second != 0 => utf_16(file, &bytes, u16::from_be_bytes),
        _ => utf_8(file, bytes),
    }
}

fn utf_8(file: &str, bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let before = &error.as_bytes()[..at];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        format!(
            "{file}: line {line}: byte 0x{:02x} is not UTF-8; save the file as UTF-8",
            error.as_bytes()[at]
        )
    })
}

fn utf_16(file: &str, bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, String> {
    let pairs = bytes.chunks_exact(2);
    let is_cut = !pairs.remainder().is_empty();
    let units = pairs.map(|pair| unit([pair[0], pair[1]]));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    match text {
        Ok(text) if !is_cut => Ok(text),
        _ => Err(format!(
            "{file}: the text begins as UTF-16 and does not end so; save the file as UTF-8"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "{\"a\": \"größer 🦀\"}\r\n";

    fn units(bytes_of: fn(u16) -> [u8; 2]) -> Vec<u8> {
        TEXT.encode_utf16().flat_map(bytes_of).collect()
    }

    #[test]
    fn what_editors_and_powershell_write_is_read() {
        let with_mark = |mark: &[u8], text: Vec<u8>| [mark, &text].concat();
        let files = [
            TEXT.as_bytes().to_vec(),
            with_mark(b"\xef\xbb\xbf", TEXT.as_bytes().to_vec()),
            with_mark(b"\xff\xfe", units(u16::to_le_bytes)),
            with_mark(b"\xfe\xff", units(u16::to_be_bytes)),
            units(u16::to_le_bytes),
            units(u16::to_be_bytes),
        ];
        for bytes in files {
            assert_eq!(decode("f", bytes.clone()), Ok(TEXT.to_owned()), "{bytes:?}");
        }
        assert_eq!(decode("f", Vec::new()), Ok(String::new()));
    }

    #[test]
    fn other_bytes_are_refused_with_file_place_and_remedy() {
        let latin_1 = b"{\n\"a\": \"gr\xf6sser\"}".to_vec();
        assert_eq!(
            decode("f.json", latin_1).expect_err("Latin-1"),
            "f.json: line 2: byte 0xf6 is not UTF-8; save the file as UTF-8"
        );
        for bytes in [
            &b"\xff\xfe{\0}"[..],
            b"\xff\xfe\0\xd8",
            b"\xff\xfe\0\0{\0\0\0",
        ] {
            let refused = decode("f.json", bytes.to_vec()).expect_err("no text");
            assert!(refused.starts_with("f.json: the text ") && refused.ends_with("UTF-8"));
        }
        let missing = read(Path::new("nowhere.json")).expect_err("no file");
        assert!(missing.starts_with("nowhere.json: "), "{missing}");
    }
}
