//! AWS::CloudWatch::Dashboard.

use serde_json::{Value, json};

use super::{Handler, ResourceType};
use crate::account::Account;
use crate::cloudformation::error::ResourceError;
use crate::cloudformation::evaluate::ResolvedResource;
use crate::cloudformation::handler::{CreatedResource, DesiredResource, name};
use crate::cloudformation::node::scalar_text;
use crate::cloudformation::permissions::{Calls, Subject, Verb, each};

/// A CloudWatch dashboard.
pub static DASHBOARD: ResourceType = ResourceType {
    name: "AWS::CloudWatch::Dashboard",
    name_property: Some("DashboardName"),
    required: &["DashboardBody"],
    optional: &["DashboardName"],
    fixed: &["DashboardName"],
    attributes: &[],
    handler: &Dashboard,
};

#[derive(Debug)]
struct Dashboard;

impl Handler for Dashboard {
    fn create(
        &self,
        account: &mut Account,
        desired: &DesiredResource,
    ) -> Result<CreatedResource, ResourceError> {
        check_body(desired)?;
        Ok(CreatedResource::new(name(account, desired), []))
    }

    fn update(
        &self,
        _: &mut Account,
        desired: &DesiredResource,
        _: &Value,
        known: ResolvedResource,
    ) -> Result<ResolvedResource, ResourceError> {
        check_body(desired).map(|()| known)
    }

    fn permissions(&self, verb: &Verb<'_>, subject: &Subject<'_>) -> Calls {
        let actions: &[&str] = match verb {
            Verb::Delete => &["GetDashboard", "DeleteDashboards"],
            Verb::Create | Verb::Change(_) => &["PutDashboard", "GetDashboard"],
        };
        let input = json!({"DashboardName": subject.name});
        Ok(each("cloudwatch", actions, &input))
    }
}

/// CloudWatch refuses a body that is no JSON object with widgets.
fn check_body(desired: &DesiredResource) -> Result<(), ResourceError> {
    let body = scalar_text(&desired.properties["DashboardBody"]);
    let read: Result<Value, _> = serde_json::from_str(&body);
    let widgets = read.map(|body| body["widgets"].as_array().map(Vec::len));
    match widgets {
        Ok(Some(1..)) => Ok(()),
        Ok(_) => Err(ResourceError::NoWidgets),
        Err(error) => Err(ResourceError::BadDashboard(error)),
    }
}
