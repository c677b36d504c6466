//! Reading an expression of the cluster query language.

use jiff::Timestamp;
use regex_lite::Regex;

use super::error::FilterError;
use super::{Comparison, Expression, Literal, Subject, Test};

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// A bare word.
    Word(String),
    /// A word in quotes, never an operator.
    Quoted(String),
    /// A sign, such as `==` or `(`.
    Sign(&'static str),
}

/// Longer signs first, so that `>=` is not read as `>`.
const SIGNS: [&str; 16] = [
    "==", "!=", ">=", "<=", "=~", "!~", "&&", "||", ">", "<", "!", "(", ")", "[", "]", ",",
];

/// An expression has this many words and signs at most, and parentheses and negations this deep. No
/// reader can do without limits.
///
/// assumption: AWS takes no longer one. An expression of a placement constraint has 2,000
/// characters at most
/// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PlacementConstraint.html>); a
/// longer filter that AWS takes proves it wrong.
const MOST_TOKENS: usize = 2000;
const DEEPEST: usize = 50;

/// Reads a whole expression.
pub(super) fn expression(text: &str) -> Result<Expression, FilterError> {
    let tokens = tokens(text)?;
    if tokens.len() > MOST_TOKENS {
        return Err(FilterError::TooLong(MOST_TOKENS));
    }
    let mut reader = Reader {
        tokens,
        at: 0,
        depth: 0,
    };
    let expression = reader.either()?;
    match reader.next() {
        None => Ok(expression),
        Some(token) => Err(FilterError::Unexpected(shown(&token).to_owned())),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, FilterError> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if first == '\'' || first == '"' {
            let inner = &rest[1..];
            let end = inner
                .find(first)
                .ok_or_else(|| FilterError::OpenQuote(rest.to_owned()))?;
            tokens.push(Token::Quoted(inner[..end].to_owned()));
            rest = &inner[end + 1..];
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else {
            let end = rest
                .find(|c: char| c.is_whitespace() || "()[],'\"=<>!&".contains(c))
                .unwrap_or(rest.len());
            if end == 0 {
                return Err(FilterError::Unexpected(first.to_string()));
            }
            tokens.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

fn shown(token: &Token) -> &str {
    match token {
        Token::Word(word) | Token::Quoted(word) => word,
        Token::Sign(sign) => sign,
    }
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Reader {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += usize::from(token.is_some());
        token
    }

    /// Goes past the next token if it is one of the bare words or signs in `forms`.
    fn past(&mut self, forms: &[&str]) -> bool {
        let found = match self.tokens.get(self.at) {
            Some(Token::Word(word)) => forms.contains(&word.as_str()),
            Some(Token::Sign(sign)) => forms.contains(sign),
            _ => false,
        };
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &'static str) -> Result<(), FilterError> {
        if self.past(&[sign]) {
            return Ok(());
        }
        let found = self.tokens.get(self.at).map(|it| shown(it).to_owned());
        Err(FilterError::SignExpected { sign, found })
    }

    fn either(&mut self) -> Result<Expression, FilterError> {
        let mut left = self.both()?;
        while self.past(&["or", "||"]) {
            left = Expression::Or(Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Expression, FilterError> {
        let mut left = self.single()?;
        while self.past(&["and", "&&"]) {
            left = Expression::And(Box::new(left), Box::new(self.single()?));
        }
        Ok(left)
    }

    fn single(&mut self) -> Result<Expression, FilterError> {
        if self.past(&["not", "!"]) {
            let inner = self.deeper(Self::single)?;
            return Ok(Expression::Not(Box::new(inner)));
        }
        if self.past(&["("]) {
            let inner = self.deeper(Self::either)?;
            self.expect(")")?;
            return Ok(inner);
        }
        let subject = self.subject()?;
        let test = self.test(&subject)?;
        Ok(Expression::Test(subject, test))
    }

    fn deeper(
        &mut self,
        inner: impl Fn(&mut Self) -> Result<Expression, FilterError>,
    ) -> Result<Expression, FilterError> {
        if self.depth == DEEPEST {
            return Err(FilterError::TooDeep(DEEPEST));
        }
        self.depth += 1;
        let read = inner(self);
        self.depth -= 1;
        read
    }

    fn subject(&mut self) -> Result<Subject, FilterError> {
        let Some(Token::Word(word)) = self.next() else {
            return Err(FilterError::SubjectExpected);
        };
        Ok(match word.as_str() {
            "agentConnected" => Subject::AgentConnected,
            "agentVersion" => Subject::AgentVersion,
            "ec2InstanceId" => Subject::Ec2InstanceId,
            "registeredAt" => Subject::RegisteredAt,
            "runningTasksCount" => Subject::RunningTasksCount,
            "task:group" => Subject::TaskGroup,
            _ => match word.strip_prefix("attribute:") {
                Some(name) if !name.is_empty() => Subject::Attribute(name.to_owned()),
                _ => return Err(FilterError::NotASubject(word)),
            },
        })
    }

    fn test(&mut self, subject: &Subject) -> Result<Test, FilterError> {
        if self.past(&["!"]) {
            return if self.past(&["exists"]) {
                Ok(Test::Exists(false))
            } else if self.past(&["in"]) {
                self.list(false)
            } else {
                Err(FilterError::NegationExpected)
            };
        }
        if self.past(&["exists"]) {
            return Ok(Test::Exists(true));
        }
        if self.past(&["not_exists"]) {
            return Ok(Test::Exists(false));
        }
        if self.past(&["in"]) {
            return self.list(true);
        }
        if self.past(&["not_in"]) {
            return self.list(false);
        }
        if self.past(&["=~", "matches"]) {
            return self.pattern(true);
        }
        if self.past(&["!~", "not_matches"]) {
            return self.pattern(false);
        }
        self.comparison(subject)
    }

    fn comparison(&mut self, subject: &Subject) -> Result<Test, FilterError> {
        const COMPARISONS: [(&str, &str, Comparison); 6] = [
            ("==", "equals", Comparison::Equal),
            ("!=", "not_equals", Comparison::NotEqual),
            (">", "greater_than", Comparison::Greater),
            (">=", "greater_than_equal", Comparison::GreaterOrEqual),
            ("<", "less_than", Comparison::Less),
            ("<=", "less_than_equal", Comparison::LessOrEqual),
        ];
        for (sign, name, comparison) in COMPARISONS {
            if self.past(&[sign, name]) {
                let value = self.value()?;
                let literal = match subject {
                    Subject::RegisteredAt => Literal::Instant(instant(&value)?),
                    _ => Literal::Text(value),
                };
                return Ok(Test::Compare(comparison, literal));
            }
        }
        Err(FilterError::OperatorExpected)
    }

    fn value(&mut self) -> Result<String, FilterError> {
        match self.next() {
            Some(Token::Word(word) | Token::Quoted(word)) => Ok(word),
            Some(Token::Sign(sign)) => Err(FilterError::ValueExpected(Some(sign))),
            None => Err(FilterError::ValueExpected(None)),
        }
    }

    fn list(&mut self, wanted: bool) -> Result<Test, FilterError> {
        self.expect("[")?;
        let mut list = vec![self.value()?];
        while self.past(&[","]) {
            list.push(self.value()?);
        }
        self.expect("]")?;
        Ok(Test::In { wanted, list })
    }

    /// The language's patterns are Java's, and match the whole value.
    fn pattern(&mut self, wanted: bool) -> Result<Test, FilterError> {
        let text = self.value()?;
        let not = |error: regex_lite::Error| FilterError::NotAPattern {
            text: text.clone(),
            cause: error.to_string(),
        };
        // By itself as well: two halves such as `a)|(b` are a pattern only between parentheses.
        Regex::new(&text).map_err(not)?;
        let pattern = Regex::new(&format!("^(?:{text})$")).map_err(not)?;
        Ok(Test::Matches { wanted, pattern })
    }
}

/// A day (its first moment in UTC), or an instant.
fn instant(text: &str) -> Result<Timestamp, FilterError> {
    text.parse()
        .or_else(|_| format!("{text}T00:00:00Z").parse())
        .map_err(|_| FilterError::NotATime(text.to_owned()))
}
