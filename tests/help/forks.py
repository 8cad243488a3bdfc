"""Processes for the tests, forked from a server without threads: pytest's own process has some."""

import multiprocessing
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, ParamSpec, TypeVar

forks = multiprocessing.get_context("forkserver")
# Modules that each process would import otherwise.
forks.set_forkserver_preload(
    ["tests.help.recording_vfs", "tests.help.ledger_process", "tests.help.edition_stores"]
)

P = ParamSpec("P")
R = TypeVar("R")


def start(work: Callable[..., None], *args: object) -> tuple[Connection, BaseProcess]:
    """Starts a process that takes orders, and returns its pipe once it waits for the first."""
    ours, theirs = forks.Pipe()
    process = forks.Process(target=work, args=(theirs, *args))
    process.start()
    theirs.close()
    assert ours.recv() == "here"
    return ours, process


def run_at_once(work: Callable[..., None], each_args: Iterable[tuple[Any, ...]]) -> None:
    """Does the work in one process for each of the arguments, all at once; none may fail."""
    processes = [forks.Process(target=work, args=args) for args in each_args]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * len(processes)


def apart(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Does the work in a separate process, and returns its result."""
    ours, theirs = forks.Pipe(duplex=False)
    process = forks.Process(target=_report, args=(theirs, work, args, kwargs))
    process.start()
    theirs.close()
    try:
        result: R = ours.recv()
    except EOFError:
        raise AssertionError("the process died of its work, see its traceback") from None
    finally:
        process.join()
    return result


def _report(to: Connection, work: Callable[..., Any], args: Any, kwargs: Any) -> None:
    to.send(work(*args, **kwargs))
