//! HTTPS by rustls: the certificate and its key, read once at the start.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{
            CertificateDer, PrivateKeyDer,
            pem::{self, PemObject},
        },
    },
};

use crate::Error;

/// The files of a certificate chain and of its private key, both PEM.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The certificate first, then those that lead to a trusted one.
    pub certificate: PathBuf,
    /// The private key, not encrypted.
    pub key: PathBuf,
}

/// Takes connections with what the files hold.
pub(crate) fn acceptor(tls: &Tls) -> Result<TlsAcceptor, Error> {
    let fault = |error: &dyn std::fmt::Display| Error::Tls(format!("{}: {error}", tls.certificate.display()));
    let versions = ServerConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions();
    let chain = certificates(&tls.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&tls.key).map_err(|error| unread(&tls.key, "unencrypted private key", error))?;
    let builder = versions.map_err(|error| fault(&error))?.with_no_client_auth();
    // Also refuses a key that is not the certificate's.
    let mut config = builder.with_single_cert(chain, key).map_err(|error| fault(&error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(chain) if chain.is_empty() => Err(unread(path, "certificate", pem::Error::NoItemsFound)),
        Ok(chain) => Ok(chain),
        Err(error) => Err(unread(path, "certificate", error)),
    }
}

fn unread(path: &Path, wanted: &str, error: pem::Error) -> Error {
    let path = path.display();
    Error::Tls(match error {
        pem::Error::Io(error) => format!("{path} cannot be read: {error}"),
        pem::Error::NoItemsFound => format!("{path} holds no {wanted} in PEM"),
        // Its own words could quote a line of a key.
        _ => format!("{path} is not valid PEM"),
    })
}
