"""How it is set up and run: plain processes, containers, the contest's submission."""

from stack.interrupts import without_a_traceback

# Before anything else is imported, in the middle of which Ctrl-C may come.
without_a_traceback()
