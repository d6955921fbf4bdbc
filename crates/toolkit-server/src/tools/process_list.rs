//! `process_list`: the processes of this machine.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Code, Failure, Marks, Tool};

use crate::{
    processes::{self, Listed, Order, Snapshot},
    reading, shown,
    users::Names,
};

/// Between two looks: five times as long as for the whole machine, since one process is measured in ticks of 10 ms.
const WINDOW: Duration = Duration::from_millis(500);
/// Processes in one answer at most: as many as a list shows on a page.
const TOP_MAX: usize = 1_000;

/// Lists processes.
pub(crate) struct ProcessList;

#[derive(Clone, Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// What comes first.
    #[serde(default)]
    sort: Sort,
    /// How many, at most 1000.
    #[serde(default = "twenty")]
    #[schemars(range(min = 1, max = 1000))]
    top: usize,
    /// Only of this account: its name or number.
    user: Option<String>,
    /// Only those with this text in their name or command, whatever its case.
    filter: Option<String>,
    /// Every process behind its parent, with its depth.
    #[serde(default)]
    tree: bool,
}

fn twenty() -> usize {
    20
}

/// By what the list is sorted.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Sort {
    #[default]
    Cpu,
    Memory,
    Name,
    Pid,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    processes: Vec<Listed>,
    /// How many there are of those that were asked for.
    total: usize,
}

impl Tool for ProcessList {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "process_list";
    const ABOUT: &'static str = "Lists processes with how busy they are right now, the memory they hold and their commands, \
        sorted or as a tree.";
    const MARKS: Marks = Marks::reads().idempotent();
    const EXAMPLES: &'static [&'static str] = &["{}", r#"{"sort": "memory", "top": 5}"#, r#"{"filter": "nginx"}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        if !(1..=TOP_MAX).contains(&input.top) {
            return Err(Failure::invalid("top", format!("`top` must be from 1 to {TOP_MAX}")));
        }
        let names = reading::read(|| Ok(Names::read())).await?;
        let user = input.user.as_deref().map(|user| account(&names, user)).transpose()?;
        let (before, now) = reading::read_twice(WINDOW, Snapshot::take).await?;
        reading::read(move || Ok(select(&input, user.as_deref(), now.since(&before, &names)))).await
    }
}

/// The account of this name or number, as lists name it.
fn account(names: &Names, user: &str) -> Result<String, Failure> {
    names.number(user).map(|number| names.of(number)).ok_or_else(|| {
        let failure = Failure::new(Code::NotFound, format!("there is no account `{}`", shown::short(user)));
        Failure { field: Some("user".to_owned()), ..failure.hint("`list_users` names them") }
    })
}

fn select(input: &Input, user: Option<&str>, mut listed: Vec<Listed>) -> Output {
    listed.retain(|process| user.is_none_or(|user| process.user == user));
    if let Some(filter) = &input.filter {
        let filter = filter.to_lowercase();
        processes::read_commands(&mut listed);
        let fits = |text: &str| text.to_lowercase().contains(&filter);
        listed.retain(|process| fits(&process.name) || fits(&process.command));
    }
    processes::sort(&mut listed, input.sort.into());
    if input.tree {
        listed = processes::as_tree(listed);
    }
    let total = listed.len();
    listed.truncate(input.top);
    processes::read_commands(&mut listed);
    Output { processes: listed, total }
}

impl From<Sort> for Order {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::Cpu => Self::Cpu,
            Sort::Memory => Self::Memory,
            Sort::Name => Self::Name,
            Sort::Pid => Self::Pid,
        }
    }
}
