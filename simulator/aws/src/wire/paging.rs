//! Pages of lists whose items come and go between two pages.
//!
//! A token names the last item of its page by that item's place in the order. So what is listed
//! from the first page to the last is never left out, whatever else begins or ends meanwhile. AWS
//! does not say what its tokens hold, only that a caller who follows them gets every page; what has
//! just changed is "best effort"
//! (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html>).

const TOKEN: &str = "after-";

/// The page that follows `token`: at most `size` items in the order of their keys, and the token of
/// the next page if there is one. Nothing if no page ever gave that token out.
pub fn page<T>(
    items: impl IntoIterator<Item = (String, T)>,
    token: Option<&str>,
    size: usize,
) -> Option<(Vec<T>, Option<String>)> {
    let after = match token {
        None => None,
        Some(token) => Some(token.strip_prefix(TOKEN)?),
    };
    let mut left: Vec<(String, T)> = items
        .into_iter()
        .filter(|(key, _)| after.is_none_or(|after| key.as_str() > after))
        .collect();
    left.sort_by(|(one, _), (other, _)| one.cmp(other));
    let has_more = left.len() > size;
    left.truncate(size);
    let last = left.last().filter(|_| has_more);
    let next = last.map(|(key, _)| format!("{TOKEN}{key}"));
    Some((left.into_iter().map(|(_, item)| item).collect(), next))
}

/// The key of the `n`th item of a list that begins with the oldest.
pub fn oldest_first(n: u64) -> String {
    format!("{n:020}")
}

/// The key of the `n`th item of a list that begins with the newest.
pub fn newest_first(n: u64) -> String {
    oldest_first(u64::MAX - n)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(items: &[u64], token: Option<&str>) -> (Vec<u64>, Option<String>) {
        page(items.iter().map(|n| (newest_first(*n), *n)), token, 2).expect("a token of ours")
    }

    #[test]
    fn what_ends_or_begins_between_two_pages_shifts_nothing() {
        let (first, next) = read(&[1, 2, 3, 4], None);
        assert_eq!(first, [4, 3]);
        // The last of the first page has ended, and another has begun.
        let (second, end) = read(&[1, 2, 4, 5], next.as_deref());
        assert_eq!((second, end), (vec![2, 1], None));
    }

    #[test]
    fn a_token_of_somebody_else_is_refused() {
        assert!(page([(oldest_first(1), ())], Some("from-1"), 2).is_none());
    }

    #[test]
    fn a_page_that_is_just_full_is_the_last() {
        assert_eq!(read(&[1, 2], None), (vec![2, 1], None));
        assert_eq!(read(&[], None), (vec![], None));
    }
}
