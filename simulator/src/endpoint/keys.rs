//! The access keys of one account on loopback. Whoever does not know one is refused.
//!
//! The access key id is the shared secret: it is random, new at each start, and only printed to
//! whoever started the account. Signatures are not checked: a check would need every client's own
//! canonical form of a request (S3's paths, chunked and unsigned bodies), and on loopback nobody
//! who cannot read the caller's memory sees the key anyway.

use std::fmt;
use std::sync::Arc;

use super::EndpointError;
use crate::account::{ACCOUNT_ID, Caller, PARTITION};

/// Random bytes behind each of the two secrets: 160 bits, which nobody guesses.
const SECRET_BYTES: usize = 20;

/// RFC 4648's alphabet, in which AWS writes its access key ids too.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Between the operator's secret and the names of managed policies, with `+` between them.
const POLICY: &str = "-POLICY-";

/// Between the functions' secret and a function's name.
const FUNCTION: &str = "-FUNCTION-";

/// The keys. Clones are the same. A function's key is not the operator's, so that a function has
/// its role's rights only.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    operator: Arc<str>,
    functions: Arc<str>,
}

/// A log that shows one by accident must not give the account away.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

impl Keys {
    /// New ones, of the system's own randomness.
    ///
    /// # Errors
    /// If the system has none.
    pub fn random() -> Result<Self, EndpointError> {
        let mut bytes = [0; 2 * SECRET_BYTES];
        getrandom::fill(&mut bytes).map_err(EndpointError::NoRandomBytes)?;
        Ok(Self::of(&bytes))
    }

    /// Those of these bytes: the operator's first.
    pub fn of(bytes: &[u8; 2 * SECRET_BYTES]) -> Self {
        let (operator, functions) = bytes.split_at(SECRET_BYTES);
        Self {
            operator: format!("AKIA{}", base32(operator)).into(),
            functions: format!("ASIA{}", base32(functions)).into(),
        }
    }

    /// Of whoever may do anything in the account.
    pub fn operator(&self) -> &str {
        &self.operator
    }

    /// Of somebody with these managed policies, named by their names, and no other rights.
    pub fn policy_holder(&self, policies: &[&str]) -> String {
        format!("{}{POLICY}{}", self.operator, policies.join("+"))
    }

    /// Of the function called `name`.
    pub fn function(&self, name: &str) -> String {
        format!("{}{FUNCTION}{name}", self.functions)
    }

    /// Whose an access key is, if it is one of these.
    pub fn caller(&self, key: &str) -> Option<Caller> {
        if let Some((secret, names)) = key.split_once(POLICY) {
            let arn = |name: &str| format!("arn:{PARTITION}:iam::{ACCOUNT_ID}:policy/{name}");
            return is_same(secret, &self.operator)
                .then(|| Caller::PolicyHolder(names.split('+').map(arn).collect()));
        }
        if let Some((secret, name)) = key.split_once(FUNCTION) {
            return is_same(secret, &self.functions).then(|| Caller::Function(name.to_owned()));
        }
        is_same(key, &self.operator).then_some(Caller::Operator)
    }
}

/// Compares in a time that does not depend on where the two differ.
fn is_same(given: &str, own: &str) -> bool {
    let pairs = given.bytes().zip(own.bytes());
    given.len() == own.len() && pairs.fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

/// Five bits a letter. The secrets have a multiple of five bytes, so nothing is left over.
fn base32(bytes: &[u8]) -> String {
    let letters = |chunk: &[u8]| {
        let bits = chunk
            .iter()
            .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        (0..8)
            .rev()
            .map(move |at| char::from(BASE32[(bits >> (5 * at) & 31) as usize]))
    };
    bytes.chunks_exact(5).flat_map(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys::of(&std::array::from_fn(|at| at as u8))
    }

    #[test]
    fn each_key_has_its_own_caller_and_nothing_else_has_one() {
        let keys = keys();
        assert_eq!(keys.caller(keys.operator()), Some(Caller::Operator));
        assert_eq!(
            keys.caller(&keys.function("joined")),
            Some(Caller::Function("joined".to_owned()))
        );
        let held = [
            "arn:aws:iam::123456789012:policy/A",
            "arn:aws:iam::123456789012:policy/B",
        ];
        assert_eq!(
            keys.caller(&keys.policy_holder(&["A", "B"])),
            Some(Caller::PolicyHolder(held.map(str::to_owned).to_vec()))
        );
        let functions = keys.function("joined").replace("-FUNCTION-joined", "");
        let crossed = format!("{functions}-POLICY-A");
        let strangers = [
            "",
            "any",
            "AKIA",
            &keys.operator()[1..],
            &functions,
            &crossed,
        ];
        for stranger in strangers {
            assert_eq!(keys.caller(stranger), None, "{stranger}");
        }
        let as_function = format!("{}-FUNCTION-joined", keys.operator());
        assert_eq!(keys.caller(&as_function), None);
    }

    #[test]
    fn two_accounts_have_different_keys_that_clients_can_sign_with() {
        let (one, other) = (
            Keys::random().expect("bytes"),
            Keys::random().expect("bytes"),
        );
        assert_ne!(one, other);
        let key = one.operator();
        assert_eq!(key.len(), 4 + 32);
        assert!(
            key.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            "{key}"
        );
        assert_eq!(format!("{one:?}"), "Keys");
    }
}
