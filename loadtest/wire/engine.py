"""Sends requests and reads answers over non-blocking sockets, one at a time on a connection."""

import errno
import select
import socket
from collections.abc import Callable
from time import perf_counter_ns as clock_ns

from loadtest.limits import FRAMINGS_KEPT_MAX, KEPT_HEAD_BYTES_MAX, RECEIVE_BYTES, UNREAD_BYTES_MAX
from loadtest.wire.connection import READABLE, WRITABLE, Connection, resolve
from loadtest.wire.http_parser import AnswerParser, BadAnswerError, Framing
from loadtest.wire.outcome import Failure, failure_of
from loadtest.wire.request import Address, Request
from loadtest.wire.tls import opener

# Arguments: the request, its status or failure, the bytes of the answer, and the times in ns at
# which it was due and sent.
Ended = Callable[[Request, int, bytes, int, int], None]


class Engine:
    """Sends requests, and calls `ended` once for each; `now_ns` is the time of that call."""

    def __init__(self, address: Address, ended: Ended, timeout_s: float) -> None:
        self._family, self._address = resolve(address)
        self._connection_of = opener(address)
        self._ended = ended
        self._timeout_ns = int(timeout_s * 1e9)
        self._epoll = select.epoll()
        self._connections: dict[int, Connection] = {}
        self._idle: list[Connection] = []
        self._framings: dict[bytes, Framing] = {}
        self._unsent: list[tuple[Request, Failure, int, int]] = []
        self.now_ns = clock_ns()
        self.in_flight = 0
        # Bytes of HTTP that connections have sent and received.
        self.sent_bytes = self.received_bytes = 0
        # Bytes of all answers that are not complete yet.
        self._unread = 0

    def fileno(self) -> int:
        """Returns a descriptor that is readable when `turn` has events to handle."""
        return self._epoll.fileno()

    def start(self, request: Request, due_ns: int) -> int:
        """Sends a request, over an idle connection if it may; returns the time of sending."""
        sent_ns = clock_ns()
        self.in_flight += 1
        if request.reuse and self._idle:
            connection = self._idle.pop()
            connection.is_kept = True
        else:
            try:
                connection = self._open()
            except OSError as error:
                self._unsent.append((request, failure_of(error), due_ns, sent_ns))
                return sent_ns
        connection.request = request
        connection.due_ns = due_ns
        connection.sent_ns = sent_ns
        try:
            taken = connection.send(request.data)
        except BlockingIOError:
            taken = 0
        except OSError as error:
            connection.request = None
            failure = connection.explain(failure_of(error))
            self._close(connection)
            self._unsent.append((request, failure, due_ns, sent_ns))
            return sent_ns
        self.sent_bytes += taken
        if taken != len(request.data):
            connection.unsent = request.data[taken:]
            self._epoll.modify(connection.fileno, connection.awaited)
        return sent_ns

    def turn(self, wait_s: float) -> None:
        """Waits once for events, and calls `ended` for every request that they complete."""
        events = self._epoll.poll(0 if self._unsent else wait_s)
        self.now_ns = clock_ns()
        connections, framings = self._connections, self._framings
        received_bytes = 0
        for fileno, mask in events:
            connection = connections.get(fileno)
            if connection is None:
                continue
            request = connection.request
            if mask != READABLE or connection.parser is not None or request is None:
                self._turn_slowly(connection, mask)
                continue
            try:
                data = connection.recv(RECEIVE_BYTES)
            except BlockingIOError:
                self._send_rest(connection)
                continue
            except OSError as error:
                self._broken(connection, error)
                continue
            # Fast path: most answers arrive whole, with a head that is already cached.
            size = len(data)
            received_bytes += size
            body_start = data.find(b"\r\n\r\n") + 4
            framing = framings.get(data[:body_start])
            if framing is None or size - body_start != framing.length:
                self._feed(connection, data)
                continue
            connection.request = None
            self.in_flight -= 1
            if framing.keep and request.reuse:
                self._idle.append(connection)
            else:
                self._close(connection)
            body, due_ns, sent_ns = data[body_start:], connection.due_ns, connection.sent_ns
            self._ended(request, framing.status, body, due_ns, sent_ns)
        self.received_bytes += received_bytes
        if self._unsent:
            self._report_unsent()

    def take_traffic(self) -> tuple[int, int]:
        """Returns the bytes sent and received since the last call."""
        taken = self.sent_bytes, self.received_bytes
        self.sent_bytes = self.received_bytes = 0
        return taken

    def take_idle(self) -> Connection | None:
        """Takes the connection of the last answer, so that the caller can reuse it."""
        return self._idle.pop() if self._idle else None

    def give_idle(self, connection: Connection) -> None:
        """Gives a connection back for reuse, unless the peer has closed it in the meantime."""
        if self._connections.get(connection.fileno) is connection:
            self._idle.append(connection)

    def drop_closed(self) -> None:
        """Drops the closed ones of the idle connections, for a send without a `turn` before it."""
        while self._idle:
            last = self._idle[-1]
            self._turn_idle(last)
            if self._idle and self._idle[-1] is last:
                return

    def hang_up(self, connection: Connection) -> None:
        if self._connections.get(connection.fileno) is connection:
            self._close(connection)

    def set_timeout(self, timeout_s: float) -> None:
        """Sets the timeout of all requests from now on."""
        self._timeout_ns = int(timeout_s * 1e9)

    def expire(self) -> None:
        """Ends every request that has waited longer than the timeout."""
        self.now_ns = clock_ns()
        oldest_ns = self.now_ns - self._timeout_ns
        for connection in list(self._connections.values()):
            if connection.request is not None and connection.sent_ns < oldest_ns:
                self._fail(connection, Failure.TIMEOUT)

    def give_up(self) -> None:
        """Ends every request in flight as a timeout."""
        self.now_ns = clock_ns()
        for connection in list(self._connections.values()):
            if connection.request is not None:
                self._fail(connection, Failure.TIMEOUT)

    def close(self) -> None:
        for connection in list(self._connections.values()):
            self._close(connection)
        self._epoll.close()

    def _open(self) -> Connection:
        opened = socket.socket(self._family, socket.SOCK_STREAM)
        opened.setblocking(False)
        code = opened.connect_ex(self._address)
        if code not in {0, errno.EINPROGRESS}:
            opened.close()
            raise OSError(code, "connect")
        connection = self._connection_of(opened)
        self._connections[connection.fileno] = connection
        self._epoll.register(connection.fileno, READABLE)
        return connection

    def _close(self, connection: Connection) -> None:
        if self._connections.pop(connection.fileno, None) is not None:
            connection.socket.close()

    def _report_unsent(self) -> None:
        self.now_ns = clock_ns()
        unsent, self._unsent = self._unsent, []
        for request, failure, due_ns, sent_ns in unsent:
            self.in_flight -= 1
            self._ended(request, failure, b"", due_ns, sent_ns)

    def _turn_slowly(self, connection: Connection, mask: int) -> None:
        if connection.request is None:
            self._turn_idle(connection)
            return
        if connection.unsent and mask & WRITABLE and not mask & select.EPOLLERR:
            self._send_rest(connection)
            return
        try:
            data = connection.recv(RECEIVE_BYTES)
        except BlockingIOError:
            self._send_rest(connection)
        except OSError as error:
            self._broken(connection, error)
        else:
            self.received_bytes += len(data)
            self._feed(connection, data)

    def _turn_idle(self, connection: Connection) -> None:
        """Closes an idle connection whose peer has closed it, or has sent unexpected bytes."""
        try:
            connection.recv(RECEIVE_BYTES)
        except BlockingIOError:
            # TLS has messages of its own, such as a session ticket.
            return
        except OSError:
            pass
        if connection in self._idle:
            self._idle.remove(connection)
        self._close(connection)

    def _send_rest(self, connection: Connection) -> None:
        if not connection.unsent:
            return
        try:
            taken = connection.send(connection.unsent)
        except BlockingIOError:
            self._epoll.modify(connection.fileno, connection.awaited)
            return
        except OSError as error:
            self._broken(connection, error)
            return
        self.sent_bytes += taken
        connection.unsent = connection.unsent[taken:]
        if not connection.unsent:
            self._epoll.modify(connection.fileno, READABLE)

    def _feed(self, connection: Connection, data: bytes) -> None:
        parser = connection.parser
        if parser is None:
            parser = connection.parser = AnswerParser()
        self._unread += len(data)
        try:
            complete = parser.feed(data) if data else parser.end()
            if self._unread > UNREAD_BYTES_MAX:
                text = "all unfinished answers together have no end"
                raise BadAnswerError(text, Failure.TOO_LARGE)
            if complete and parser.surplus:
                raise BadAnswerError("there are bytes behind the answer")
        except BadAnswerError as error:
            self._fail(connection, error.failure)
            return
        if complete:
            self._complete(connection, parser)

    def _complete(self, connection: Connection, parser: AnswerParser) -> None:
        request, framing = connection.request, parser.framing
        assert request is not None
        assert framing is not None
        if not request.whole:
            self._remember(parser.head, framing)
        self._unread -= parser.size
        connection.request = connection.parser = None
        self.in_flight -= 1
        if framing.keep and request.reuse and not connection.unsent:
            self._idle.append(connection)
        else:
            self._close(connection)
        due_ns, sent_ns = connection.due_ns, connection.sent_ns
        body = parser.head + parser.body if request.whole else parser.body
        self._ended(request, framing.status, body, due_ns, sent_ns)

    def _remember(self, head: bytes, framing: Framing) -> None:
        if framing.length < 0 or head[-4:] != b"\r\n\r\n" or len(head) > KEPT_HEAD_BYTES_MAX:
            return
        if len(self._framings) >= FRAMINGS_KEPT_MAX:
            self._framings.clear()
        self._framings[head] = framing

    def _broken(self, connection: Connection, error: OSError) -> None:
        failure = failure_of(error)
        if failure == Failure.RESET and connection.parser is not None:
            failure = Failure.CUT
        self._fail(connection, failure)

    def _fail(self, connection: Connection, failure: Failure) -> None:
        request = connection.request
        assert request is not None
        parser, seen = connection.parser, b""
        if parser is not None:
            seen = parser.seen
            self._unread -= parser.size
        connection.request = connection.parser = None
        self.in_flight -= 1
        failure = connection.explain(failure)
        self._close(connection)
        self._ended(request, failure, seen, connection.due_ns, connection.sent_ns)
