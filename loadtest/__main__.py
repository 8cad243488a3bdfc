"""Entry point of the command line; Ctrl-C ends the process without a traceback at any moment."""

import io
import os
import signal
import sys


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
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    sys.exit(main())
