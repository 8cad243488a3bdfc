"""The official score of Gatling's results, with the count that is saved beside them."""

from itertools import islice
from pathlib import Path

import msgspec

from loadtest.gatling.log import GatlingRun
from loadtest.pessoas.after_load import miscount
from loadtest.pessoas.crowd import Crowd
from loadtest.pessoas.mix import BARE, DETAIL, POST, SEARCH
from loadtest.pessoas.official.plan import right_people
from loadtest.pessoas.official.verdict import official_part
from loadtest.pessoas.payloads import payloads, termos
from loadtest.pessoas.report import People, PessoasReport
from loadtest.report.data import Load
from loadtest.report.json import BadReportError, bytes_of
from loadtest.wire.request import Kind

# The official simulation's names of requests, and their kinds.
NAMES = {"criação": POST, "consulta": DETAIL, "busca válida": SEARCH, "busca inválida": BARE}
# The seed and line counts of the feeds; the contest's own files were the same for all entries too.
SEED = 2023
FILES_LINES = {"pessoas-payloads.tsv": 100_000, "termos-busca.tsv": 5_000}
# The number of posts varies: the later part of the warm-up is random.
POSTS_MIN, POSTS_MAX = 54_560 + 20, 54_560 + 150
OFFICIAL_COUNTS = {SEARCH: 9_590, BARE: 4_190}
STORED_NAME = "people.json"
NOT_ASKED = (
    f"the count is missing: write the answer of /contagem-pessoas into {STORED_NAME}, as "
    '{"stored": 46500}'
)


class Stored(msgspec.Struct):
    """Data that Gatling does not log: the count right after the run, and the seed of the feeds."""

    stored: int
    seed: int | None = None


def feeds() -> dict[str, str]:
    """Returns the files that simulations read, by the names that the contest gave them."""
    people = (payload.body.decode() for payload in payloads(SEED))
    columns = {"pessoas-payloads.tsv": ("payload", people), "termos-busca.tsv": ("t", termos(SEED))}
    return {
        name: "\n".join([head, *islice(lines, FILES_LINES[name])]) + "\n"
        for name, (head, lines) in columns.items()
    }


def save_stored(folder: Path, stored: int | None) -> None:
    if stored is not None:
        (folder / STORED_NAME).write_bytes(msgspec.json.encode(Stored(stored, SEED)))


def add_score(report: PessoasReport, load: Load, run: GatlingRun, folder: Path) -> None:
    """Adds the official score of a run of Gatling."""
    report.people = _people(folder / STORED_NAME, load)
    report.official = official_part(load, _expected(load), rehearsal=not _is_whole(load))
    if report.people is None:
        load.invalid.append(NOT_ASKED)
    failed = sum(not request.is_ok for request in run.requests)
    if failed:
        report.notes.append(f"{failed:,} requests failed by Gatling's checks")


def _people(path: Path, load: Load) -> People | None:
    if not path.exists():
        return None
    try:
        saved = msgspec.json.decode(bytes_of(path), type=Stored)
    except msgspec.DecodeError as error:
        raise BadReportError(f"{path}: {error}") from error
    posts, details = load.mix[POST.name], load.mix[DETAIL.name]
    failed = sum(times.count for times in load.times if times.kind == POST.name and not times.fine)
    expected = None
    if saved.seed is not None:
        expected = right_people(Crowd(islice(payloads(saved.seed), posts)))
    return People(
        acknowledged=details,
        stored=saved.stored,
        unanswered=failed,
        expected=expected,
        differences=miscount(details, saved.stored, failed),
    )


def _expected(load: Load) -> dict[Kind, int]:
    """Returns the counts of a whole run; for a rehearsal, the counts of what was sent."""
    if _is_whole(load):
        return OFFICIAL_COUNTS
    return {kind: load.mix[kind.name] for kind in OFFICIAL_COUNTS}


def _is_whole(load: Load) -> bool:
    return POSTS_MIN <= load.mix[POST.name] <= POSTS_MAX and all(
        load.mix[kind.name] == count for kind, count in OFFICIAL_COUNTS.items()
    )
