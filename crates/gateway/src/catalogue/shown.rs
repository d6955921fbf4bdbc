//! One item of a list as the clients of each era see it. Almost always that is the same; the one difference is whether a
//! call of the tool can become a core task (2025-11-25), which means nothing to a modern client.

use bytes::Bytes;
use mcp::array;

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

    /// A tool. Its `execution` is for legacy clients, where its server makes core tasks.
    pub fn tool(tool: Bytes, core_tasks: bool) -> Self {
        match without_execution(&tool) {
            Some(without) if core_tasks => Self { modern: without, legacy: tool },
            Some(without) => Self::alike(without),
            None => Self::alike(tool),
        }
    }

    /// As a client of one era sees it.
    pub fn to(&self, modern: bool) -> &Bytes {
        if modern { &self.modern } else { &self.legacy }
    }
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
    fn only_a_legacy_client_of_a_server_with_core_tasks_sees_execution() {
        let check = |tool: &'static str, core_tasks, modern: &str, legacy: &str| {
            let shown = Shown::tool(Bytes::from_static(tool.as_bytes()), core_tasks);
            assert_eq!((&shown.to(true)[..], &shown.to(false)[..]), (modern.as_bytes(), legacy.as_bytes()), "{tool}");
        };
        let plain = r#"{"name": "a"}"#;
        check(plain, true, plain, plain);
        let nested = r#"{"name":"a","inputSchema":{"properties":{"execution":{}}}}"#;
        check(nested, true, nested, nested);
        let tool = r#"{"name":"a","execution":{"taskSupport":"optional"},"description":"d"}"#;
        let without = r#"{"name":"a","description":"d"}"#;
        check(tool, true, without, tool);
        check(tool, false, without, without);
    }
}
