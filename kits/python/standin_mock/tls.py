"""Trust in the certificate of a server."""

from __future__ import annotations

import os
import ssl
import sys
from pathlib import Path
from typing import Dict, Optional

BUNDLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables that replace what a client trusts. Their file has the certificates of public authorities too."""

ALONE = ("STANDIN_CA", "NODE_EXTRA_CA_CERTS")
"""Variables that add to what a client trusts."""


class Tls:
    """The https side of a server."""

    def __init__(self, url: str, ca_file: str) -> None:
        self.url = url
        """The server's URL, such as `https://localhost:40124`."""
        self.ca_file = ca_file
        """A file with the certificate that clients must trust."""

    def context(self) -> ssl.SSLContext:
        """A context that trusts the server, and what the system trusts."""
        context = ssl.create_default_context()
        context.load_verify_locations(cafile=self.ca_file)
        return context

    def environment(self, http_url: str, variables: Dict[str, str]) -> Dict[str, str]:
        """The variables that a namespace has because of https: URLs, and files with certificates."""
        secure = {"STANDIN_HTTPS_URL": self.url}
        for name, value in variables.items():
            service, _, member = name.partition("_")
            if service != "STANDIN" and value.startswith(http_url + "/"):
                secure[f"{service}_HTTPS_{member}"] = self.url + value[len(http_url) :]
        return {**secure, **self.trust()}

    def trust(self) -> Dict[str, str]:
        """The variables by which clients trust the server."""
        bundle = str(Path(self.ca_file).with_name("bundle.pem"))
        if not Path(bundle).exists():
            bundle = self.ca_file
        return {**dict.fromkeys(ALONE, self.ca_file), **dict.fromkeys(BUNDLES, bundle)}


def write_bundle(ca_file: Path) -> None:
    """Writes `bundle.pem` beside a certificate: the certificate, and what this machine trusts."""
    trusted = _trusted()
    parts = [] if trusted is None else [Path(trusted).read_text(encoding="utf-8", errors="replace").rstrip()]
    parts.append(ca_file.read_text(encoding="utf-8"))
    ca_file.with_name("bundle.pem").write_text("\n".join(parts), encoding="utf-8")


class Trust:
    """Makes the clients of this process and of its children trust a server, until `undo`."""

    def __init__(self, tls: Tls) -> None:
        variables = tls.trust()
        self._before = {name: os.environ.get(name) for name in variables}
        os.environ.update(variables)
        _tell_aiohttp(tls.ca_file)

    def undo(self) -> None:
        """Restores the variables of the environment."""
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _trusted() -> Optional[str]:
    """The file with the certificates of public authorities that this machine uses."""
    files = [os.environ.get(name) for name in BUNDLES]
    files.append(ssl.get_default_verify_paths().cafile)
    try:
        import certifi
    except ImportError:
        pass
    else:
        files.append(certifi.where())
    return next((file for file in files if file and os.path.isfile(file)), None)


def _tell_aiohttp(ca_file: str) -> None:
    """aiohttp reads `SSL_CERT_FILE` when it is imported. If that has happened already, its context is told itself."""
    connector = sys.modules.get("aiohttp.connector")
    context = getattr(connector, "_SSL_CONTEXT_VERIFIED", None)
    if isinstance(context, ssl.SSLContext):
        context.load_verify_locations(cafile=ca_file)
