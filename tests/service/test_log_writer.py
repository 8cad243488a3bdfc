"""A log without a reader: waiting lines are bounded, dropped lines are counted, none is torn."""

import json
import logging
import os
import subprocess
import sys
import threading

import pytest

from rinha import logs
from rinha.log_writer import LogWriter
from rinha.settings import LOG_LINES_WAITING_MAX
from tests.help.unread_pipe import UnreadPipe


def test_each_line_is_written_or_counted() -> None:
    """Each line of several threads arrives whole or is in the count of dropped lines."""
    pipe = UnreadPipe()
    counts: list[int] = []
    writer = LogWriter(pipe.write_fd, counts.append)
    each = LOG_LINES_WAITING_MAX

    def write(name: int) -> None:
        for number in range(each):
            writer.write(f"thread {name}, line {number}, {'x' * 5000}, its end\n")

    threads = [threading.Thread(target=write, args=(name,)) for name in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pipe.read_on()
    writer.finish(60)
    lines = [line for line in pipe.read_to_the_end() if line.startswith("thread")]
    assert all(line.endswith("its end") for line in lines)
    assert len(set(lines)) == len(lines) > 0
    assert len(lines) + sum(counts) == 3 * each


def test_the_gap_is_logged_at_any_level(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dropped lines are logged at every level, here where only errors are logged."""
    pipe = UnreadPipe()
    monkeypatch.setattr(sys, "stderr", os.fdopen(os.dup(pipe.write_fd), "w"))
    for hook in ("excepthook", "unraisablehook"):
        monkeypatch.setattr(sys, hook, getattr(sys, hook))
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    logs.write_in_background()
    logs.setup("error")
    try:
        for number in range(LOG_LINES_WAITING_MAX + 10):
            logs.log_event(logging.ERROR, f"error {number}")
        pipe.read_on()
        while not (told := [line for line in pipe.lines() if "log lines dropped" in line]):
            logs.finish()
        assert json.loads(told[0])["lines"] >= 9
    finally:
        logs.log.handlers = []


def test_the_error_that_ends_the_process_is_written() -> None:
    """An uncaught error is in the log although the process ends at once."""
    program = "from rinha import logs; logs.write_in_background(); logs.setup('info'); 1 / 0"
    for _ in range(5):
        ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
        assert b"ZeroDivisionError" in ended.stderr
