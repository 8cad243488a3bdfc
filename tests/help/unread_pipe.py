"""A pipe for a log that is full from the start, until a test reads it."""

import fcntl
import os
import threading

FILLER = b"." * 4095 + b"\n"


class UnreadPipe:
    def __init__(self) -> None:
        self._read_fd, self.write_fd = os.pipe()
        fcntl.fcntl(self.write_fd, fcntl.F_SETFL, os.O_NONBLOCK)
        try:
            while True:
                os.write(self.write_fd, FILLER)
        except BlockingIOError:
            fcntl.fcntl(self.write_fd, fcntl.F_SETFL, 0)
        self._read = b""

    def read_on(self) -> None:
        """Starts to read everything from the pipe."""
        self._reader = threading.Thread(target=self._read_all, daemon=True)
        self._reader.start()

    def read_to_the_end(self) -> list[str]:
        """Returns all lines up to the end; this process must be the last writer."""
        os.close(self.write_fd)
        self._reader.join()
        return self.lines()

    def _read_all(self) -> None:
        while some := os.read(self._read_fd, 65536):
            self._read += some

    def lines(self) -> list[str]:
        """Returns the complete lines that were read, without the filler."""
        lines = self._read.decode().split("\n")[:-1]
        return [line for line in lines if not line.startswith(".")]
