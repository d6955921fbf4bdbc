//! Work that goes on when whoever waits for it hangs up: to a legacy server that is no cancellation.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

/// A future that runs to its end by itself when it is dropped before.
pub(super) struct Unbroken<T: Send + 'static>(Option<Pin<Box<dyn Future<Output = T> + Send>>>);

impl<T: Send + 'static> Unbroken<T> {
    pub(super) fn new(work: impl Future<Output = T> + Send + 'static) -> Self {
        Self(Some(Box::pin(work)))
    }
}

impl<T: Send + 'static> Future for Unbroken<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let Some(work) = self.0.as_mut() else { return Poll::Pending };
        let polled = work.as_mut().poll(context);
        if polled.is_ready() {
            self.0 = None;
        }
        polled
    }
}

impl<T: Send + 'static> Drop for Unbroken<T> {
    fn drop(&mut self) {
        if let (Some(rest), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn work_goes_on_when_nobody_waits_for_it() {
        let (go, told) = oneshot::channel::<()>();
        let (done, finished) = oneshot::channel();
        drop(Unbroken::new(async move {
            let _ = told.await;
            let _ = done.send(7);
        }));
        go.send(()).unwrap();
        assert_eq!(finished.await, Ok(7));
    }

    #[tokio::test]
    async fn work_that_was_waited_for_is_done_once() {
        let (done, mut finished) = tokio::sync::mpsc::channel(2);
        Unbroken::new(async move { done.send(()).await }).await.unwrap();
        assert_eq!(finished.recv().await, Some(()));
        assert_eq!(finished.recv().await, None);
    }
}
