//! `git_suggest_message`: a message for what would be committed, with the reasons for it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Code, Failure, Marks, Tool};

use super::{
    message::{self, Style},
    repository::Git,
    staging::{self, Staged},
};

/// Suggests messages.
pub(crate) struct GitSuggestMessage(pub(crate) Git);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The repository, or a folder in it.
    path: String,
    /// How it is written.
    #[serde(default)]
    style: Style,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The message.
    message: String,
    /// Why it is so.
    reasons: Vec<String>,
}

impl Tool for GitSuggestMessage {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "git_suggest_message";
    const ABOUT: &'static str =
        "Suggests a message for what is staged, or else for all changes, made by rules from the names of the files.";
    const MARKS: Marks = Marks::reads();
    const EXAMPLES: &'static [&'static str] = &[r#"{"path": "app", "style": "plain"}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        let repository = self.0.repository(&input.path).await?;
        let mut staged = staging::staged(&repository).await?;
        if staged.is_empty() {
            let changes = staging::changes(&repository, &[]).await?;
            staged = changes.iter().map(Staged::of).collect();
        }
        if staged.is_empty() {
            let text = format!("`{}` has no changes to speak of", repository.top().display());
            return Err(Failure::new(Code::GitError, text).hint("`git_status` says what is changed"));
        }
        let mut suggestion = message::suggest(&staged, input.style);
        suggestion.reasons.push("made by rules from the names of the files; no model was asked".to_owned());
        Ok(Output { message: suggestion.message, reasons: suggestion.reasons })
    }
}
