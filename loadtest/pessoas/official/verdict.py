"""The verdict on an official run: all people are stored, or not."""

from loadtest.pessoas.report import Official, PessoasReport
from loadtest.report.data import Load, Verdict
from loadtest.report.judgement import Line, failed_requests, not_complete, verdict, wrong_answers
from loadtest.wire.request import Kind

# The contest has no threshold for slow answers, but its tool waits no longer than this.
LINE = Line(slow_ms=60_000, share_max=0)


def official_part(load: Load, expected: dict[Kind, int], *, rehearsal: bool) -> Official:
    wanted = {kind.name: count for kind, count in expected.items()}
    seen = {name: load.mix[name] for name in wanted}
    return Official(expected=wanted, complete=seen == wanted, rehearsal=rehearsal)


def judge_official(report: PessoasReport, load: Load) -> Verdict:
    """Returns the verdict on an official run, of our own generator or of Gatling."""
    official, people = report.official, report.people
    assert official is not None
    wrong = wrong_answers(report) + failed_requests(load)
    if people is not None and people.expected is not None and not wrong:
        missing = people.expected - (people.stored or 0)
        if missing > 0:
            wrong = [f"{missing:,} people who are right are not stored"]
        elif missing < 0:
            wrong = [f"{-missing:,} people are stored who should have been refused"]
    if not official.complete:
        seen = {name: load.mix[name] for name in official.expected}
        load.invalid.append(not_complete(seen, official.expected))
    return verdict(wrong, [], load.invalid)
