//! One call of a tool from its raw arguments to its result, the same for both eras: check, confirm, once, run in time.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
    time::Instant,
};

use serde_json::{Map, Value, json};

use crate::{
    arguments::{self, Arguments},
    call::{Call, Caller, Progress},
    commands::Noted,
    confirm::{self, Consent},
    declaration::Declaration,
    failure::{Code, Failure},
    output::{Output, Writer},
    repeats::Key,
    tool::Served,
    toolkit::Toolkit,
};

/// What came of a call.
pub(crate) enum Performed {
    /// A finished result.
    Result(Map<String, Value>),
    /// A question that has to be answered first: the `params` of an elicitation.
    Ask(Value),
}

/// A call as it came in.
pub(crate) struct Asked<'a> {
    /// The tool.
    pub(crate) tool: &'a dyn Served,
    /// Its raw arguments.
    pub(crate) arguments: &'a [u8],
    /// Who calls.
    pub(crate) caller: Caller,
    /// Whether it is confirmed otherwise than by an argument.
    pub(crate) consent: Consent,
    /// Whether to show the commands that are run.
    pub(crate) shows_commands: bool,
}

impl Toolkit {
    /// Makes a call.
    pub(crate) async fn perform(&self, asked: Asked<'_>, progress: Progress) -> Performed {
        let started = Instant::now();
        let declaration = asked.tool.declaration();
        let principal = asked.caller.principal.clone();
        let noted = Noted::default();
        let end = if asked.shows_commands || self.shows_commands {
            noted.during(self.attempt(asked, progress)).await
        } else {
            self.attempt(asked, progress).await
        };
        let writer = Writer {
            bytes_max: self.result_bytes_max,
            keep: self.keep.as_deref().map(|keep| (keep, principal.as_str())),
            secrets: &self.secrets,
            about: json!({
                "server": self.name, "tool": declaration.name,
                "duration_ms": u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            }),
            commands: noted.take(),
        };
        match end {
            Ok(Attempt::Ask(question)) => Performed::Ask(question),
            Ok(Attempt::Repeated(result)) => Performed::Result(result),
            Ok(Attempt::Output(output, None)) => Performed::Result(writer.success(output)),
            Ok(Attempt::Output(output, Some(claim))) => {
                let result = writer.success(output);
                claim.fulfil(&result);
                Performed::Result(result)
            }
            Err(failure) => Performed::Result(writer.failure(&failure)),
        }
    }

    async fn attempt(&self, asked: Asked<'_>, progress: Progress) -> Result<Attempt<'_>, Failure> {
        let declaration = asked.tool.declaration();
        let (arguments, shared) = arguments::prepare(declaration, self.argument_aliases, read(asked.arguments)?)?;
        let call = Call { caller: asked.caller, shared, connections: self.connections.clone(), progress };
        if declaration.marks.is_connected() {
            call.connection()?;
        }
        if call.shared.dry_run {
            let plan = within(&call, declaration, asked.tool.plan(arguments, &call)).await?;
            let plan = Map::from_iter([("plan".to_owned(), Value::from(plan))]);
            return Ok(Attempt::Output(Output::structured(plan), None));
        }
        if declaration.marks.needs_confirmation() && !call.shared.confirm {
            match asked.consent {
                Consent::Answered(true) => {}
                Consent::Answered(false) => return Err(confirm::declined(declaration)),
                Consent::Askable => return Ok(Attempt::Ask(confirm::question(declaration, &arguments))),
                Consent::Unreachable => return Err(confirm::missing(declaration)),
            }
        }
        let claim = match &call.shared.idempotency_key {
            None => None,
            Some(key) => {
                let (principal, tool) = (call.caller.principal.clone(), declaration.name.clone());
                match self.repeats.claim(Key { principal, tool, word: key.clone() }, &arguments)? {
                    Ok(claim) => Some(claim),
                    Err(result) => return Ok(Attempt::Repeated(result)),
                }
            }
        };
        let output = within(&call, declaration, asked.tool.run(arguments, &call)).await?;
        Ok(Attempt::Output(output, claim))
    }
}

/// How far a call came.
enum Attempt<'a> {
    Ask(Value),
    Repeated(Map<String, Value>),
    Output(Output, Option<crate::repeats::Claim<'a>>),
}

fn read(arguments: &[u8]) -> Result<Arguments, Failure> {
    match serde_json::from_slice(arguments) {
        Ok(Value::Object(arguments)) => Ok(arguments),
        Ok(Value::Null) => Ok(Arguments::new()),
        _ => Err(Failure::invalid("arguments", "`arguments` must be an object")),
    }
}

/// What the tool gives, if it does so in time.
async fn within<T>(
    call: &Call,
    declaration: &Declaration,
    running: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let limit = call.shared.timeout;
    tokio::time::timeout(limit, unbroken(declaration, running)).await.unwrap_or_else(|_| {
        let text = format!("`{}` was not done after {} s and has been stopped", declaration.name, limit.as_secs());
        let hint = if declaration.marks.is_read_only() {
            "give it more time with `timeout_s`"
        } else {
            "look what it has done, then give it more time with `timeout_s`"
        };
        Err(Failure::new(Code::Timeout, text).hint(hint))
    })
}

/// What the tool gives; that of one that panics is a failure like any other, and the next call finds the toolkit as it was.
async fn unbroken<T>(
    declaration: &Declaration,
    running: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let mut running = pin!(running);
    std::future::poll_fn(|context| {
        catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(context))).unwrap_or_else(|_| {
            let text = format!("`{}` broke by a fault of its own", declaration.name);
            let hint =
                "what it had begun may be half done; what broke stands on the toolkit's stderr: please report it";
            Poll::Ready(Err(Failure::new(Code::InternalError, text).hint(hint)))
        })
    })
    .await
}
