"""Gatling against the reference servers: a rehearsal of the official run.

It needs a JDK, Maven and a reachable registry, so `make test-gatling` runs it and `make test` does
not.
"""

import subprocess
from pathlib import Path

import pytest

from loadtest.gatling.run import GatlingError, require_maven
from tests.loadtest.command import ROOT, loadtest
from tests.loadtest.conftest import Serve

POM = ROOT / "loadtest" / "gatling" / "pom.xml"
SCALE = "0.05"  # twelve seconds of load; Gatling counts whole seconds
FETCH_MAX_S = 400
RUN_MAX_S = 120
NOT_FETCHED = ("Could not transfer", "Could not find artifact", "could not be resolved")


@pytest.fixture(scope="module", autouse=True)
def fetched() -> None:
    """Fetches and compiles with Maven; skips the tests if the registry does not answer."""
    try:
        require_maven()
    except GatlingError as error:
        pytest.skip(f"the rehearsal by Gatling is skipped: {error}")
    done = subprocess.run(
        ["mvn", "-B", "-q", "-ntp", "-f", POM, "test-compile"],
        capture_output=True, text=True, timeout=FETCH_MAX_S, check=False,
    )  # fmt: skip
    if any(words in done.stdout for words in NOT_FETCHED):
        pytest.skip("the rehearsal by Gatling is skipped: Maven's registry does not answer")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("fault", "paid"),
    [
        ("none", "100000.00"),
        # The first of 25 is lost: two wrong totals after the 25, and one at the start of client 1.
        ("first_lost", "97590.97"),
        # Six of 3,041 transactions are shown below the limit.
        ("below_shown", "95181.94"),
    ],
)
def test_gatling_and_loadtest_pay_the_same(
    serve: Serve, tmp_path: Path, fault: str, paid: str
) -> None:
    """Gatling and loadtest send the same requests, count the same failures and pay the same sum."""
    target = f"http://127.0.0.1:{serve(fault)}"
    by_gatling = loadtest(
        "gatling", target, "--scale", SCALE, folder=tmp_path / "theirs", timeout_s=RUN_MAX_S
    )
    kept = tmp_path / "ours"
    by_loadtest = loadtest(
        "official", target, "--scale", SCALE, "--reset", folder=kept, timeout_s=RUN_MAX_S
    )
    for ran in (by_gatling, by_loadtest):
        assert ran.official.paid_usd == paid, ran.out
        assert ran.official.counts.slow == 0, "a busy machine"
    assert by_gatling.load.mix == by_loadtest.load.mix
    theirs, ours = by_gatling.official.counts, by_loadtest.official.counts
    for one, other in (
        (theirs.total, ours.total),
        (theirs.ko, ours.ko),
        (theirs.consistency, ours.consistency),
    ):
        assert one == other


@pytest.mark.parametrize(
    ("fault", "code", "reason"),
    [("none", 0, ""), ("folded_apelidos", 1, "people who are right are not stored")],
)
def test_gatling_plays_people_and_the_count_is_held_against_it(
    serve: Serve, tmp_path: Path, fault: str, code: int, reason: str
) -> None:
    """A run of pessoas by Gatling fails when valid people are missing from the count."""
    target = f"http://127.0.0.1:{serve(fault, edition='pessoas')}"
    ran = loadtest(
        *("gatling", target, "--edition", "pessoas", "--scale", SCALE),
        folder=tmp_path,
        timeout_s=RUN_MAX_S,
    )
    assert ran.code == code, ran.out
    assert reason in ran.reasons
