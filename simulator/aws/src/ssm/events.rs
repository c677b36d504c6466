//! The event that Parameter Store puts on the bus when a parameter changes. Recorded: out of order,
//! and one never came (radkawar/stackd, testdata/aws/ssm/parameter_store.json, 2026-09).

use serde_json::{Value, json};

use super::parameter_arn;
use crate::account::{ACCOUNT_ID, Account, REGION};
use crate::eventbridge;
use crate::ssm::SSM;

/// Puts the event of this operation on a parameter, with `more` in its detail.
pub fn changed(account: &mut Account, name: &str, operation: &str, more: Value) {
    let mut detail = json!({"name": name, "operation": operation, "type": "String"});
    let parameter = account[SSM].parameters.get(name);
    if let Some(description) = parameter.and_then(|it| it.description.as_ref()) {
        detail["description"] = json!(description);
    }
    for (member, value) in more.as_object().into_iter().flatten() {
        detail[member] = value.clone();
    }
    let event = json!({
        "version": "0", "detail-type": "Parameter Store Change", "source": "aws.ssm", "account": ACCOUNT_ID,
        "time": format!("{:.0}", account.now), "region": REGION, "resources": [parameter_arn(name)],
        "detail": detail,
    });
    eventbridge::put_event(account, event);
}
