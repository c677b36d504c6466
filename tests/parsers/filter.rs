//! The cluster query language, asked of a cluster of a few instances: an expression and what
//! negates it part them.

use std::cell::RefCell;

use serde_json::{Value, json};
use simulator::account::{Account, Caller};

use super::{Verdict, scene, text};

thread_local! {
    static CLUSTER: RefCell<Account> = RefCell::new(scene::cluster());
}

/// An expression that is just small enough may be too large with more around it.
const TOO_LARGE: [&str; 2] = ["words and signs", "nested more than"];

pub fn run(input: &[u8]) -> Verdict {
    let input = match text(input) {
        Ok(input) => input,
        Err(refused) => return refused,
    };
    CLUSTER.with_borrow_mut(|account| {
        account.trace.clear();
        let meant = match asked(account, input) {
            Ok(meant) => meant,
            Err(message) => return Verdict::Refused(message),
        };
        let all = scene::MACHINES;
        let same = asked(account, &format!("({input})"));
        assert!(
            same.as_ref()
                .map_or_else(|why| large(why), |same| *same == meant)
        );
        let both = asked(account, &format!("({input}) and ({input})"));
        assert!(
            both.as_ref()
                .map_or_else(|why| large(why), |both| *both == meant)
        );
        let others = asked(account, &format!("not ({input})"));
        let parted = |others: &Vec<Value>| {
            others.len() + meant.len() == all && others.iter().all(|it| !meant.contains(it))
        };
        assert!(others.as_ref().map_or_else(|why| large(why), parted));
        Verdict::Accepted
    })
}

fn large(message: &str) -> bool {
    TOO_LARGE.iter().any(|words| message.contains(words))
}

fn asked(account: &mut Account, filter: &str) -> Result<Vec<Value>, String> {
    let input = json!({"cluster": scene::CLUSTER, "filter": filter});
    match account.call(&Caller::Operator, "ecs", "ListContainerInstances", &input) {
        Ok(answer) => {
            let found = answer["containerInstanceArns"].as_array();
            Ok(found.expect("a list").clone())
        }
        Err(error) => {
            assert_eq!(error.code, "InvalidParameterException", "{error}");
            Err(error.message)
        }
    }
}
