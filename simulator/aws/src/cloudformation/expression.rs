//! What may stand where a value is wanted: values, and CloudFormation's intrinsic functions in
//! short and long form.
//!
//! What they are only: [`super::function`] reads them, [`super::evaluate`] works them out.

use serde_json::Value;

use super::node::Position;

/// A value of a template, not yet worked out.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    /// Where it stands.
    pub at: Position,
    /// What it is.
    pub form: ExprKind,
}

/// The forms of an expression, named after the intrinsic functions.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// A string, number or boolean.
    Literal(Value),
    /// A list.
    List(Vec<Expression>),
    /// A mapping.
    Map(Vec<(String, Expression)>),
    /// A parameter's value, a pseudo parameter, or a resource's reference.
    Ref(String),
    /// A resource's attribute.
    GetAtt {
        /// Logical id.
        resource: String,
        /// Such as `Arn` or `Outputs.TopicArn`.
        attribute: String,
    },
    /// Pieces of text put together.
    Sub(Vec<SubPart>),
    /// One of two values.
    If {
        /// Name of the condition.
        condition: String,
        /// The value if it is true.
        then: Box<Expression>,
        /// The value if it is false.
        otherwise: Box<Expression>,
    },
    /// A list's texts with a separator between them.
    Join {
        /// The separator.
        separator: String,
        /// The list.
        list: Box<Expression>,
    },
    /// One member of a list, from 0.
    Select {
        /// Which.
        index: Box<Expression>,
        /// The list.
        list: Box<Expression>,
    },
    /// A text cut up at a separator.
    Split {
        /// The separator.
        separator: String,
        /// The text.
        text: Box<Expression>,
    },
    /// A value of Mappings: map, first key, second key.
    FindInMap(Box<[Expression; 3]>),
    /// A text in Base64.
    Base64(Box<Expression>),
    /// The zones of a Region.
    GetAzs(Box<Expression>),
    /// Whether two values are the same.
    Equals(Box<[Expression; 2]>),
    /// Whether all are true.
    And(Vec<Expression>),
    /// Whether one is true.
    Or(Vec<Expression>),
    /// Whether it is false.
    Not(Box<Expression>),
    /// A named condition.
    Condition(String),
    /// Whether a list contains a value (in Rules).
    Contains(Box<[Expression; 2]>),
}

/// A piece of a `Fn::Sub` text.
#[derive(Debug, Clone, PartialEq)]
pub enum SubPart {
    /// Text as it stands.
    Text(String),
    /// `${…}`.
    Value(Expression),
}

/// Where an expression stands, which decides what it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Among properties, outputs and policies.
    Value,
    /// In Conditions and Rules.
    Condition,
}

impl Expression {
    /// Shows this expression and everything in it to `see`.
    pub fn visit<'a>(&'a self, see: &mut dyn FnMut(&'a Self)) {
        see(self);
        match &self.form {
            ExprKind::Literal(_)
            | ExprKind::Ref(_)
            | ExprKind::GetAtt { .. }
            | ExprKind::Condition(_) => {}
            ExprKind::List(items) | ExprKind::And(items) | ExprKind::Or(items) => {
                items.iter().for_each(|item| item.visit(see));
            }
            ExprKind::Map(entries) => entries.iter().for_each(|(_, value)| value.visit(see)),
            ExprKind::Sub(pieces) => pieces.iter().for_each(|piece| {
                if let SubPart::Value(value) = piece {
                    value.visit(see);
                }
            }),
            ExprKind::If {
                then: one,
                otherwise: two,
                ..
            }
            | ExprKind::Select {
                index: one,
                list: two,
            } => {
                one.visit(see);
                two.visit(see);
            }
            ExprKind::Join { list: one, .. } | ExprKind::Split { text: one, .. } => one.visit(see),
            ExprKind::Base64(one) | ExprKind::GetAzs(one) | ExprKind::Not(one) => one.visit(see),
            ExprKind::FindInMap(three) => three.iter().for_each(|item| item.visit(see)),
            ExprKind::Equals(two) | ExprKind::Contains(two) => {
                two.iter().for_each(|item| item.visit(see))
            }
        }
    }
}
