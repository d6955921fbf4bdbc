//! The table of what the tools are. A line that changes is a change that callers see.

use crate::client::{client, toolkit};

#[test]
fn the_tools_read_like_a_catalogue() {
    assert_eq!(toolkit::reference::catalogue(&toolkit()), include_str!("catalogue.txt"));
}

#[tokio::test]
async fn every_example_is_an_argument_that_the_tool_takes() {
    client().assert_examples_fit().await;
}
