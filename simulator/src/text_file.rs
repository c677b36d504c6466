//! Text files as people's tools write them: UTF-8, or UTF-16 as the `>` of Windows PowerShell
//! writes, each with or without a byte order mark, and several such files behind one another.

use std::path::Path;

/// Why a file cannot be read as text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// The file cannot be read.
    #[error("{file}: {cause}")]
    Unreadable {
        /// The file.
        file: String,
        /// The operating system's message.
        cause: String,
    },
    /// The bytes of a line are no text.
    #[error("{file}: line {line}: {error}; save the file as UTF-8")]
    Bytes {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong with the bytes.
        error: EncodingError,
    },
}

/// What is wrong with the bytes of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncodingError {
    /// A byte that UTF-8 does not have there.
    #[error("byte 0x{0:02x} is not UTF-8")]
    Utf8(u8),
    /// Half of a character of UTF-16.
    #[error("unit 0x{0:04x} is not UTF-16")]
    Utf16(u16),
    /// An odd number of bytes.
    #[error("the text is UTF-16 and ends in the middle of a unit")]
    HalfAUnit,
    /// An encoding that is not read.
    #[error("the text is UTF-32")]
    Utf32,
}

/// Reads the file at `path`.
///
/// # Errors
/// What is wrong with the file, or with its bytes.
pub fn read(path: &Path) -> Result<String, TextError> {
    let file = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| TextError::Unreadable {
        file: file.clone(),
        cause: error.to_string(),
    })?;
    decode(&file, bytes)
}

/// The text of these bytes, without byte order marks. `file` is named in messages.
///
/// Tools append files to one another as they are (`cat a b`): then each part may begin with a mark,
/// and have an encoding of its own.
///
/// # Errors
/// The line, and what is wrong with its bytes.
pub fn decode(file: &str, bytes: Vec<u8>) -> Result<String, TextError> {
    let mut text = String::new();
    let mut rest = bytes.as_slice();
    let mut encoding = Encoding::without_mark(rest);
    loop {
        if let Some((marked, mark)) = Encoding::marked(rest) {
            (encoding, rest) = (marked, &rest[mark..]);
        }
        let (part, more) = rest.split_at(encoding.part(rest));
        let decoded = encoding.decode(part);
        text += &decoded.map_err(|(before, error)| {
            let line = 1 + text.matches('\n').count() + before.matches('\n').count();
            TextError::Bytes {
                file: file.to_owned(),
                line,
                error,
            }
        })?;
        if more.is_empty() {
            return Ok(text);
        }
        rest = more;
    }
}

/// How a part of a file writes its characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16Little,
    Utf16Big,
    Utf32,
}

/// The byte order marks (<https://www.unicode.org/faq/utf_bom.html>); the longer ones first.
const MARKS: [(&[u8], Encoding); 5] = [
    (b"\xff\xfe\0\0", Encoding::Utf32),
    (b"\0\0\xfe\xff", Encoding::Utf32),
    (b"\xef\xbb\xbf", Encoding::Utf8),
    (b"\xff\xfe", Encoding::Utf16Little),
    (b"\xfe\xff", Encoding::Utf16Big),
];

impl Encoding {
    /// The encoding of bytes that begin with a mark, and the mark's length.
    fn marked(bytes: &[u8]) -> Option<(Self, usize)> {
        let mut marks = MARKS.iter();
        let (mark, encoding) = marks.find(|(mark, _)| bytes.starts_with(mark))?;
        Some((*encoding, mark.len()))
    }

    /// The encoding of a file that begins without a mark. Whatever we read begins with a letter or
    /// sign of ASCII: a zero byte beside it is the other half of a UTF-16 unit.
    fn without_mark(bytes: &[u8]) -> Self {
        match bytes {
            [first, 0, ..] if *first != 0 => Self::Utf16Little,
            [0, second, ..] if *second != 0 => Self::Utf16Big,
            _ => Self::Utf8,
        }
    }

    /// How many bytes a character of ASCII has.
    fn width(self) -> usize {
        match self {
            Self::Utf8 => 1,
            Self::Utf16Little | Self::Utf16Big => 2,
            Self::Utf32 => 4,
        }
    }

    /// The character of ASCII that these bytes are, if they are one.
    fn ascii(self, bytes: &[u8]) -> Option<char> {
        let byte = match (self, bytes) {
            (Self::Utf8, [byte]) => *byte,
            (Self::Utf16Little, [byte, 0]) | (Self::Utf16Big, [0, byte]) => *byte,
            _ => return None,
        };
        byte.is_ascii().then_some(char::from(byte))
    }

    /// Where the part that these bytes begin with ends: at the mark of the next one. That begins
    /// where a line begins, or behind the end of a JSON value; elsewhere the same bytes are
    /// characters.
    fn part(self, bytes: &[u8]) -> usize {
        let width = self.width();
        let mut begins = true;
        for (at, unit) in bytes.chunks(width).enumerate() {
            let at = at * width;
            if begins && Self::marked(&bytes[at..]).is_some() {
                return at;
            }
            begins = match self.ascii(unit) {
                Some('\n' | '}' | ']') => true,
                Some(' ' | '\t' | '\r') => begins,
                _ => false,
            };
        }
        bytes.len()
    }

    /// The text of a part; or the text before what is wrong with it, and what that is.
    fn decode(self, bytes: &[u8]) -> Result<String, (String, EncodingError)> {
        match self {
            Self::Utf8 => utf_8(bytes),
            Self::Utf16Little => utf_16(bytes, u16::from_le_bytes),
            Self::Utf16Big => utf_16(bytes, u16::from_be_bytes),
            Self::Utf32 => Err((String::new(), EncodingError::Utf32)),
        }
    }
}

fn utf_8(bytes: &[u8]) -> Result<String, (String, EncodingError)> {
    let mut chunks = bytes.utf8_chunks();
    let mut text = String::with_capacity(bytes.len());
    for chunk in &mut chunks {
        text += chunk.valid();
        if let Some(byte) = chunk.invalid().first() {
            return Err((text, EncodingError::Utf8(*byte)));
        }
    }
    Ok(text)
}

fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, (String, EncodingError)> {
    let pairs = bytes.chunks_exact(2);
    let is_cut = !pairs.remainder().is_empty();
    let units = pairs.map(|pair| unit([pair[0], pair[1]]));
    let mut text = String::with_capacity(bytes.len());
    for one in char::decode_utf16(units) {
        match one {
            Ok(one) => text.push(one),
            Err(lone) => {
                return Err((text, EncodingError::Utf16(lone.unpaired_surrogate())));
            }
        }
    }
    if is_cut {
        Err((text, EncodingError::HalfAUnit))
    } else {
        Ok(text)
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

    /// Every file behind every other, as `cat` puts them: with a mark a file is read whatever comes
    /// before it.
    #[test]
    fn files_behind_one_another_are_read_each_in_its_encoding() {
        let marked = [
            [b"\xef\xbb\xbf", TEXT.as_bytes()].concat(),
            [&b"\xff\xfe"[..], &units(u16::to_le_bytes)].concat(),
            [&b"\xfe\xff"[..], &units(u16::to_be_bytes)].concat(),
        ];
        let unmarked = [
            TEXT.as_bytes().to_vec(),
            units(u16::to_le_bytes),
            units(u16::to_be_bytes),
        ];
        for first in marked.iter().chain(&unmarked) {
            for second in &marked {
                let both = [first.as_slice(), second].concat();
                assert_eq!(
                    decode("f", both.clone()),
                    Ok(format!("{TEXT}{TEXT}")),
                    "{both:?}"
                );
            }
        }
        let without_newline = b"{} \xef\xbb\xbf{}\xff\xfe[\0]\0\xef\xbb\xbf{}".to_vec();
        assert_eq!(decode("f", without_newline), Ok("{} {}[]{}".to_owned()));
    }

    #[test]
    fn a_mark_within_a_text_is_a_character() {
        let text = "{\"a\": \"b\u{feff}c\", \"\u{feff}\": 1}";
        let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [text.as_bytes().to_vec(), utf_16] {
            assert_eq!(decode("f", bytes), Ok(text.to_owned()));
        }
    }

    #[test]
    fn other_bytes_are_refused_with_file_place_and_remedy() {
        let latin_1 = b"{\n\"a\": \"gr\xf6sser\"}".to_vec();
        assert_eq!(
            decode("f.json", latin_1).expect_err("Latin-1").to_string(),
            "f.json: line 2: byte 0xf6 is not UTF-8; save the file as UTF-8"
        );
        for (bytes, why) in [
            (
                &b"\xff\xfe{\0\n\0}"[..],
                "line 2: the text is UTF-16 and ends in the middle of a unit",
            ),
            (b"\xff\xfe\0\xd8", "line 1: unit 0xd800 is not UTF-16"),
            (b"\xff\xfe\0\0{\0\0\0", "line 1: the text is UTF-32"),
            // Behind another file.
            (b"{}\n\xff\xfe\0\0{\0\0\0", "line 2: the text is UTF-32"),
            (
                b"{}\n\xff\xfe{\0\n\0\0\xdc",
                "line 3: unit 0xdc00 is not UTF-16",
            ),
            (b"{}\n\xef\xbb\xbf{\n\xe4", "line 3: byte 0xe4 is not UTF-8"),
        ] {
            let refused = decode("f.json", bytes.to_vec())
                .expect_err("no text")
                .to_string();
            let wanted = format!("f.json: {why}; save the file as UTF-8");
            assert_eq!(refused, wanted);
        }
        let missing = read(Path::new("nowhere.json"))
            .expect_err("no file")
            .to_string();
        assert!(missing.starts_with("nowhere.json: "), "{missing}");
    }
}
