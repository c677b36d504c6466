//! Which resource waits for which, and that everything referred to is there: all that can be said
//! of a template before anything is created.

use std::collections::{BTreeMap, BTreeSet};

use super::expression::{ExprKind, Expression};
use super::lookup::dangling;
use super::node::TemplateError;
use super::template::{Declared, Template};

/// Logical ids, each with those for which it waits.
pub type Dependencies = BTreeMap<String, BTreeSet<String>>;

/// The dependencies between the resources of `template`, through Ref, GetAtt, Sub and DependsOn.
///
/// # Errors
/// A refusal of the first reference to nothing, and of a circle.
pub fn dependencies(template: &Template) -> Result<Dependencies, TemplateError> {
    let mut dependencies = Dependencies::new();
    for (name, declared) in &template.resources {
        let mut waits_for = BTreeSet::new();
        for expression in declared.expressions() {
            waits_for.extend(references(template, expression)?);
        }
        for other in &declared.depends_on {
            if !template.resources.contains_key(other) {
                return Err(TemplateError::new(
                    &declared.at,
                    format!("{name} depends on {other}, which there is not"),
                    "declare it, or correct DependsOn",
                ));
            }
            waits_for.insert(other.clone());
        }
        known_condition(template, declared)?;
        dependencies.insert(name.clone(), waits_for);
    }
    conditions(template)?;
    for output in &template.outputs {
        references(template, &output.value)?;
    }
    match circle(&dependencies) {
        Some(circle) => Err(TemplateError::new(
            &template.resources[&circle[0]].at,
            format!(
                "Circular dependency between resources: [{}]",
                circle.join(", ")
            ),
            "remove one of the references",
        )),
        None => Ok(dependencies),
    }
}

fn known_condition(template: &Template, declared: &Declared) -> Result<(), TemplateError> {
    match &declared.condition {
        Some(name) if !template.conditions.contains_key(name) => Err(TemplateError::new(
            &declared.at,
            format!("there is no condition {name}"),
            "declare it under Conditions",
        )),
        _ => Ok(()),
    }
}

/// The resources to which `expression` refers.
fn references(
    template: &Template,
    expression: &Expression,
) -> Result<BTreeSet<String>, TemplateError> {
    let mut found = BTreeSet::new();
    let mut refusal = None;
    expression.visit(&mut |part| {
        let checked = match &part.form {
            ExprKind::Ref(name) => reference(template, part, name),
            ExprKind::GetAtt {
                resource,
                attribute,
            } => attribute_of(template, part, resource, attribute).map(|()| Some(resource.clone())),
            ExprKind::If { condition, .. } | ExprKind::Condition(condition) => {
                condition_of(template, part, condition).map(|()| None)
            }
            _ => Ok(None),
        };
        match checked {
            Ok(name) => found.extend(name),
            Err(error) => refusal = refusal.take().or(Some(error)),
        }
    });
    refusal.map_or(Ok(found), Err)
}

fn reference(
    template: &Template,
    part: &Expression,
    name: &str,
) -> Result<Option<String>, TemplateError> {
    const PSEUDO: [&str; 8] = [
        "AWS::AccountId",
        "AWS::NoValue",
        "AWS::NotificationARNs",
        "AWS::Partition",
        "AWS::Region",
        "AWS::StackId",
        "AWS::StackName",
        "AWS::URLSuffix",
    ];
    let parameter = template
        .parameters
        .iter()
        .any(|declared| declared.name == name);
    if template.resources.contains_key(name) {
        Ok(Some(name.to_owned()))
    } else if parameter || PSEUDO.contains(&name) {
        Ok(None)
    } else {
        Err(dangling(part, name))
    }
}

fn attribute_of(
    template: &Template,
    part: &Expression,
    resource: &str,
    attribute: &str,
) -> Result<(), TemplateError> {
    let declared = template
        .resources
        .get(resource)
        .ok_or_else(|| dangling(part, resource))?;
    let kind = declared.kind;
    if kind.has_attribute(attribute) {
        return Ok(());
    }
    let known = match kind.attributes {
        [] => "nothing".to_owned(),
        attributes => attributes.join(", "),
    };
    Err(TemplateError::new(
        &part.at,
        format!(
            "the account in memory does not know the attribute {attribute} of {resource} ({})",
            kind.name
        ),
        format!("known is {known}"),
    ))
}

fn condition_of(template: &Template, part: &Expression, name: &str) -> Result<(), TemplateError> {
    if template.conditions.contains_key(name) {
        return Ok(());
    }
    Err(TemplateError::new(
        &part.at,
        format!("there is no condition {name}"),
        "declare it under Conditions",
    ))
}

/// A condition is worked out anew wherever it is named. With those that it names it has so many
/// parts at most, and they name one another so deep at most.
///
/// assumption: no template comes near. A template that AWS takes and this limit refuses proves it
/// wrong.
const MOST_PARTS: usize = 1000;
const DEEPEST: usize = 50;

/// Checks that conditions refer to what there is, to no resource
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/conditions-section-structure.html>),
/// and not to one another without end.
fn conditions(template: &Template) -> Result<(), TemplateError> {
    let mut known = BTreeMap::new();
    for (name, expression) in &template.conditions {
        if let Some(resource) = references(template, expression)?.first() {
            return Err(TemplateError::new(
                &expression.at,
                format!(
                    "Unresolved dependencies [{resource}]. Cannot reference resources in the Conditions block of the template"
                ),
                "refer to parameters",
            ));
        }
        let parts = parts_of(template, name, 0, &mut known);
        if parts.is_none_or(|parts| parts > MOST_PARTS) {
            return Err(TemplateError::new(
                &expression.at,
                format!(
                    "the condition {name} names others in a circle, more than {DEEPEST} deep, or with more than \
                     {MOST_PARTS} parts in all"
                ),
                "let it name fewer",
            ));
        }
    }
    Ok(())
}

/// How many parts the condition has with those that it names; nothing if they name one another too
/// deep.
fn parts_of<'a>(
    template: &'a Template,
    name: &'a str,
    depth: usize,
    known: &mut BTreeMap<&'a str, usize>,
) -> Option<usize> {
    if let Some(parts) = known.get(name) {
        return Some(*parts);
    }
    if depth == DEEPEST {
        return None;
    }
    let (mut parts, mut named) = (0_usize, Vec::new());
    template.conditions.get(name)?.visit(&mut |part| {
        parts += 1;
        if let ExprKind::Condition(other)
        | ExprKind::If {
            condition: other, ..
        } = &part.form
        {
            named.push(other.as_str());
        }
    });
    for other in named {
        parts = parts.saturating_add(parts_of(template, other, depth + 1, known)?);
    }
    known.insert(name, parts);
    Some(parts)
}

/// A circle among `dependencies`, if there is one: what is left when all that waits for nothing
/// left is taken away.
fn circle(dependencies: &Dependencies) -> Option<Vec<String>> {
    let mut left = dependencies.clone();
    loop {
        let free: Vec<_> = left
            .iter()
            .filter(|(_, waits_for)| waits_for.iter().all(|other| !left.contains_key(other)))
            .map(|(name, _)| name.clone())
            .collect();
        if free.is_empty() {
            let circle: Vec<_> = left.into_keys().collect();
            return (!circle.is_empty()).then_some(circle);
        }
        free.iter().for_each(|name| drop(left.remove(name)));
    }
}

/// The same dependencies the other way round: for deleting.
pub fn reversed(dependencies: &Dependencies) -> Dependencies {
    let mut reversed: Dependencies = dependencies
        .keys()
        .map(|name| (name.clone(), BTreeSet::new()))
        .collect();
    for (name, waits_for) in dependencies {
        for other in waits_for {
            reversed
                .entry(other.clone())
                .or_default()
                .insert(name.clone());
        }
    }
    reversed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudformation::template;

    fn of(resources: &str) -> Result<Dependencies, TemplateError> {
        dependencies(
            &template::read("t.yaml", &format!("Resources:\n{resources}")).expect("a template"),
        )
    }

    #[test]
    fn ref_sub_getatt_and_dependson_all_make_one_wait() {
        let waits = of("  A: {Type: AWS::ECS::Cluster}\n  B: {Type: AWS::SQS::Queue, DependsOn: A}\n  \
                        C: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub '${A}-${B.Arn}'}}\n")
        .expect("no circle");
        assert_eq!(waits["B"], BTreeSet::from(["A".to_owned()]));
        assert_eq!(waits["C"], BTreeSet::from(["A".to_owned(), "B".to_owned()]));
        assert_eq!(
            reversed(&waits)["A"],
            BTreeSet::from(["B".to_owned(), "C".to_owned()])
        );
    }

    #[test]
    fn what_is_not_there_is_refused_with_its_place() {
        let refusal = |resources: &str| of(resources).expect_err("refused").to_string();
        let queue = |name: &str| {
            format!("  A:\n    Type: AWS::SQS::Queue\n    Properties:\n      QueueName: {name}\n")
        };
        assert!(
            refusal(&queue("!Ref Nobody"))
                .starts_with("t.yaml:5:18: there is no parameter or resource Nobody")
        );
        assert!(
            refusal(&queue("!GetAtt A.Colour")).contains("does not know the attribute Colour of A")
        );
        assert!(refusal(&queue("!If [Never, a, b]")).contains("there is no condition Never"));
        assert!(refusal("  A: {Type: AWS::SQS::Queue, DependsOn: B}\n").contains("depends on B"));
    }

    #[test]
    fn conditions_name_parameters_and_one_another_within_bounds() {
        let refused = |conditions: &str| {
            let text =
                format!("Conditions:\n{conditions}Resources:\n  A: {{Type: AWS::SQS::Queue}}\n");
            let template = template::read("t.yaml", &text).expect("a template");
            dependencies(&template).expect_err("refused").to_string()
        };
        let circle = refused("  C: !Not [!Condition D]\n  D: !Not [!Condition C]\n");
        assert!(
            circle.starts_with("t.yaml:2:6: the condition C names others in a circle"),
            "{circle}"
        );
        let doubling =
            (1..20).map(|at| format!("  C{at}: !And [!Condition C{0}, !Condition C{0}]\n", at - 1));
        let doubling = refused(&format!(
            "  C0: !Equals [1, 1]\n{}",
            doubling.collect::<String>()
        ));
        assert!(doubling.contains("more than 1000 parts"), "{doubling}");
        assert!(refused("  C: !Equals [!Ref A, 1]\n").contains("Unresolved dependencies [A]"));
    }

    #[test]
    fn a_circle_is_refused_by_its_members() {
        let refusal = of("  A: {Type: AWS::SQS::Queue, DependsOn: B}\n  B: {Type: AWS::SQS::Queue, DependsOn: A}\n")
            .expect_err("refused");
        assert!(
            refusal
                .to_string()
                .contains("Circular dependency between resources: [A, B]")
        );
    }
}
