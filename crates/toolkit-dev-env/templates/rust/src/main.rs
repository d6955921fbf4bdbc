//! The command line.

use std::env;

fn main() {
    println!("{}", {{module}}::greet(&env::args().nth(1).unwrap_or_default()));
}
