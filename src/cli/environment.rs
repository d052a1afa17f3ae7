//! What a client's command finds in its environment.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::scenario::Scenario;
use crate::serve::Tls;

/// Where systems keep the certificates that they trust.
const TRUSTED: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
];

/// URLs and credentials for a server at `plain`, and at `secure` too where that is given.
pub(super) fn of(scenario: &Scenario, plain: &str, secure: Option<&str>) -> Vec<(String, OsString)> {
    let mut all = vec![("STANDIN_URL".to_owned(), plain.into())];
    all.extend(secure.map(|url| ("STANDIN_HTTPS_URL".to_owned(), url.into())));
    for access in scenario.sections.iter().flat_map(|(_, section)| section.access()) {
        all.push((access.variable.to_owned(), access.at(plain).into()));
        if let (true, Some(url), Some((vendor, rest))) =
            (access.is_path, secure, access.variable.split_once('_'))
        {
            all.push((format!("{vendor}_HTTPS_{rest}"), access.at(url).into()));
        }
    }
    all
}

/// Files with the certificate that clients must trust; they are gone when the value is dropped.
#[derive(Debug)]
pub(super) struct Trust {
    _folder: TempDir,
    /// The certificate alone.
    own: PathBuf,
    /// With all that the system trusts.
    all: PathBuf,
}

impl Trust {
    pub(super) fn new(tls: &Tls) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("standin-").tempdir()?;
        let [own, all] = ["ca.pem", "ca-bundle.pem"].map(|name| folder.path().join(name));
        let certificate = tls.authority().unwrap_or_default();
        std::fs::write(&own, certificate)?;
        let present = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
        let systems = present.into_iter().chain(TRUSTED.iter().map(PathBuf::from));
        let trusted = systems.into_iter().find_map(|path| std::fs::read(path).ok()).unwrap_or_default();
        let mut file = std::fs::File::create(&all)?;
        file.write_all(&trusted)?;
        file.write_all(b"\n")?;
        file.write_all(certificate.as_bytes())?;
        Ok(Self { _folder: folder, own, all })
    }

    /// The variables by which Node.js, OpenSSL, Python and curl find them.
    pub(super) fn variables(&self) -> Vec<(String, OsString)> {
        let variable = |name: &str, path: &Path| (name.to_owned(), path.as_os_str().to_owned());
        let mut all: Vec<_> =
            ["STANDIN_CA", "NODE_EXTRA_CA_CERTS"].iter().map(|name| variable(name, &self.own)).collect();
        let bundles = ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"];
        all.extend(bundles.iter().map(|name| variable(name, &self.all)));
        all
    }
}
