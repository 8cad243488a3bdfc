"""Entry point of the command line; Ctrl-C ends the process without a traceback at any moment."""

import io
import os
import signal
import sys


class _Stream(io.TextIOWrapper):
    """A standard stream; a reader that ends early, such as `head`, ends no command."""

    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except BrokenPipeError:
            self._drop()
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except BrokenPipeError:
            self._drop()

    def _drop(self) -> None:
        """Sends the rest nowhere; what is in the buffer goes there with the next flush."""
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
            os.dup2(nowhere.fileno(), self.fileno())


def main() -> int:
    """Runs one command and returns its exit code."""
    # While modules load, and after the report is printed, SIGINT ends the process without a
    # traceback, as a shell expects.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _open_streams()
    from loadtest.commands.main import run  # noqa: PLC0415 - SIGINT must have its default handler first

    code = run()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return code


def _open_streams() -> None:
    """Opens standard streams that the caller has closed, before a socket takes their numbers.

    Characters that their encoding lacks are escaped: an error would look like a verdict."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: PTH123, SIM115 - until the end
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            encoding, by_line, at_once = (
                stream.encoding,
                stream.line_buffering,
                stream.write_through,
            )
            opened = _Stream(stream.detach(), encoding, "backslashreplace", None, by_line, at_once)
            setattr(sys, name, opened)
            setattr(sys, f"__{name}__", opened)


if __name__ == "__main__":
    sys.exit(main())
