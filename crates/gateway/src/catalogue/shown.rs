//! One item of a list as the clients of each era see it. Almost always that is the same; the one difference is whether a
//! call of the tool can become a core task (2025-11-25), which means nothing to a modern client.

use bytes::Bytes;
use mcp::{Span, Splice, array};

use crate::manner::Manner;

/// Whose core tasks calls of a tool can be, as far as clients are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tasks {
    /// Nobody's.
    None,
    /// Those of its server: what that says of them stands.
    OfServer,
    /// Those of the gateway.
    OfGateway,
}

impl Tasks {
    /// Those of a tool, whose server makes core tasks or does not.
    pub fn of(manner: &Manner, core_tasks: bool) -> Self {
        let is_wanted = manner.settings.as_ref().is_some_and(|settings| settings.task == Some(true));
        match is_wanted && !manner.can_be_task {
            true => Self::OfGateway,
            false if core_tasks => Self::OfServer,
            false => Self::None,
        }
    }
}

/// One item under its shown name.
#[derive(Clone, Debug)]
pub struct Shown {
    modern: Bytes,
    legacy: Bytes,
}

impl Shown {
    /// What both eras see alike.
    pub fn alike(item: Bytes) -> Self {
        Self { modern: item.clone(), legacy: item }
    }

    /// A tool. Its `execution` is for legacy clients, where somebody makes core tasks.
    pub fn tool(tool: Bytes, tasks: Tasks) -> Self {
        let modern = without_execution(&tool).unwrap_or_else(|| tool.clone());
        match tasks {
            Tasks::None => Self::alike(modern),
            Tasks::OfServer => Self { modern, legacy: tool },
            Tasks::OfGateway => Self { legacy: with_execution(&modern), modern },
        }
    }

    /// As a client of one era sees it.
    pub fn to(&self, modern: bool) -> &Bytes {
        if modern { &self.modern } else { &self.legacy }
    }
}

/// A tool that had no `execution`, with one that says that its calls can be tasks.
fn with_execution(tool: &Bytes) -> Bytes {
    let execution = br#""execution":{"taskSupport":"optional"}"#.to_vec();
    Splice::new(tool).insert_members(Span::new(0, tool.len()), execution).apply()
}

/// A tool without `execution`, if it has one.
fn without_execution(tool: &Bytes) -> Option<Bytes> {
    array::member(tool, "execution")?;
    let members = array::members(tool).ok()?;
    let mut out = Vec::with_capacity(tool.len());
    for (key, value) in members.into_iter().filter(|(key, _)| *key != b"execution") {
        out.extend_from_slice(if out.is_empty() { b"{\"" } else { b",\"" });
        out.extend_from_slice(key);
        out.extend_from_slice(b"\":");
        out.extend_from_slice(value.of(tool)?);
    }
    out.push(b'}');
    Some(out.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_legacy_client_sees_execution_and_only_where_somebody_makes_core_tasks() {
        let check = |tool: &'static str, tasks, modern: &str, legacy: &str| {
            let shown = Shown::tool(Bytes::from_static(tool.as_bytes()), tasks);
            assert_eq!((&shown.to(true)[..], &shown.to(false)[..]), (modern.as_bytes(), legacy.as_bytes()), "{tool}");
        };
        let plain = r#"{"name": "a"}"#;
        check(plain, Tasks::OfServer, plain, plain);
        let nested = r#"{"name":"a","inputSchema":{"properties":{"execution":{}}}}"#;
        check(nested, Tasks::OfServer, nested, nested);
        let tool = r#"{"name":"a","execution":{"taskSupport":"optional"},"description":"d"}"#;
        let without = r#"{"name":"a","description":"d"}"#;
        check(tool, Tasks::OfServer, without, tool);
        check(tool, Tasks::None, without, without);
        let optional = r#"{"execution":{"taskSupport":"optional"},"name":"a"}"#;
        check(r#"{"name":"a"}"#, Tasks::OfGateway, r#"{"name":"a"}"#, optional);
        check(r#"{"name":"a","execution":{"taskSupport":"forbidden"}}"#, Tasks::OfGateway, r#"{"name":"a"}"#, optional);
    }
}
