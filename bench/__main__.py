"""`make bench`: measures every contender of an edition and writes the results."""

import argparse
import signal
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bench.contender import Contender, NoContendersError, load_contenders
from bench.crebitos.edition import CREBITOS
from bench.edition import Edition, UnknownContenderError
from bench.parts.machine import origin, versions
from bench.pessoas.edition import PESSOAS
from bench.proxies.edition import PROXIES
from bench.results import guard
from bench.results.data import BadResultsError, Results, read_results, write_results
from bench.rounds import PORT, Rounds
from bench.scaling.edition import SCALING
from stack.part import listens
from stack.paths import ROOT
from stack.run.limits import ControlGroups

EDITIONS = {
    "crebitos": CREBITOS,
    "2024q1": CREBITOS,
    "pessoas": PESSOAS,
    "2023q3": PESSOAS,
    # The ledger again, measured for one page each.
    "scaling": SCALING,
    "proxies": PROXIES,
}
# On a disk, unlike some /tmp, and readable for the account that runs PostgreSQL.
WORK_FOLDER = Path("/var/tmp")  # noqa: S108 - the run makes a folder of its own in it
EXIT_WORSE, EXIT_USAGE, EXIT_INTERRUPTED = 1, 2, 130


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--edition", choices=EDITIONS, default=CREBITOS.name,
        help=f"edition or subject that is measured (default {CREBITOS.name})",
    )  # fmt: skip
    parser.add_argument(
        "--quick", action="store_true",
        help="measure only this service and its references, in 3 minutes, into out/bench/",
    )  # fmt: skip
    parser.add_argument(
        "--baseline", type=Path, metavar="FILE",
        help="exit with 1 if a ratio of this service is worse than in these results",
    )  # fmt: skip
    parser.add_argument(
        "--stacks", type=Path, metavar="DIR", help="folder with more contenders, one a file"
    )
    parser.add_argument(
        "--only", metavar="NAMES",
        help="measure only these contenders, with commas between them, or a set, in three rounds",
    )  # fmt: skip
    return parser


def main() -> int:
    args = parser().parse_args()
    edition = EDITIONS[args.edition]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    taken = edition.contenders
    try:
        edition = edition.only(args.only) if args.only else edition
        baseline = read_results(args.baseline) if args.baseline else None
        if baseline:
            guard.assert_guards(edition.guarded, baseline, args.baseline)
        found, failed = load_contenders(args.stacks, taken) if args.stacks else ({}, {})
    except (BadResultsError, NoContendersError, UnknownContenderError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return EXIT_USAGE
    if listens(("127.0.0.1", PORT)):
        print(f"bench: port {PORT} is in use; stop the program that listens there", file=sys.stderr)
        return EXIT_USAGE
    is_whole = args.only or not args.quick
    own = {name: one for name, one in edition.contenders.items() if one.quick or is_whole}
    try:
        results = run(edition, {**own, **found}, failed, quick=args.quick)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    if args.only:
        results.command = f"make bench ONLY={args.only}"
    # A choice of the user's own replaces no page of the project.
    is_kept = not args.quick and (not args.only or args.only in edition.sets)
    write(
        edition,
        results,
        ROOT / ("docs/benchmarks" if is_kept else "out/bench"),
        prefix=f"{edition.file}_" if args.only else "",
    )
    if baseline is None:
        return 0
    verdicts = guard.judge(edition.guarded, baseline, results)
    print(f"against {args.baseline}:", *(one.text for one in verdicts), sep="\n")
    return EXIT_WORSE if any(one.fails for one in verdicts) else 0


def run(
    edition: Edition, contenders: Mapping[str, Contender], failed: dict[str, str], *, quick: bool
) -> Results:
    titles = {name: contenders[name].title for name in grouped(contenders, edition.groups)}
    titles |= {name: one.title for name, one in edition.directs.items()}
    groups = ControlGroups()
    with tempfile.TemporaryDirectory(prefix="rinha-bench-", dir=WORK_FOLDER) as name:
        folder = Path(name)
        folder.chmod(0o755)
        results = Results(quick, origin(folder), versions(), titles, failed=failed)
        if groups.remark:
            results.remarks.append(groups.remark)
            print(f"ATTENTION: {groups.remark}")
        try:
            Rounds(edition, contenders, results, folder, groups).run()
        finally:
            groups.remove()
    return results


def grouped(names: Iterable[str], groups: Mapping[str, Sequence[str]]) -> list[str]:
    """Returns the names in the order of the groups, and after them those without a group."""
    order = [name for members in groups.values() for name in members]
    return sorted(names, key=lambda name: order.index(name) if name in order else len(order))


def write(edition: Edition, results: Results, folder: Path, *, prefix: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_results(results, folder / f"{edition.file}.json")
    pictures = {f"{prefix}{name}": text for name, text in edition.pictures(results).items()}
    for name, picture in pictures.items():
        (folder / name).write_text(picture)
    (folder / f"{edition.file}.md").write_text(edition.page(results, pictures))
    print(f"written to {folder}: {edition.file}.md, {edition.file}.json, {len(pictures)} pictures")


if __name__ == "__main__":
    sys.exit(main())
