//! `list_users`: the accounts of this machine.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use crate::{
    reading,
    users::{self, User},
};

/// Lists accounts.
pub(crate) struct ListUsers;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Only accounts of people, not those of the system.
    #[serde(default)]
    people: bool,
    /// Only accounts that have a shell to log in with.
    #[serde(default)]
    can_log_in: bool,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    users: Vec<User>,
    total: usize,
    /// The `cursor` of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl Tool for ListUsers {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "list_users";
    const ABOUT: &'static str = "Lists the accounts of this machine with their groups and shells.";
    const MARKS: Marks = Marks::reads().idempotent().lists();
    const EXAMPLES: &'static [&'static str] = &["{}", r#"{"people": true}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let mut users = reading::read(users::users).await?;
        users.retain(|user| (!input.people || user.is_person) && (!input.can_log_in || user.can_log_in));
        let page = call.shared.page(users);
        Ok(Output { users: page.items, total: page.total, next_cursor: page.next_cursor })
    }
}
