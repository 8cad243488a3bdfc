"""Entry point of the command line; Ctrl-C ends the process without a traceback at any moment."""

import signal
import sys


def main() -> int:
    """Runs one command and returns its exit code."""
    # While modules load, and after the report is printed, SIGINT ends the process without a
    # traceback, as a shell expects.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from loadtest.commands.main import run  # noqa: PLC0415 - SIGINT must have its default handler first

    code = run()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return code


if __name__ == "__main__":
    sys.exit(main())
