//! What a client's command finds in its environment.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::scenario::Scenario;
use crate::serve::{ServiceUrl, Tls, Variable};

/// Where systems keep the certificates that they trust.
const TRUSTED: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
];

/// Every variable that a command may find.
const NAMES: &[&str] = &[
    "STANDIN_HTTPS_URL",
    "STANDIN_CA",
    "BITRIX24_WEBHOOK_URL",
    "BITRIX24_REST_URL",
    "BITRIX24_ACCESS_TOKEN",
    "BITRIX24_REFRESH_TOKEN",
    "BITRIX24_CLIENT_ID",
    "BITRIX24_CLIENT_SECRET",
    "BITRIX24_TOKEN_URL",
    "BITRIX24_APPLICATION_TOKEN",
    "BITRIX24_MEMBER_ID",
    "BITRIX24_HTTPS_WEBHOOK_URL",
    "BITRIX24_HTTPS_REST_URL",
    "BITRIX24_HTTPS_TOKEN_URL",
    "CHERT_BASE_URL",
    "CHERT_HTTPS_BASE_URL",
    "CHERT_TENANT",
    "CHERT_SIGNING_SECRET",
];

/// URLs and credentials for a server at `plain` whose draws have `seed`, and at `secure` too where that is given.
pub(super) fn of(scenario: &Scenario, seed: u64, plain: &str, secure: Option<&str>) -> Vec<Variable> {
    // What is left of somebody's real service must not be called by mistake.
    let mut all: Vec<Variable> = NAMES.iter().map(|name| ((*name).to_owned(), None)).collect();
    all.push(("STANDIN_URL".to_owned(), Some(plain.into())));
    all.push(("STANDIN_CONTROL_URL".to_owned(), Some(format!("{plain}/__standin").into())));
    all.extend(secure.map(|url| ("STANDIN_HTTPS_URL".to_owned(), Some(url.into()))));
    all.extend(without_proxies());
    for access in scenario.sections.iter().flat_map(|(_, section)| section.access(seed)) {
        all.push((access.variable.to_owned(), Some(access.at(plain).into())));
        if let (true, Some(url), Some((service, rest))) =
            (access.is_path, secure, access.variable.split_once('_'))
        {
            all.push((format!("{service}_HTTPS_{rest}"), Some(access.at(url).into())));
        }
    }
    all
}

/// The variables by which requests to this machine go to it directly.
fn without_proxies() -> impl Iterator<Item = Variable> {
    ["NO_PROXY", "no_proxy"].into_iter().map(|name| {
        let others = std::env::var(name).ok().filter(|others| !others.is_empty());
        let hosts =
            others.into_iter().chain(["127.0.0.1,localhost".to_owned()]).collect::<Vec<_>>().join(",");
        (name.to_owned(), Some(hosts.into()))
    })
}

/// The variables of the present environment that name a URL of `service`, with the proxy `plain` in the service's place; and the names of
/// those that name a URL of something else.
pub(super) fn through(service: &ServiceUrl, plain: &str) -> (Vec<Variable>, Vec<&'static str>) {
    let (mut moved, mut others) = (Vec::new(), Vec::new());
    // The ways to standin itself are no variables of a client.
    let of_a_service = NAMES.iter().filter(|name| name.ends_with("_URL") && !name.starts_with("STANDIN_"));
    for name in of_a_service {
        let Ok(value) = std::env::var(name) else { continue };
        let start = value.find("://").map_or(0, |end| end + 3);
        let end = value[start..].find(['/', '?', '#']).map_or(value.len(), |end| start + end);
        if value[..end].parse::<ServiceUrl>().is_ok_and(|known| known == *service) {
            moved.push(((*name).to_owned(), Some(format!("{plain}{}", &value[end..]).into())));
        } else if !value.is_empty() {
            others.push(*name);
        }
    }
    (moved, others)
}

/// The variables of a command whose requests go through the proxy `plain`: `moved`, and those that every such command gets.
pub(super) fn of_proxy(moved: Vec<Variable>, plain: &str) -> Vec<Variable> {
    let own = ("STANDIN_PROXY_URL".to_owned(), Some(plain.into()));
    moved.into_iter().chain([own]).chain(without_proxies()).collect()
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
    pub(super) fn variables(&self) -> Vec<Variable> {
        let variable = |name: &str, path: &Path| (name.to_owned(), Some(path.as_os_str().to_owned()));
        let mut all: Vec<_> =
            ["STANDIN_CA", "NODE_EXTRA_CA_CERTS"].iter().map(|name| variable(name, &self.own)).collect();
        let bundles = ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"];
        all.extend(bundles.iter().map(|name| variable(name, &self.all)));
        all
    }
}
