//! Proof that the list of what has no bound is in force: each statement below is refused by `clippy.toml`. Were one not, its
//! expectation would be unfulfilled, which `make lint` reports.

#[test]
fn what_has_no_bound_is_refused_by_clippy() {
    #[expect(clippy::disallowed_methods, reason = "the proof for queues of threads")]
    let (said, _heard) = std::sync::mpsc::channel::<()>();
    #[expect(clippy::disallowed_methods, reason = "the proof for queues of tasks")]
    let (told, _listened) = tokio::sync::mpsc::unbounded_channel::<()>();
    assert!(said.send(()).is_ok() && told.send(()).is_ok());
    let (mut bytes, mut text) = (Vec::new(), String::new());
    #[expect(clippy::disallowed_methods, reason = "the proof for bytes of a stream")]
    let read = std::io::Read::read_to_end(&mut &b"bytes"[..], &mut bytes);
    assert_eq!(read.ok(), Some(5));
    #[expect(clippy::disallowed_methods, reason = "the proof for the text of a stream")]
    let read = std::io::Read::read_to_string(&mut &b"text"[..], &mut text);
    assert_eq!(read.ok(), Some(4));
    #[expect(clippy::disallowed_methods, reason = "the proof for a stream as a whole")]
    let read = std::io::read_to_string(&b"all"[..]);
    assert_eq!(read.ok().as_deref(), Some("all"));
}

#[tokio::test]
async fn what_has_no_bound_is_refused_in_tasks_too() {
    let (mut bytes, mut text) = (Vec::new(), String::new());
    #[expect(clippy::disallowed_methods, reason = "the proof for bytes of a stream")]
    let read = tokio::io::AsyncReadExt::read_to_end(&mut &b"bytes"[..], &mut bytes).await;
    assert_eq!(read.ok(), Some(5));
    #[expect(clippy::disallowed_methods, reason = "the proof for the text of a stream")]
    let read = tokio::io::AsyncReadExt::read_to_string(&mut &b"text"[..], &mut text).await;
    assert_eq!(read.ok(), Some(4));
}
