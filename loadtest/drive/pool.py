"""Worker processes of the generator: start, stop and messages."""

import gc
import mmap
import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from loadtest.drive.memory import MemoryFile
from loadtest.limits import TERMINATE_WAIT_S
from loadtest.measure.histogram import decode, encode
from loadtest.measure.tally import Crash, WorkerSecond

Message = WorkerSecond | Crash


@dataclass(slots=True)
class Job:
    """One worker's number, common start time, stop flag and journal of messages."""

    worker: int
    start_ns: int
    stop_flag: mmap.mmap
    journal: MemoryFile = field(default_factory=MemoryFile)
    _heard: int = 0

    def stopped(self) -> bool:
        return self.stop_flag[0] != 0

    def send(self, message: Message) -> None:
        self.journal.write(encode(message) + b"\n")

    def messages(self) -> Iterator[Message]:
        """Yields the messages since the last call; an incomplete line waits for the next call."""
        data = self.journal.read(self._heard, self.journal.size - self._heard)
        lines, newline, _ = data.rpartition(b"\n")
        self._heard += len(lines) + len(newline)
        for line in lines.splitlines():
            yield decode(line, Message)


Work = Callable[[Job], None]


class WorkerPool:
    """Starts the workers, reads their messages and stops them."""

    def __init__(self, work: Work, workers: int, start_ns: int) -> None:
        self._stop_flag = mmap.mmap(-1, 1)
        self._jobs = [Job(number, start_ns, self._stop_flag) for number in range(workers)]
        fork = multiprocessing.get_context("fork")
        self._processes = [fork.Process(target=_run, args=(work, job)) for job in self._jobs]
        self._start()

    def _start(self) -> None:
        for number, process in enumerate(self._processes, 1):
            try:
                process.start()
            except OSError as error:
                # The system has no room for another process.
                workers, self._processes = len(self._processes), self._processes[: number - 1]
                self.close()
                fault = f"worker {number} of {workers} cannot be started: {error.strerror}"
                raise OSError(error.errno, fault) from error

    @property
    def working(self) -> bool:
        return any(process.is_alive() for process in self._processes)

    def stop(self) -> None:
        """Asks the workers for an early end: they send nothing new, and hand over their counts."""
        self._stop_flag[0] = 1

    def messages(self) -> Iterator[Message]:
        for job in self._jobs:
            yield from job.messages()

    def close(self) -> None:
        """Waits for the workers, and terminates those that do not end."""
        self.stop()
        for process in self._processes:
            process.join(TERMINATE_WAIT_S)
            if process.is_alive():
                process.terminate()
                process.join()

    def deaths(self) -> Iterator[Crash]:
        """Yields the workers that did not end by themselves, such as for want of memory."""
        for job, process in zip(self._jobs, self._processes, strict=True):
            if process.exitcode:
                yield Crash(f"worker {job.worker + 1} {_exit_text(process.exitcode)}")


def _exit_text(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"exited with code {code}"


def _end_with_parent() -> None:
    """Ends this worker when the process that writes the report dies: nobody would stop its load."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _run(work: Work, job: Job) -> None:
    # Ctrl-C is handled by the process that writes the report; it stops workers by the flag.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A handler of the parent's is not for its workers. Under `nohup` there is none for SIGHUP.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        work(job)
    except Exception:  # noqa: BLE001 - the report names any crash
        job.send(Crash(traceback.format_exc()))
