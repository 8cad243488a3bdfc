"""Set-up and start of the stack: plain processes, containers, the contest's submission."""

from rinha.terminal import write_any_character
from stack.interrupts import without_a_traceback

# First of all, because Ctrl-C may arrive during the imports that follow.
without_a_traceback()
write_any_character()
