//! Which certificates of handlers are trusted, and the words when one is not.

use std::io;
use std::sync::Arc;

use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::client::{WebPkiServerVerifier, verify_server_name};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

/// Trusts what the public authorities and those of a file have signed, and the certificates of the file themselves.
/// `openssl req -x509` makes a certificate that says it is an authority, and servers use it as it is.
#[derive(Debug)]
struct Trust {
    signed: Arc<WebPkiServerVerifier>,
    own: Vec<CertificateDer<'static>>,
}

/// The TLS configuration of a client that trusts these certificates besides the public authorities.
///
/// # Errors
/// When a certificate cannot be read.
pub(in crate::serve) fn config(own: &[CertificateDer<'static>]) -> io::Result<ClientConfig> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.into() };
    for authority in own {
        roots.add(authority.clone()).map_err(io::Error::other)?;
    }
    let provider = Arc::new(ring::default_provider());
    let signed = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .map_err(io::Error::other)?;
    let trust = Trust { signed, own: own.to_vec() };
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trust))
        .with_no_client_auth())
}

/// Reads the certificates of a PEM file.
///
/// # Errors
/// When the file cannot be read or holds no certificate.
pub fn authorities(path: &std::path::Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let failed = |error: &dyn std::fmt::Display| {
        io::Error::other(format!("`{}` cannot be used: {error}", path.display()))
    };
    let found = CertificateDer::pem_file_iter(path).and_then(|found| found.collect::<Result<Vec<_>, _>>());
    let found = found.map_err(|error| failed(&error))?;
    if found.is_empty() { Err(failed(&"it holds no certificate")) } else { Ok(found) }
}

/// Why a handshake failed, in words. `who` is the server, and `option` the one that names a file of certificates.
pub(in crate::serve) fn words(error: &io::Error, who: &str, option: &str) -> String {
    use CertificateError as Certificate;
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<Error>());
    let why = match cause {
        Some(Error::InvalidCertificate(wrong)) => match wrong {
            Certificate::UnknownIssuer => {
                format!(
                    "no trusted authority has signed the {who}'s certificate; `{option} FILE` trusts those in a file"
                )
            }
            Certificate::Expired | Certificate::ExpiredContext { .. } => {
                format!("the {who}'s certificate has expired")
            }
            Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => {
                format!("the {who}'s certificate is not valid yet")
            }
            Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => {
                format!("the {who}'s certificate is for another host")
            }
            _ => format!("the {who}'s certificate is not one of a server"),
        },
        Some(Error::InvalidMessage(_)) => format!("the {who} does not speak TLS"),
        Some(Error::AlertReceived(_)) => format!("the {who} ended the handshake"),
        _ if error.kind() == io::ErrorKind::UnexpectedEof => format!("the {who} closed the connection"),
        _ => return format!("no agreement on TLS: {error}"),
    };
    format!("no agreement on TLS: {why}")
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.signed.verify_server_cert(end_entity, intermediates, name, ocsp_response, now);
        // That an authority is used as a server is found out after the dates have been checked.
        match verified {
            Err(Error::InvalidCertificate(CertificateError::Other(_))) if self.own.contains(end_entity) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signed.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};

    use super::*;

    /// A certificate for `localhost` as `openssl req -x509` makes it, valid until the first day of this year.
    fn made(until: i32) -> CertificateDer<'static> {
        let mut parameters = CertificateParams::new(["localhost".to_owned()]).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.not_before = date_time_ymd(2020, 1, 1);
        parameters.not_after = date_time_ymd(until, 1, 1);
        parameters.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
    }

    /// What is said of a certificate on 2026-03-17, when those in `own` are trusted.
    fn verified(own: &[&CertificateDer<'static>], shown: &CertificateDer<'_>, name: &str) -> String {
        let own: Vec<_> = own.iter().map(|certificate| (*certificate).clone()).collect();
        let mut roots = RootCertStore::empty();
        own.iter().for_each(|authority| roots.add(authority.clone()).unwrap());
        // It wants one root at least, and this one has signed nothing.
        roots.add(made(2_031)).unwrap();
        let provider = Arc::new(ring::default_provider());
        let signed = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_773_763_200));
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let verified = Trust { signed, own }.verify_server_cert(shown, &[], &name, &[], now);
        verified
            .err()
            .map_or(String::new(), |error| words(&io::Error::other(error), "handler", "--deliver-ca"))
    }

    #[test]
    fn a_certificate_of_the_file_is_trusted_for_its_host_and_in_its_time() {
        let (good, old, other) = (made(2_030), made(2_025), made(2_030));
        assert_eq!(verified(&[&good], &good, "localhost"), "");
        for (own, shown, name, why) in [
            (&good, &good, "example.org", "is for another host"),
            (&old, &old, "localhost", "has expired"),
            (&good, &other, "localhost", "is not one of a server"),
        ] {
            let told = verified(&[own], shown, name);
            assert!(told.ends_with(why), "{told}");
        }
    }
}
