//! Ctrl-C, taken at a moment when nothing is lost by it.

use std::future::Future;

use super::Output;
use crate::backend::Backend;
use crate::service::{Error, Result};

/// Awaits `work`. Ctrl-C ends it; but while tokens are being exchanged, their answer is kept first: a
/// refresh token that was spent and whose successor is thrown away ends the connection.
pub(super) async fn uninterrupted<T>(
    work: impl Future<Output = Result<T>>,
    backend: &Backend,
    output: Output,
) -> Result<T> {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            outcome = work.as_mut() => return outcome,
            _ = tokio::signal::ctrl_c() => {
                if !backend.is_exchanging() {
                    return Err(Error::usage("it was interrupted"));
                }
                output.note("Keeping what the provider answers, then leaving.");
            }
        }
    }
}
