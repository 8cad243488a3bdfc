"""`make bench`: measures every stack and writes down what it found."""

import argparse
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

from bench.gather import NoStacksError, gather
from bench.parts.cgroups import ControlGroups
from bench.parts.machine import origin, versions
from bench.parts.stack import ROOT, Stack
from bench.plan import ALONE_MODES
from bench.results import guard
from bench.results.data import BadResultsError, Results, read_results, write_results
from bench.results.pictures import pictures
from bench.results.table import page
from bench.rounds import PORT, Rounds

# On a disk, whatever /tmp is; and PostgreSQL's own user gets there.
WORK_FOLDER = Path("/var/tmp")  # noqa: S108 - a folder of our own is made in it
EXIT_WORSE, EXIT_USAGE, EXIT_INTERRUPTED = 1, 2, 130


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="ours and its ceilings, 3 minutes")
    parser.add_argument("--baseline", type=Path, help="results to be no worse than")
    parser.add_argument("--stacks", type=Path, help="a folder with more of them, a file each")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, _leave)
    try:
        baseline = read_results(asked.baseline) if asked.baseline else None
        stacks, failed = gather(asked.stacks, quick=asked.quick)
    except (BadResultsError, NoStacksError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return EXIT_USAGE
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", PORT)) == 0:
            print(f"bench: port {PORT} is in use, stop what listens there", file=sys.stderr)
            return EXIT_USAGE
    try:
        results = measure(stacks, failed, quick=asked.quick)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    folder = ROOT / ("out/bench" if asked.quick else "docs/benchmarks")
    folder.mkdir(parents=True, exist_ok=True)
    write_results(results, folder / "results.json")
    drawn = pictures(results)
    (folder / "results.md").write_text(page(results, list(drawn)))
    for name, picture in drawn.items():
        (folder / name).write_text(picture)
    print(f"written to {folder}: results.md, results.json and pictures")
    if baseline is None:
        return 0
    verdicts = guard.judge(baseline, results)
    print(f"against {asked.baseline}:", *guard.told(verdicts), sep="\n")
    return EXIT_WORSE if any(one.fails for one in verdicts) else 0


def measure(stacks: dict[str, Stack], failed: dict[str, str], *, quick: bool) -> Results:
    titles = {name: stack.title for name, stack in stacks.items()}
    titles |= {f"ledger_{mode.lower()}": f"ledger alone, {mode}" for mode in ALONE_MODES}
    started_at = time.monotonic()

    def tell(line: str) -> None:
        print(f"{time.monotonic() - started_at:6.0f} s  {line}", flush=True)

    groups = ControlGroups()
    with tempfile.TemporaryDirectory(prefix="rinha-bench-", dir=WORK_FOLDER) as name:
        folder = Path(name)
        folder.chmod(0o755)
        results = Results(quick, origin(folder), versions(), titles, failed=failed)
        if groups.remark:
            results.remarks.append(groups.remark)
            print(f"ATTENTION: {groups.remark}")
        try:
            Rounds(stacks, results, folder, groups, tell).run()
        finally:
            groups.remove()
    return results


def _leave(_signal: int, _frame: FrameType | None) -> None:
    sys.exit("ended by a signal")


if __name__ == "__main__":
    sys.exit(main())
