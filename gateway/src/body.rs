//! Takes a request's body within its limits.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::{HeaderMap, body::Incoming, header};

use crate::{config::Limits, failure::Failure};

/// The whole body, or why it is refused.
pub(crate) async fn read(headers: &HeaderMap, mut body: Incoming, limits: &Limits) -> Result<Bytes, Failure> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|bytes| bytes > limits.body_bytes) {
        drain(body, limits).await;
        return Err(Failure::too_large(limits.body_bytes));
    }
    let collected = tokio::time::timeout(limits.time, Limited::new(&mut body, limits.body_bytes).collect());
    match collected.await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            drain(body, limits).await;
            Err(Failure::too_large(limits.body_bytes))
        }
        Ok(Err(_)) => Err(Failure::invalid("the body ended early")),
        Err(_) => Err(Failure::time_limit()),
    }
}

/// Reads past a body that nobody wants: a client that is still writing would not see the answer otherwise.
pub(crate) async fn drain(mut body: Incoming, limits: &Limits) {
    let most = limits.body_bytes.saturating_mul(DRAINED_BODIES);
    let draining = async {
        let mut drained = 0;
        while let Some(Ok(frame)) = body.frame().await {
            drained += frame.data_ref().map_or(0, Bytes::len);
            if drained > most {
                return;
            }
        }
    };
    // What comes later than that is cut off with the connection.
    let _ = tokio::time::timeout(DRAIN_TIME, draining).await;
}

const DRAINED_BODIES: usize = 4;
const DRAIN_TIME: Duration = Duration::from_secs(5);
