//! Mutations of a corpus: always the same ones from the same seed.

/// No input is longer, but for what is made long on purpose.
const LONGEST: usize = 64 * 1024;
/// So long are what is nested deep and what is repeated.
const MANY: [usize; 4] = [30, 300, 3000, 60_000];
/// Numbers at the edges of what holds numbers.
const NUMBERS: [&str; 14] = [
    "0",
    "-0",
    "-1",
    "128",
    "2147483648",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "340282366920938463463374607431768211456",
    "1e308",
    "1e-400",
    "0.1",
];
/// What opens one more level somewhere.
const OPENERS: [&str; 12] = [
    "[",
    "{\"a\":",
    "(",
    "- ",
    "not ",
    "!",
    "try ",
    "a.",
    "[0]",
    "States.Format('{}', ",
    "\"And\":[{",
    "!Not [",
];
/// Bytes that are no text.
const NO_TEXT: [&[u8]; 5] = [
    b"\xff",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\0",
];

/// An endless line of mutations.
pub struct Mutations {
    corpus: Vec<Vec<u8>>,
    words: Vec<Vec<u8>>,
    random: fastrand::Rng,
}

impl Mutations {
    /// Mutations of `corpus` that know these words.
    pub fn new(corpus: Vec<Vec<u8>>, words: Vec<Vec<u8>>, seed: u64) -> Self {
        let random = fastrand::Rng::with_seed(seed);
        Self {
            corpus,
            words,
            random,
        }
    }

    /// The next one: a file of the corpus, changed in a few places.
    pub fn next(&mut self) -> Vec<u8> {
        let mut input = self.file();
        // Mostly one change: what is broken in many places is refused at the first.
        self.change(&mut input);
        while self.random.u8(0..3) == 0 {
            self.change(&mut input);
        }
        input
    }

    fn file(&mut self) -> Vec<u8> {
        let at = self.random.usize(0..self.corpus.len());
        let mut file = self.corpus[at].clone();
        file.truncate(LONGEST);
        file
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        match self.random.u8(0..12) {
            0 => self.flip(input),
            1 => drop(input.drain(self.span(input))),
            2 => {
                let again = input[self.span(input)].to_vec();
                self.put(input, &again);
            }
            3 => self.splice(input),
            4 | 5 => {
                let word = self.words[self.random.usize(0..self.words.len())].clone();
                self.put(input, &word);
            }
            6 => {
                let number = NUMBERS[self.random.usize(0..NUMBERS.len())];
                self.replace_number(input, number);
            }
            7 => self.deepen(input),
            8 => self.lengthen(input),
            9 => {
                let bytes = NO_TEXT[self.random.usize(0..NO_TEXT.len())];
                self.put(input, bytes);
            }
            10 => self.lines(input),
            _ => input.truncate(self.place(input)),
        }
    }

    fn place(&mut self, input: &[u8]) -> usize {
        self.random.usize(0..=input.len())
    }

    /// A part of the input, mostly a short one.
    fn span(&mut self, input: &[u8]) -> std::ops::Range<usize> {
        let from = self.place(input);
        let most = if self.random.bool() { 16 } else { input.len() };
        from..input.len().min(from + self.random.usize(0..=most))
    }

    fn put(&mut self, input: &mut Vec<u8>, bytes: &[u8]) {
        let at = self.place(input);
        input.splice(at..at, bytes.iter().copied());
    }

    fn flip(&mut self, input: &mut [u8]) {
        if !input.is_empty() {
            let at = self.random.usize(0..input.len());
            input[at] ^= 1 << self.random.u8(0..8);
        }
    }

    /// The beginning of this and the end of another.
    fn splice(&mut self, input: &mut Vec<u8>) {
        let other = self.file();
        input.truncate(self.place(input));
        input.extend_from_slice(&other[self.place(&other)..]);
    }

    /// Puts `number` in the place of one that is there, or anywhere.
    fn replace_number(&mut self, input: &mut Vec<u8>, number: &str) {
        let digits: Vec<usize> = (0..input.len())
            .filter(|at| input[*at].is_ascii_digit())
            .collect();
        if digits.is_empty() {
            return self.put(input, number.as_bytes());
        }
        let from = digits[self.random.usize(0..digits.len())];
        let length = input[from..].iter().take_while(|it| it.is_ascii_digit());
        let to = from + length.count();
        input.splice(from..to, number.bytes());
    }

    fn deepen(&mut self, input: &mut Vec<u8>) {
        let opener = OPENERS[self.random.usize(0..OPENERS.len())];
        let many = MANY[self.random.usize(0..MANY.len())];
        self.put(input, opener.repeat(many).as_bytes());
    }

    fn lengthen(&mut self, input: &mut Vec<u8>) {
        let letter = ["a", "é", " ", "\"", "\\", "1", ".", "\n"][self.random.usize(0..8)];
        let many = MANY[self.random.usize(0..MANY.len())];
        self.put(input, letter.repeat(many).as_bytes());
    }

    /// Takes lines into another order.
    fn lines(&mut self, input: &mut Vec<u8>) {
        let mut lines: Vec<&[u8]> = input.split(|byte| *byte == b'\n').collect();
        self.random.shuffle(&mut lines);
        *input = lines.join(&b'\n');
    }
}
