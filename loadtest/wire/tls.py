"""TLS to the target, by the standard library's ssl: connections that never block."""

import socket
import ssl
from contextlib import suppress
from functools import cache

from loadtest.limits import RECEIVE_BYTES, TLS_PEEK_S
from loadtest.wire.connection import READABLE, WRITABLE, Connection, Open
from loadtest.wire.outcome import FailedError, Failure
from loadtest.wire.request import Address, Tls

# OpenSSL's numbers of what is wrong with a certificate; any other means that nobody vouches for it.
_CERTIFICATES = {
    9: Failure.WRONG_TIME,  # not yet valid
    10: Failure.WRONG_TIME,  # expired
    62: Failure.WRONG_HOST,  # another name
    64: Failure.WRONG_HOST,  # another IP address
}
# OpenSSL's reasons for bytes that are not TLS at all, such as an HTTP answer.
_NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"})
# Failures that mean another thing while the handshake is not done.
_IN_HANDSHAKE = {
    Failure.TIMEOUT: Failure.HANDSHAKE_TIMEOUT,
    Failure.CLOSED: Failure.HANDSHAKE,
    Failure.RESET: Failure.HANDSHAKE,
    Failure.CUT: Failure.HANDSHAKE,
}


@cache
def context_of(tls: Tls) -> ssl.SSLContext:
    """Returns the settings of all connections; a file of authorities replaces the system's.

    Reading the authorities takes longer than a request: workers inherit them when they are forked.
    """
    context = ssl.create_default_context(cafile=str(tls.cacert) if tls.cacert else None)
    context.set_alpn_protocols(["http/1.1"])
    if tls.insecure:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def opener(address: Address) -> Open:
    """Returns what makes a connection of a socket: the plain path knows nothing of TLS."""
    if address.tls is None:
        return Connection
    context, host = context_of(address.tls), address.host
    return lambda opened: TlsConnection(TlsStream(opened, context, host))


def speaks_tls(address: Address) -> bool:
    """Returns whether a target that gave no answer to plain HTTP would answer to TLS."""
    context = context_of(Tls(insecure=True))
    try:
        with (
            socket.create_connection((address.host, address.port), TLS_PEEK_S) as plain,
            context.wrap_socket(plain, server_hostname=address.host),
        ):
            return True
    except (OSError, ValueError):
        return False


class TlsStream:
    """TLS over a non-blocking socket, which looks like a plain one that connects slowly.

    Like a plain one it raises BlockingIOError where it must wait, while it shakes hands too.
    """

    def __init__(self, plain: socket.socket, context: ssl.SSLContext, host: str) -> None:
        self._socket = plain
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        # Encrypted bytes that the socket did not take yet; true once a request is among them.
        self._unsent, self._has_request = b"", False
        self.is_ready = False

    @property
    def has_unsent(self) -> bool:
        return bool(self._unsent)

    def fileno(self) -> int:
        return self._socket.fileno()

    def getsockopt(self, level: int, option: int, size: int) -> bytes:
        return self._socket.getsockopt(level, option, size)

    def close(self) -> None:
        """Ends the session, so that the peer sees no cut, and closes the socket."""
        if self.is_ready:
            with suppress(OSError):
                self._tls.unwrap()
            with suppress(OSError):
                self._push()
        self._socket.close()

    def send(self, data: bytes) -> int:
        """Sends all of a request, in several calls if needed; returns its size in the last."""
        if not self.is_ready:
            self._shake_hands()
        if not self._has_request:
            self._tls.write(data)
            self._has_request = True
        self._push()
        self._has_request = False
        return len(data)

    def recv(self, size: int) -> bytes:
        """Returns what has arrived, decrypted; nothing means that the peer has closed."""
        data = self._socket.recv(size)
        if not data:
            return b""
        self._incoming.write(data)
        if not self.is_ready:
            self._shake_hands()
            # The request is sent next; an answer cannot be here before it.
            raise BlockingIOError
        return self._decrypted()

    def _decrypted(self) -> bytes:
        pieces, is_ended = [], False
        try:
            while self._incoming.pending and not is_ended:
                piece = self._tls.read(RECEIVE_BYTES)
                pieces.append(piece)
                is_ended = not piece
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            is_ended = True
        except ssl.SSLError as error:
            raise FailedError(Failure.TLS_BROKEN) from error
        if is_ended:
            self._end()
        elif not pieces:
            # A session ticket, or a part of a record.
            raise BlockingIOError
        return b"".join(pieces)

    def _end(self) -> None:
        """Makes the end of the session the end of the socket: the next read finds it closed."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _shake_hands(self) -> None:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._push()
            raise BlockingIOError from None
        except ssl.SSLError as error:
            with suppress(OSError):
                # The alert, by which the peer learns the reason.
                self._push()
            raise FailedError(_handshake_failure(error)) from error
        self.is_ready = True

    def _push(self) -> None:
        """Sends the encrypted bytes; raises BlockingIOError while some are left."""
        self._unsent += self._outgoing.read()
        if self._unsent:
            self._unsent = self._unsent[self._socket.send(self._unsent) :]
            if self._unsent:
                raise BlockingIOError


def _handshake_failure(error: ssl.SSLError) -> Failure:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _CERTIFICATES.get(error.verify_code, Failure.UNTRUSTED)
    return Failure.NOT_TLS if error.reason in _NOT_TLS else Failure.HANDSHAKE


class TlsConnection(Connection):
    """A connection over TLS; its failures before the end of the handshake have their own names."""

    __slots__ = ()
    socket: TlsStream

    @property
    def awaited(self) -> int:
        # While the peer's part of the handshake is awaited, a writable socket tells nothing.
        return READABLE | WRITABLE if self.socket.has_unsent else READABLE

    def explain(self, failure: Failure) -> Failure:
        return (
            super().explain(failure)
            if self.socket.is_ready
            else _IN_HANDSHAKE.get(failure, failure)
        )

    def _is_unread(self, failure: Failure) -> bool:
        # The end of a session is answered: the counters of TCP no longer speak of the request.
        return failure == Failure.RESET
