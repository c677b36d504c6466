//! The service role without one of its actions.

/// The places of the actions in the role's policies: the number of the line, and the action.
pub fn actions(template: &str) -> Vec<(usize, String)> {
    let policies = template
        .find("      Policies:")
        .expect("the role's policies");
    let first = template[..policies].lines().count();
    let lines = template.lines().enumerate().skip(first);
    let action = |line: &str| {
        let text = line.trim();
        let text = text
            .strip_prefix("- ")
            .or_else(|| text.strip_prefix("Action: "))?;
        let (service, name) = text.split_once(':')?;
        let plain = service
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let named = name.starts_with(|c: char| c.is_ascii_uppercase());
        (plain && named && !text.contains(' ')).then(|| text.to_owned())
    };
    lines
        .filter_map(|(number, line)| Some((number, action(line)?)))
        .collect()
}

/// The template with another action in the place of the one in this line.
pub fn without(template: &str, line: usize, action: &str) -> String {
    let lines = template.lines().enumerate().map(|(number, text)| {
        if number == line {
            text.replace(action, "none:None")
        } else {
            text.to_owned()
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}
