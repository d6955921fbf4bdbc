//! The library as its users see it.

use {{module}}::greet;

#[test]
fn somebody_is_greeted_by_name() {
    assert_eq!(greet("Ada"), "Hello, Ada!");
}
