//! What {{name}} is for, in one sentence.

/// Greets somebody by name; without a name, the world.
#[must_use]
pub fn greet(name: &str) -> String {
    let name = name.trim();
    format!("Hello, {}!", if name.is_empty() { "world" } else { name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_greeted() {
        assert_eq!(greet("Ada"), "Hello, Ada!");
        assert_eq!(greet("  "), "Hello, world!");
    }
}
