//! Listens, keeps connections, and ends them without cutting off an answer.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

use crate::{Error, config::Config, gateway::Gateway};

/// A gateway that serves; it stops when it is shut down or dropped.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
    serving: Option<JoinHandle<()>>,
}

/// Opens the database and serves.
pub async fn start(config: Config) -> Result<Running, Error> {
    let listener = TcpListener::bind(config.address).await.map_err(Error::Listen)?;
    let address = listener.local_addr().map_err(Error::Listen)?;
    let grace = config.limits.grace;
    let (stop, stopped) = watch::channel(false);
    let gateway = Arc::new(Gateway::open(config, stopped.clone()).await?);
    let serving = Some(tokio::spawn(serve(listener, gateway, stopped, grace)));
    Ok(Running { address, stop, serving })
}

impl Running {
    /// The base of the Data API for an application name.
    pub fn url(&self, app: &str) -> String {
        format!("http://{}{}", self.address, data_api::base_path(app))
    }

    /// Takes no more requests and waits for those under way, as long as the configuration allows.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        if let Some(serving) = self.serving.take() {
            // A fault of the serving task ends it just as well.
            let _ = serving.await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

async fn serve(listener: TcpListener, gateway: Arc<Gateway>, mut stopped: watch::Receiver<bool>, grace: Duration) {
    let connections = GracefulShutdown::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => keep(stream, &gateway, &connections),
                // Out of file descriptors, most likely: others must end before more can come.
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            // Also when the handle is gone.
            _ = stopped.changed() => break,
        }
    }
    drop(listener);
    // Past the grace period what is left is cut off.
    let _ = tokio::time::timeout(grace, connections.shutdown()).await;
    let _ = tokio::task::spawn_blocking(move || gateway.finish()).await;
}

const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Idle connections end with it too: longer than the 90 s after which common clients drop theirs, so that none is closed in a client's face.
const HEADER_TIME: Duration = Duration::from_secs(120);

fn keep(stream: TcpStream, gateway: &Arc<Gateway>, connections: &GracefulShutdown) {
    // Without it small answers wait for the client's acknowledgement; with an error they merely wait.
    let _ = stream.set_nodelay(true);
    let gateway = Arc::clone(gateway);
    let service = service_fn(move |request| {
        let gateway = Arc::clone(&gateway);
        async move { Ok::<_, Infallible>(gateway.handle(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .serve_connection(TokioIo::new(stream), service);
    let connection = connections.watch(connection);
    // A connection that breaks concerns nobody but its client.
    tokio::spawn(async move { drop(connection.await) });
}
