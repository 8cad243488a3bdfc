"""TLS certificates for the members and clients of a cluster's etcd.

A client without a certificate of the cluster's own authority can neither read nor write.
"""

import secrets
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from stack.cluster.limits import CERTIFICATE_DAYS

CA, CERTIFICATE, KEY = "etcd-ca.pem", "etcd.pem", "etcd.key"
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
USES = """\
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
"""


class Authority:
    """The certificate authority of a cluster: a private folder with the key that signs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._certificate, self._key = folder / CA, folder / "etcd-ca.key"

    def is_there(self) -> bool:
        return self._certificate.exists()

    def make(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        subject = ("-subj", "/CN=etcd of rinha")
        new = self._certificate.with_suffix(".new")
        _openssl("req", "-x509", *NEW_KEY, *_days(), *subject, "-keyout", self._key, "-out", new)
        new.rename(self._certificate)

    def issue(self, name: str, address: str | None = None) -> Mapping[str, str]:
        """Returns a new key, its certificate and the authority's certificate, by file name.

        etcd compares the address, if one is given, with that of a connection.
        """
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            key, asked, signed, uses = (
                folder / each for each in (KEY, "asked", CERTIFICATE, "uses")
            )
            uses.write_text(USES + (f"subjectAltName = IP:{address}\n" if address else ""))
            _openssl("req", *NEW_KEY, "-subj", f"/CN={name}", "-keyout", key, "-out", asked)
            signer = ("-CA", self._certificate, "-CAkey", self._key)
            serial = ("-set_serial", f"0x{secrets.token_hex(16)}")
            files = ("-in", asked, "-out", signed, "-extfile", uses)
            _openssl("x509", "-req", *files, *signer, *serial, *_days())
            texts = {each.name: each.read_text() for each in (key, signed)}
        return {CA: self._certificate.read_text(), **texts}


def _days() -> Sequence[str]:
    return ("-days", str(CERTIFICATE_DAYS))


def _openssl(*args: str | Path) -> None:
    done = subprocess.run(["openssl", *args], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"openssl {args[0]}: {done.stderr.strip()}")
