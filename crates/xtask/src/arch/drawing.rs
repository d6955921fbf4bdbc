//! The crate drawing as text: crates in, Markdown out.
//! It draws what the manifests say and judges nothing; `rules.rs` does.

use std::fmt::Write as _;

use super::workspace::Crate;
use super::{BESIDE, FLOORS};

const PLACE_WIDTH: usize = 13;
/// The longest name and a gap.
const NAME_WIDTH: usize = 21;

/// Draws the floors from the top down, one crate a line, with what it uses below it.
pub(super) fn render(crates: &[Crate]) -> String {
    let mut drawing = String::from("```text\n");
    for floor in FLOORS {
        draw_group(&mut drawing, &format!("{} {}", floor.number, floor.noun), floor.crates, crates);
    }
    draw_group(&mut drawing, "beside", BESIDE, crates);
    drawing.push_str("```\n");
    drawing
}

fn draw_group(drawing: &mut String, place: &str, names: &[&str], crates: &[Crate]) {
    let members = crates.iter().filter(|member| names.contains(&member.name.as_str()));
    for (index, member) in members.enumerate() {
        draw_crate(drawing, if index == 0 { place } else { "" }, member);
    }
}

fn draw_crate(drawing: &mut String, place: &str, member: &Crate) {
    let summary = member.summary.as_deref().unwrap_or_default();
    writeln!(drawing, "{place:PLACE_WIDTH$}{:NAME_WIDTH$}{summary}", member.name).expect("writing to a string");
    let used: Vec<&str> =
        member.uses.iter().filter(|used| !used.only_in_tests).map(|used| used.name.as_str()).collect();
    if !used.is_empty() {
        writeln!(drawing, "{:PLACE_WIDTH$}{:NAME_WIDTH$}└ {}", "", "", used.join(" ")).expect("writing to a string");
    }
}

#[cfg(test)]
mod tests {
    use super::super::workspace::Use;
    use super::*;

    #[test]
    fn a_crate_is_drawn_on_its_floor_with_what_it_uses_but_not_what_its_tests_use() {
        let gateway = Crate {
            name: "gateway".to_owned(),
            folder: "gateway".to_owned(),
            summary: Some("the data plane".to_owned()),
            uses: vec![
                Use { name: "mcp".to_owned(), only_in_tests: false },
                Use { name: "testkit".to_owned(), only_in_tests: true },
            ],
        };
        assert_eq!(
            render(&[gateway]),
            "```text\n5 planes     gateway              the data plane\n                                  └ mcp\n```\n"
        );
    }
}
