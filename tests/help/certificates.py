"""Certificates for tests: an authority of their own, made by openssl, and what it signs."""

import ssl
import subprocess
from pathlib import Path

SUBJECT = ("-subj", "/CN=tests")
HERE = "DNS:localhost,IP:127.0.0.1,IP:::1"


class Authority:
    """An authority that nobody but the tests trusts; a certificate and its key are one file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = self._new_key("authority")
        self.file = folder / "authority.pem"
        constraints = "basicConstraints=critical,CA:TRUE"
        self._openssl("req", "-x509", "-new", "-key", self._key, *SUBJECT, "-days", 2,
                      "-addext", constraints, "-out", self.file)  # fmt: skip

    def sign(self, name: str, names: str = HERE, days: int = 2) -> Path:
        """Returns a file with a certificate for these names, and its key; days may be negative."""
        key, request, extensions = self._new_key(name), self._file(name, "csr"), f"{name}.ext"
        (self._folder / extensions).write_text(f"subjectAltName={names}\n")
        certificate = self._file(name, "crt")
        self._openssl("req", "-new", "-key", key, *SUBJECT, "-out", request)
        self._openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self._key,
                      "-CAcreateserial", "-days", days, "-extfile", self._folder / extensions,
                      "-out", certificate)  # fmt: skip
        both = self._file(name, "pem")
        both.write_bytes(certificate.read_bytes() + key.read_bytes())
        return both

    def _new_key(self, name: str) -> Path:
        file = self._file(name, "key")
        self._openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", file)
        return file

    def _file(self, name: str, suffix: str) -> Path:
        return self._folder / f"{name}.{suffix}"

    def _openssl(self, *args: object) -> None:
        command = ["openssl", *map(str, args)]
        subprocess.run(command, check=True, capture_output=True, cwd=self._folder)


def server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
