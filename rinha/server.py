"""One instance: a WSGI application on bjoern, which ends without cutting an answer.

bjoern cannot drain by itself: SIGTERM kills it at once, and SIGINT waits for ever for the proxy's
idle connections. So on SIGTERM or Ctrl-C an instance removes its address, which sends new
connections to the others. It answers later requests with `Connection: close`, and stops accepting
once the backlog is empty. It ends when the proxy has closed the last connection, in any case within
2 s.
"""

from __future__ import annotations

import contextlib
import logging
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bjoern

from rinha import notify
from rinha.errors import ListenError
from rinha.logs import finish, log_event, log_uncaught
from rinha.private import FILE_MODE
from rinha.settings import DRAIN_BACKLOG_S, DRAIN_MAX_S, LISTEN_BACKLOG, OPEN_FILES_MAX

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_STOP = {signal.SIGTERM, signal.SIGINT}


class Instance:
    def __init__(self, application: WSGIApplication, listen: str | tuple[str, int]) -> None:
        self._application = application
        self._address = Path(listen.removeprefix("unix:")) if isinstance(listen, str) else listen
        self._path = self._address if isinstance(self._address, Path) else None
        self._draining = False
        # A thread waits for the signal. A handler would interrupt the main thread anywhere, even
        # while it writes a line of the log, and so could not safely log itself.
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOP)
        # bjoern raises this signal itself when its last connection is closed.
        signal.signal(signal.SIGINT, lambda _signal, _frame: None)
        self._socket = listen_on(self._address)
        threading.Thread(target=self._drain, name="drain", daemon=True).start()

    def run(self) -> None:
        # bjoern calls it with an error that an answer raises after its first half.
        sys.excepthook = log_uncaught
        notify.report(self._address)
        try:
            bjoern.server_run(self._socket, self._answer)
        finally:
            self._remove_address()

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # bjoern leaves it out where the URL has none, as in CONNECT host:port.
        environ.setdefault("PATH_INFO", "")
        if not self._draining:
            return self._application(environ, start_response)

        def start_last_response(
            status: str, headers: list[tuple[str, str]], *exc_info: Any
        ) -> Callable[[bytes], object]:
            return start_response(status, [*headers, ("Connection", "close")], *exc_info)

        return self._application(environ, start_last_response)

    def _drain(self) -> None:
        signal.sigwait(_STOP)
        # The clock starts first, so that a delay in one of the steps counts too.
        end_at = time.monotonic() + DRAIN_MAX_S
        self._draining = True
        notify.send("STOPPING=1")
        log_event(logging.INFO, "stopping")
        self._remove_address()
        time.sleep(DRAIN_BACKLOG_S)
        # bjoern stops accepting. Of all pending Ctrl-C one is delivered, here, as the other threads
        # block it: bjoern handles the first, and the next would kill the instance.
        os.kill(os.getpid(), signal.SIGINT)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        time.sleep(max(0.0, end_at - time.monotonic()))
        log_event(logging.WARNING, "stopped with connections open", after_s=DRAIN_MAX_S)
        finish()
        os._exit(0)

    def _remove_address(self) -> None:
        """Removes the socket once: after that, the path may belong to the next instance."""
        path, self._path = self._path, None
        if path:
            # A folder that is gone or read-only must not keep the instance from ending.
            with contextlib.suppress(OSError):
                path.unlink()


def allow_many_connections() -> None:
    """Raises the soft limit of open files as far as the hard limit allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # The limit may be infinity, which is -1.
    wanted = OPEN_FILES_MAX if hard < 0 else min(OPEN_FILES_MAX, hard)
    if 0 <= soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def listen_on(address: Path | str | tuple[str, int]) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX if isinstance(address, Path) else socket.AF_INET)
    try:
        if isinstance(address, Path):
            _remove_stale_socket(address)
            listener.bind(str(address))
            # The proxy runs as the same user. Other users must not bypass its limits.
            address.chmod(FILE_MODE)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # A transaction's answer is sent in two parts, the second after the commit. Accepted
            # connections inherit this; without it the second part waits some 40 ms for the
            # client's acknowledgement of the first.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            listener.bind(address)
    except OSError as error:
        raise ListenError(f"cannot listen on {address}: {error.strerror or error}") from None
    listener.setblocking(False)
    listener.listen(LISTEN_BACKLOG)
    return listener


def _remove_stale_socket(path: Path) -> None:
    """Removes the socket of a killed instance; raises if a running one answers there."""
    with (
        socket.socket(socket.AF_UNIX) as probe,
        contextlib.suppress(FileNotFoundError, ConnectionRefusedError),
    ):
        probe.connect(str(path))
        raise ListenError(f"cannot listen on {path}: another instance answers there")
    if path.is_socket():
        path.unlink()
