"""Starts the command line, and ends it: Ctrl-C is a plain end at any moment."""

import signal
import sys


def main() -> int:
    """Runs one command; the exit code is part of its answer."""
    # While modules load, and once all is said, the kernel ends the process as a shell expects it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from loadtest.command import run  # noqa: PLC0415 - after the line above

    code = run()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return code


if __name__ == "__main__":
    sys.exit(main())
