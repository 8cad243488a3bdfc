"""Scores of pessoas runs by Gatling; the log has no count, so a file beside it keeps the count."""

from itertools import islice
from pathlib import Path

import pytest

from loadtest.gatling.log import GatlingRun, LoggedRequest
from loadtest.pessoas.crowd import Crowd
from loadtest.pessoas.edition import PESSOAS
from loadtest.pessoas.official import score
from loadtest.pessoas.official.plan import right_people
from loadtest.pessoas.payloads import payloads

POSTS = 300
RIGHT = right_people(Crowd(islice(payloads(score.SEED), POSTS)))
IS_LOST = "acknowledged, and not in the count"
IS_FOREIGN = "in the count, and never acknowledged"
IS_BAD = "people are stored who should have been refused"
IS_MISSING = "people who are right are not stored"


def log_of(details: int) -> GatlingRun:
    names = ["criação"] * POSTS + ["consulta"] * details
    requests = [LoggedRequest(name, at, at + 1, True, "") for at, name in enumerate(names)]
    return GatlingRun("3.10", "Pessoas", requests, users_without_end=0)


@pytest.mark.parametrize(
    ("acknowledged", "stored", "reason"),
    [
        (RIGHT, RIGHT, None),
        (RIGHT, RIGHT - 2, f"{IS_LOST} (2)"),
        (RIGHT + 1, RIGHT, f"{IS_LOST} (1)"),
        (RIGHT - 3, RIGHT, f"{IS_FOREIGN} (3)"),
        (RIGHT + 4, RIGHT + 4, f"4 {IS_BAD}"),
        (RIGHT - 5, RIGHT - 5, f"5 {IS_MISSING}"),
    ],
)
def test_three_numbers_have_to_be_one(
    acknowledged: int,
    stored: int,
    reason: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A difference between acknowledged, stored and expected people is named.

    The log alone shows no failure.
    """
    monkeypatch.setattr("loadtest.judging.edition.read_log", lambda _: log_of(acknowledged))
    score.save_stored(tmp_path, stored)
    verdict = PESSOAS.score(tmp_path).verdict
    assert verdict is not None
    assert verdict.reasons == ([reason] if reason else [])
    assert verdict.state == ("fail" if reason else "pass")
