//! A change of the configuration file put in force at once in the node that follows this file. Where none runs, nothing is
//! said: the change holds from the next start.

use crate::{Context, Error, Exit, Word, control};

/// After a verb that has changed the file: the running node takes it over now.
pub(crate) async fn then_in_force(changed: Result<Exit, Error>, context: &mut Context<'_>) -> Result<Exit, Error> {
    let exit = changed?;
    put_in_force(context).await;
    Ok(exit)
}

/// Has the running node read the file that was just changed, and says what came of it.
pub(crate) async fn put_in_force(context: &mut Context<'_>) {
    let Some((node, _)) = control::following(context).await else { return };
    match node.reload().await {
        Ok(applied) => {
            context.terminal.say(&format!("in force in the running node (configuration {})", applied.number));
        }
        Err(client::Error::Refused(refusal)) => {
            let hint = refusal.problems.join("; ");
            context.terminal.problem(Word::Warning, "the running node keeps what it has", Some(&hint));
        }
        Err(error) => {
            let hint = "`switchboard config reload` tries again";
            context.terminal.problem(Word::Warning, &format!("the running node was not told: {error}"), Some(hint));
        }
    }
}
