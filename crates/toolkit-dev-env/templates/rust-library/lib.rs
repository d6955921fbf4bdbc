#![doc = include_str!("../README.md")]

/// Greets somebody by name; without a name, the world.
///
/// ```
/// assert_eq!({{module}}::greet("Ada"), "Hello, Ada!");
/// ```
#[must_use]
pub fn greet(name: &str) -> String {
    let name = name.trim();
    format!("Hello, {}!", if name.is_empty() { "world" } else { name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_name_the_world_is_greeted() {
        assert_eq!(greet("  "), "Hello, world!");
    }
}
