//! Listens, keeps connections, and ends them without cutting off an answer.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

use crate::{Error, config::Config, gateway::Gateway, tls};

/// A gateway that serves; it stops when it is shut down or dropped.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    scheme: &'static str,
    stop: watch::Sender<bool>,
    serving: Option<JoinHandle<()>>,
}

/// Opens the database and serves.
pub async fn start(config: Config) -> Result<Running, Error> {
    let acceptor = config.tls.as_ref().map(tls::acceptor).transpose()?;
    let scheme = if acceptor.is_some() { "https" } else { "http" };
    let listener = TcpListener::bind(config.address).await.map_err(Error::Listen)?;
    let address = listener.local_addr().map_err(Error::Listen)?;
    let grace = config.limits.grace;
    let (stop, stopped) = watch::channel(false);
    let gateway = Arc::new(Gateway::open(config, stopped.clone()).await?);
    let door = Door { listener, acceptor };
    let serving = Some(tokio::spawn(serve(door, gateway, stopped, grace)));
    Ok(Running { address, scheme, stop, serving })
}

impl Running {
    /// The scheme and the address.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// The base of the Data API for an application name.
    pub fn url(&self, app: &str) -> String {
        format!("{}{}", self.origin(), data_api::base_path(app))
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

/// Where connections come in.
struct Door {
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
}

async fn serve(door: Door, gateway: Arc<Gateway>, mut stopped: watch::Receiver<bool>, grace: Duration) {
    let connections = GracefulShutdown::new();
    loop {
        tokio::select! {
            accepted = door.listener.accept() => match accepted {
                Ok((stream, _)) => let_in(stream, door.acceptor.clone(), Arc::clone(&gateway), connections.watcher()),
                // Out of file descriptors, most likely: others must end before more can come.
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            // Also when the handle is gone.
            _ = stopped.changed() => break,
        }
    }
    drop(door);
    // Past the grace period what is left is cut off.
    let _ = timeout(grace, connections.shutdown()).await;
    let _ = tokio::task::spawn_blocking(move || gateway.finish()).await;
}

const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// Idle connections end with it too: longer than the 90 s after which common clients drop theirs, so that none is closed in a client's face.
const HEADER_TIME: Duration = Duration::from_secs(120);

fn let_in(stream: TcpStream, acceptor: Option<TlsAcceptor>, gateway: Arc<Gateway>, watcher: Watcher) {
    // Without it small answers wait for the client's acknowledgement; with an error they merely wait.
    let _ = stream.set_nodelay(true);
    tokio::spawn(async move {
        let Some(acceptor) = acceptor else { return keep(stream, gateway, watcher).await };
        // A handshake that fails, or never ends, concerns nobody but its client.
        if let Ok(Ok(stream)) = timeout(HANDSHAKE_TIME, acceptor.accept(stream)).await {
            keep(stream, gateway, watcher).await;
        }
    });
}

async fn keep(stream: impl AsyncRead + AsyncWrite + Unpin + 'static, gateway: Arc<Gateway>, watcher: Watcher) {
    let service = service_fn(move |request| {
        let gateway = Arc::clone(&gateway);
        async move { Ok::<_, Infallible>(gateway.handle(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .serve_connection(TokioIo::new(stream), service);
    // So does a connection that breaks.
    drop(watcher.watch(connection).await);
}
