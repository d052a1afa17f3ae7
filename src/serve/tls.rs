//! TLS for accepted connections, with a certificate that is created at the start or read from files.

use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{Error, ServerConfig};

/// The TLS configuration of a server.
#[derive(Clone)]
pub struct Tls {
    pub(super) acceptor: TlsAcceptor,
    authority: Option<String>,
}

/// Protocols that the server offers (ALPN), the preferred one first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

impl Tls {
    /// Creates a certificate for `localhost`, the loopback addresses and `host`, signed by a new authority whose key is
    /// not kept.
    ///
    /// # Errors
    /// When the certificate cannot be created, because the operating system has no randomness.
    pub fn fresh(host: IpAddr) -> io::Result<Self> {
        let made = || -> Result<_, rcgen::Error> {
            let mut authority = CertificateParams::new([])?;
            authority.distinguished_name = named("standin test authority");
            authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
            authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
            let key = KeyPair::generate()?;
            let of_authority = authority.self_signed(&key)?;
            let issuer = Issuer::new(authority, key);

            let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
            names.extend(Some(host.to_string()).filter(|name| !names.contains(name)));
            let mut own = CertificateParams::new(names)?;
            own.distinguished_name = named("localhost");
            own.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            own.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            own.use_authority_key_identifier_extension = true;
            let key = KeyPair::generate()?;
            let certificate = own.signed_by(&key, &issuer)?;
            Ok((of_authority.pem(), certificate.der().clone(), key.serialize_der()))
        };
        let (authority, certificate, key) = made().map_err(io::Error::other)?;
        let key = PrivateKeyDer::try_from(key).map_err(io::Error::other)?;
        Self::new(vec![certificate], key, Some(authority))
    }

    /// Reads the certificate chain and the key from two PEM files.
    ///
    /// # Errors
    /// When a file cannot be read, has no certificate or key, or when the key does not fit the certificate.
    pub fn from_files(certificates: &Path, key: &Path) -> io::Result<Self> {
        let of_file = |path: &Path, error: &dyn std::fmt::Display| {
            io::Error::other(format!("`{}` cannot be used: {error}", path.display()))
        };
        let chain = CertificateDer::pem_file_iter(certificates)
            .and_then(|found| found.collect::<Result<Vec<_>, _>>())
            .map_err(|error| of_file(certificates, &error))?;
        if chain.is_empty() {
            return Err(of_file(certificates, &"it holds no certificate"));
        }
        let of_key = PrivateKeyDer::from_pem_file(key).map_err(|error| of_file(key, &error))?;
        Self::new(chain, of_key, None).map_err(|error| of_file(key, &error))
    }

    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        authority: Option<String>,
    ) -> io::Result<Self> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(|error| match error {
                Error::InconsistentKeys(_) => io::Error::other("it is not the key of the certificate"),
                error => io::Error::other(error),
            })?;
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), authority })
    }

    /// The certificate of the authority that a client must trust, as PEM; `None` when the server's certificate was read
    /// from files.
    pub fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Tls").finish_non_exhaustive()
    }
}

fn named(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names
}
