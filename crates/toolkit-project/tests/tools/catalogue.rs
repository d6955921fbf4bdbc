//! The table of what the tools are. A line that changes is a change that callers see.

use workbench::{Bench, Denied, Roots};

#[test]
fn the_tools_are_what_the_catalogue_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let roots = Roots::open([folder.path()], Denied::system()).expect("a root");
    let toolkit = toolkit_project::toolkit(&Bench { roots });
    assert_eq!(toolkit::reference::catalogue(&toolkit), include_str!("catalogue.txt"));
}
