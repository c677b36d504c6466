//! The types of parameters.

use crate::cloudformation::node::{Node, TemplateError};

/// The type of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParameterKind {
    /// One value.
    One(Scalar),
    /// A list of values with commas between them.
    List(Scalar),
    /// The name of a Parameter Store parameter, which holds the value.
    Stored(Box<ParameterKind>),
}

/// The type of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalar {
    /// Any text.
    Text,
    /// A number.
    Number,
    /// An id of something in the account that begins with this, or a name if this is empty.
    Id(&'static str),
}

impl ParameterKind {
    pub(super) fn read(node: &Node) -> Result<Self, TemplateError> {
        let text = node.text("Type")?;
        Self::named(&text).ok_or_else(|| {
            TemplateError::new(
                &node.at,
                format!("the account in memory does not know the parameter type {text}"),
                "known are String, Number, CommaDelimitedList, AWS::EC2::…::Id, List<…>, AWS::SSM::Parameter::Value<…>",
            )
        })
    }

    fn named(name: &str) -> Option<Self> {
        let inner = |prefix: &str| name.strip_prefix(prefix)?.strip_suffix('>');
        if let Some(of) = inner("AWS::SSM::Parameter::Value<") {
            return Self::named(of).map(|kind| Self::Stored(Box::new(kind)));
        }
        if let Some(of) = inner("List<") {
            return Scalar::named(of).map(Self::List);
        }
        match name {
            "CommaDelimitedList" => Some(Self::List(Scalar::Text)),
            _ => Scalar::named(name).map(Self::One),
        }
    }
}

impl Scalar {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "String" | "AWS::SSM::Parameter::Name" => Self::Text,
            "Number" => Self::Number,
            "AWS::EC2::Image::Id" => Self::Id("ami-"),
            "AWS::EC2::Instance::Id" => Self::Id("i-"),
            "AWS::EC2::SecurityGroup::Id" => Self::Id("sg-"),
            "AWS::EC2::Subnet::Id" => Self::Id("subnet-"),
            "AWS::EC2::VPC::Id" => Self::Id("vpc-"),
            "AWS::EC2::KeyPair::KeyName" | "AWS::EC2::AvailabilityZone::Name" => Self::Id(""),
            _ => return None,
        })
    }

    /// Whether `value` is one of this type.
    pub(super) fn holds(self, value: &str) -> bool {
        match self {
            Self::Text => true,
            Self::Number => value.parse::<f64>().is_ok_and(f64::is_finite),
            Self::Id("") => !value.is_empty(),
            Self::Id(prefix) => value.strip_prefix(prefix).is_some_and(|digits| {
                (8..=17).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_hexdigit())
            }),
        }
    }
}
