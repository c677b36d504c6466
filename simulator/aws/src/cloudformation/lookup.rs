//! What a name stands for in one stack: parameters, pseudo parameters, resources and their
//! attributes.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::evaluate::{PLACEHOLDER, ResolvedResource, Scope};
use super::expression::{ExprKind, Expression};
use super::node::TemplateError;
use super::template::Declared;
use crate::account::{ACCOUNT_ID, PARTITION, REGION};

impl Scope<'_> {
    pub(super) fn reference(&self, whole: &Expression, name: &str) -> Result<Value, TemplateError> {
        if let Some(value) = self.parameters.values.get(name) {
            return Ok(value.clone());
        }
        if let Some(value) = self.pseudo(name) {
            return Ok(value);
        }
        match self.existing(whole, name)? {
            Some(known) => Ok(Value::from(known.reference.clone())),
            None => Ok(Value::from(PLACEHOLDER)),
        }
    }

    fn pseudo(&self, name: &str) -> Option<Value> {
        Some(Value::from(match name {
            "AWS::AccountId" => ACCOUNT_ID,
            "AWS::Region" => REGION.as_str(),
            "AWS::Partition" => PARTITION,
            "AWS::StackName" => self.stack_name,
            "AWS::StackId" => self.stack_id,
            "AWS::URLSuffix" => "amazonaws.com",
            "AWS::NotificationARNs" => return Some(json!([])),
            _ => return None,
        }))
    }

    pub(super) fn attribute(
        &self,
        whole: &Expression,
        resource: &str,
        attribute: &str,
    ) -> Result<Value, TemplateError> {
        let Some(known) = self.existing(whole, resource)? else {
            return Ok(Value::from(PLACEHOLDER));
        };
        let known = known.attributes.get(attribute).cloned();
        if known.is_none() && self.ahead && attribute.starts_with("Outputs.") {
            // An update may give a nested stack outputs that it does not have yet; whether its
            // template has them is looked at with that template.
            return Ok(Value::from(PLACEHOLDER));
        }
        known.ok_or_else(|| {
            TemplateError::new(
                &whole.at,
                format!("{resource} has no attribute {attribute}"),
                "use one that it has",
            )
        })
    }

    /// The resource `name`, or nothing if it is still to come and that may be.
    fn existing(
        &self,
        whole: &Expression,
        name: &str,
    ) -> Result<Option<&ResolvedResource>, TemplateError> {
        let declared = self
            .template
            .resources
            .get(name)
            .ok_or_else(|| dangling(whole, name))?;
        let absent = match &declared.condition {
            Some(condition) => !self.condition(whole, condition)?,
            None => false,
        };
        match self.resources.get(name) {
            _ if absent => Err(TemplateError::new(
                &whole.at,
                format!("{name} is referred to, but its condition is false"),
                "put the reference under the same condition",
            )),
            Some(known) => Ok(Some(known)),
            None if self.ahead => Ok(None),
            None => Err(dangling(whole, name)),
        }
    }

    /// The logical ids of the resources that exist under the conditions as they are.
    ///
    /// # Errors
    /// A refusal, if a condition cannot be worked out.
    pub fn wanted(&self) -> Result<BTreeSet<String>, TemplateError> {
        let mut wanted = BTreeSet::new();
        for (name, declared) in &self.template.resources {
            let exists = match &declared.condition {
                Some(condition) => self.named_condition(declared, condition)?,
                None => true,
            };
            if exists {
                wanted.insert(name.clone());
            }
        }
        Ok(wanted)
    }

    fn named_condition(&self, declared: &Declared, name: &str) -> Result<bool, TemplateError> {
        let user = Expression {
            at: declared.at.clone(),
            form: ExprKind::Condition(name.to_owned()),
        };
        self.condition(&user, name)
    }

    /// The properties of the resource `name`, worked out.
    ///
    /// # Errors
    /// A refusal, if one refers to what there is not.
    pub fn properties(&self, name: &str) -> Result<Value, TemplateError> {
        let mut properties = serde_json::Map::new();
        for (key, expression) in &self.template.resources[name].properties {
            if let Some(value) = self.value(expression)? {
                properties.insert(key.clone(), value);
            }
        }
        Ok(Value::Object(properties))
    }
}

/// The refusal of a reference to nothing.
pub fn dangling(whole: &Expression, name: &str) -> TemplateError {
    TemplateError::new(
        &whole.at,
        format!("there is no parameter or resource {name}"),
        "declare it, or correct the name",
    )
}
