//! The stacks of ours in an account and Region: `list`.

use serde_json::{Value, json};
use workers::Error;

use crate::aws::{Aws, Group, Member, Pause, Stack, error_text};
use crate::failure::Failure;
use crate::format::count;

/// Between two columns of the table.
const GAP: &str = "  ";

/// What a cell shows of nothing.
const NONE: &str = "-";

/// What was found.
#[derive(Debug)]
pub struct Listing {
    /// The Region.
    pub region: String,
    /// The stacks, by name.
    pub stacks: Vec<Entry>,
    /// How the stacks were found.
    pub search: Search,
}

/// How stacks are found.
#[derive(Debug, PartialEq, Eq)]
pub enum Search {
    /// All stacks were described.
    AllStacks,
    /// Only those that the hooks of groups name, because a call was refused.
    Hooks {
        /// How many groups were not looked at.
        left_out: usize,
        /// Stacks that the hooks name, and that could not be described: why.
        unread: Vec<(String, String)>,
    },
}

/// A stack of ours.
#[derive(Debug)]
pub struct Entry {
    stack: Stack,
    /// Its group, if that is there.
    group: Option<Group>,
}

/// Finds the stacks.
///
/// # Errors
/// If AWS cannot be asked.
pub async fn look(aws: &Aws) -> Result<Listing, Failure> {
    let (stacks, search) = match aws.stacks().await {
        Ok(stacks) => (stacks, Search::AllStacks),
        Err(Error::AccessDenied { .. }) => by_hooks(aws).await?,
        Err(error) => return Err(error.into()),
    };
    let groups = aws.groups().await?;
    let entry = |stack: Stack| {
        let name = stack.group().ok();
        let named = groups
            .iter()
            .find(|(group, _)| Some(group) == name.as_ref());
        Entry {
            group: named.map(|(_, group)| group.clone()),
            stack,
        }
    };
    let ours = stacks.into_iter().filter(Stack::is_ours);
    let mut stacks: Vec<Entry> = ours.map(entry).collect();
    stacks.sort_by(|one, other| one.stack.name.cmp(&other.stack.name));
    Ok(Listing {
        region: aws.region.clone(),
        stacks,
        search,
    })
}

/// The stacks that the hooks of groups name.
async fn by_hooks(aws: &Aws) -> Result<(Vec<Stack>, Search), Failure> {
    let hooks = aws.hooks_of_ours().await?;
    let mut names: Vec<String> = hooks.found.into_iter().map(|it| it.stack).collect();
    names.sort();
    names.dedup();
    let (mut stacks, mut unread) = (Vec::new(), Vec::new());
    for name in names {
        match aws.stack(&name).await {
            Ok(stack) => stacks.push(stack),
            Err(error @ (Error::AccessDenied { .. } | Error::BadAnswer { .. })) => {
                unread.push((name, error_text(&error)));
            }
            Err(error) => return Err(error.into()),
        }
    }
    let search = Search::Hooks {
        left_out: hooks.left_out,
        unread,
    };
    Ok((stacks, search))
}

impl Entry {
    /// What happens in it.
    fn rollout(&self) -> String {
        let moving = self.group.as_ref().map_or(0, |it| it.moving().count());
        let state = match self.stack.status.as_str() {
            status if !self.stack.is_busy() => match (moving, status.ends_with("_FAILED")) {
                (0, false) => "none".to_owned(),
                (0, true) => "failed".to_owned(),
                (some, _) => format!("{} on the way in or out", count(some, "instance")),
            },
            status if status.starts_with("CREATE") => "being created".to_owned(),
            status if status.starts_with("DELETE") => "being deleted".to_owned(),
            status if status.contains("ROLLBACK") => "rolling back".to_owned(),
            _ => "rolling forward".to_owned(),
        };
        match self.pause() {
            Some(pause) => format!("{state}, PAUSED: {}", pause.why),
            None => state,
        }
    }

    fn is_under_way(&self) -> bool {
        let mut moving = self.group.iter().flat_map(Group::moving);
        self.stack.is_busy() || moving.next().is_some()
    }

    fn pause(&self) -> Option<&Pause> {
        self.group.as_ref().and_then(|group| group.pause.as_ref())
    }

    fn retained(&self) -> Vec<&str> {
        let groups = self.group.iter();
        let retained = groups.flat_map(Group::retained);
        retained.map(|one| one.id.as_str()).collect()
    }

    fn cluster(&self) -> Option<String> {
        let named = self.stack.parameter("EcsClusterName");
        self.stack.cluster().ok().or(named.map(str::to_owned))
    }

    fn cells(&self) -> [String; 6] {
        let retained = self.retained();
        [
            self.stack.name.clone(),
            self.stack.status.clone(),
            self.cluster().unwrap_or_else(|| NONE.to_owned()),
            self.stack.ami_parameter().to_owned(),
            if retained.is_empty() {
                NONE.to_owned()
            } else {
                retained.join(",")
            },
            self.rollout(),
        ]
    }

    fn json(&self) -> Value {
        let pause = self.pause();
        json!({
            "stack": self.stack.name,
            "stackId": self.stack.id,
            "status": self.stack.status,
            "since": self.stack.since,
            "cluster": self.cluster(),
            "group": self.stack.group().ok(),
            "amiParameter": self.stack.ami_parameter(),
            "ami": self.stack.ami(),
            "underWay": self.is_under_way(),
            "rollout": self.rollout(),
            "pause": pause.map(|it| json!({"reason": it.why, "since": it.since})),
            "instances": self.group.as_ref().map(|it| it.members.len()),
            "retained": self.retained(),
        })
    }
}

impl Listing {
    /// The names of the stacks, each with its status.
    pub fn stack_names(&self) -> Vec<(String, String)> {
        let named = self.stacks.iter().map(|it| {
            let stack = &it.stack;
            (stack.name.clone(), stack.status.clone())
        });
        named.collect()
    }

    /// The ids of the instances, each with where it stands: those that need attention first.
    pub fn instances(&self) -> Vec<(String, String)> {
        let groups = self.stacks.iter().filter_map(|it| it.group.as_ref());
        let mut members: Vec<&Member> = groups.flat_map(|group| &group.members).collect();
        members.sort_by_key(|one| (one.is_in_service(), &one.id));
        let named = members.into_iter();
        named
            .map(|one| (one.id.clone(), one.state.to_string()))
            .collect()
    }

    /// A table with a heading, or a sentence if there is no stack.
    pub fn table(&self) -> String {
        if self.stacks.is_empty() {
            return format!(
                "No stack of ecs-rollout in {}. Choose another Region or account with --region and --profile.\n",
                self.region
            );
        }
        let heading = [
            "STACK",
            "STATUS",
            "CLUSTER",
            "AMI PARAMETER",
            "RETAINED",
            "ROLLOUT",
        ];
        let mut rows = vec![heading.map(str::to_owned)];
        rows.extend(self.stacks.iter().map(Entry::cells));
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
        let widths: Vec<usize> = (0..heading.len()).filter_map(width).collect();
        let lines = rows.iter().map(|row| {
            let cells = row.iter().zip(&widths);
            let cells: Vec<String> = cells
                .map(|(cell, width)| format!("{cell:<width$}"))
                .collect();
            cells.join(GAP).trim_end().to_owned() + "\n"
        });
        lines.collect()
    }

    /// What a reader must know besides.
    pub fn notes(&self) -> Vec<String> {
        let Search::Hooks { left_out, unread } = &self.search else {
            return Vec::new();
        };
        let mut notes = vec![
            "you may not describe all stacks (cloudformation:DescribeStacks and ListStacks on all resources), so only stacks are listed \
             that lifecycle hooks name"
                .to_owned(),
        ];
        if *left_out > 0 {
            notes.push(format!(
                "{} looked at: at most 50 are",
                match left_out {
                    1 => "1 group was not".to_owned(),
                    more => format!("{more} groups were not"),
                }
            ));
        }
        notes.extend(
            unread
                .iter()
                .map(|(name, why)| format!("stack {name}: {why}")),
        );
        notes
    }

    /// One object.
    pub fn json(&self) -> Value {
        json!({
            "region": self.region,
            "stacks": self.stacks.iter().map(Entry::json).collect::<Vec<_>>(),
            "notes": self.notes(),
        })
    }
}
