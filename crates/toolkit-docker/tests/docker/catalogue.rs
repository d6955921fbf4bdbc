//! The table of what the tools are. A line that changes is a change that callers see.

use toolkit::Connection;

use crate::client::{NOBODY, client, toolkit_in};

#[test]
fn the_tools_read_like_a_catalogue() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(toolkit::reference::catalogue(&toolkit_in(folder.path())), include_str!("catalogue.txt"));
}

#[tokio::test]
async fn every_example_is_an_argument_that_the_tool_takes() {
    client(Connection::to(NOBODY)).assert_examples_fit().await;
}
