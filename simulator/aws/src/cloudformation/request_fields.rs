//! What the requests of several calls have in common.

use serde::Deserialize;
use serde_json::Value;

use super::parameters::GivenParameter;
use super::template::{self, Template};
use super::{files, invalid, validate};
use crate::account::Account;
use crate::cloudformation::CLOUDFORMATION;
use crate::wire::{ApiError, Requests};

/// How requests are read.
pub const REQUESTS: Requests = Requests::query("ValidationError");

/// A request about one stack, and nothing else.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NamedStack<'a> {
    /// Name or id of the stack.
    pub stack_name: &'a str,
}

/// Declares the request of a call that says what a stack shall be: the members that all such calls
/// have, and its own. Serde's `flatten` would take members that nobody knows.
macro_rules! stack_request {
    ($(#[$about:meta])* $name:ident { $($(#[$about_field:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$about])*
        #[derive(Debug, Deserialize)]
        #[serde(rename_all = "PascalCase")]
        pub struct $name<'a> {
            stack_name: &'a str,
            template_body: Option<&'a str>,
            #[serde(rename = "TemplateURL")]
            template_url: Option<&'a str>,
            #[serde(default)]
            parameters: Vec<GivenParameter>,
            #[serde(default)]
            capabilities: Vec<String>,
            #[serde(rename = "RoleARN")]
            role: Option<&'a str>,
            #[serde(default)]
            tags: Vec<Value>,
            #[serde(default, rename = "NotificationARNs")]
            topics: Vec<Value>,
            $($(#[$about_field])* pub $field: $kind,)*
        }

        impl<'a> $name<'a> {
            /// What the stack shall be.
            pub fn desired_stack(self) -> DesiredStack<'a> {
                DesiredStack {
                    action: stringify!($name),
                    name: self.stack_name,
                    template: TemplateSource {
                        body: self.template_body,
                        url: self.template_url,
                    },
                    parameters: self.parameters,
                    capabilities: self.capabilities,
                    role: self.role,
                    tags: self.tags,
                    topics: self.topics,
                }
            }
        }
    };
}

stack_request! {
    /// The request of `CreateStack`.
    CreateStack {
        /// DisableRollback.
        disable_rollback: Option<bool>,
        /// OnFailure.
        _on_failure: Option<OnFailure>,
    }
}

stack_request! {
    /// The request of `UpdateStack`.
    UpdateStack {
        /// UsePreviousTemplate.
        use_previous_template: Option<bool>,
        /// DisableRollback.
        disable_rollback: Option<bool>,
    }
}

stack_request! {
    /// The request of `CreateChangeSet`.
    CreateChangeSet {
        /// ChangeSetName.
        change_set_name: &'a str,
        /// ChangeSetType.
        change_set_type: Option<ChangeSetType>,
        /// Description.
        description: Option<String>,
        /// UsePreviousTemplate.
        use_previous_template: Option<bool>,
        /// IncludeNestedStacks.
        include_nested_stacks: Option<bool>,
    }
}

/// What happens when a creation fails.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum OnFailure {
    /// What was made is deleted.
    Rollback,
}

/// What a change set does.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub enum ChangeSetType {
    /// It creates a stack.
    Create,
    /// It updates a stack.
    Update,
}

/// A stack as a call wants it.
#[derive(Debug)]
pub struct DesiredStack<'a> {
    /// Its name, or its id.
    pub name: &'a str,
    /// Where its template is.
    pub template: TemplateSource<'a>,
    /// Its parameters.
    pub parameters: Vec<GivenParameter>,
    /// The capabilities that the call acknowledges.
    pub capabilities: Vec<String>,
    action: &'static str,
    role: Option<&'a str>,
    tags: Vec<Value>,
    topics: Vec<Value>,
}

impl DesiredStack<'_> {
    /// Its role. The stack keeps it, and CloudFormation calls with its rights, see `permissions`.
    ///
    /// # Errors
    /// `ValidationError` if RoleARN is none; `NotImplemented` for tags and topics.
    pub fn role(&self) -> Result<Option<String>, ApiError> {
        refuse(self.action, "Tags", !self.tags.is_empty())?;
        refuse(self.action, "NotificationARNs", !self.topics.is_empty())?;
        match self.role {
            Some(role) if !role.starts_with("arn:") || !role.contains(":role/") => Err(invalid(
                format!("Role {role} is invalid or cannot be assumed"),
            )),
            role => Ok(role.map(str::to_owned)),
        }
    }

    /// Refuses a call that does not acknowledge what its template needs.
    ///
    /// # Errors
    /// `InsufficientCapabilitiesException`.
    pub fn check_capabilities(
        &self,
        account: &Account,
        template: &Template,
    ) -> Result<(), ApiError> {
        let has = |capability: &str| self.capabilities.iter().any(|given| given == capability);
        match validate::capability(account, template) {
            Some(needed) if !has(needed) && !has("CAPABILITY_NAMED_IAM") => Err(ApiError::client(
                "InsufficientCapabilitiesException",
                format!("Requires capabilities : [{needed}]"),
            )),
            _ => Ok(()),
        }
    }
}

/// Refuses a `member` of `action`, if it has a value that is not known here.
///
/// # Errors
/// `NotImplemented`.
pub fn refuse(action: &str, member: &str, is_unknown: bool) -> Result<(), ApiError> {
    if is_unknown {
        Err(ApiError::not_known(format_args!("{member} of {action}")))
    } else {
        Ok(())
    }
}

/// Where the template is that a call brings along.
#[derive(Debug, Clone, Copy)]
pub struct TemplateSource<'a> {
    /// TemplateBody.
    pub body: Option<&'a str>,
    /// TemplateURL.
    pub url: Option<&'a str>,
}

impl TemplateSource<'_> {
    /// The template, if the call brings one.
    ///
    /// # Errors
    /// `ValidationError`.
    pub fn given(self, account: &Account) -> Result<Option<Template>, ApiError> {
        match (self.body, self.url) {
            (None, None) => Ok(None),
            (Some(text), None) => template::read("TemplateBody", text)
                .map(Some)
                .map_err(|refusal| invalid(refusal.to_string())),
            (None, Some(url)) => {
                let path = files::located(url).map_err(|why| invalid(why.to_string()))?;
                account[CLOUDFORMATION].template(&path).map(Some)
            }
            (Some(_), Some(_)) => Err(invalid(
                "You cannot specify both TemplateBody and TemplateURL.",
            )),
        }
    }

    /// The template, which the call must bring.
    ///
    /// # Errors
    /// `ValidationError`.
    pub fn required(self, account: &Account) -> Result<Template, ApiError> {
        self.given(account)?.ok_or_else(no_template)
    }
}

/// AWS's answer to a call without a template.
pub fn no_template() -> ApiError {
    invalid("Either Template URL or Template Body must be specified.")
}
