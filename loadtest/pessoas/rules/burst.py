"""Rules that only many requests, or two instances, can break."""

from loadtest.judging.rulebook import Weight
from loadtest.pessoas.contract import location_of
from loadtest.pessoas.rules.suite import Suite

OF_ONE_APELIDO = (2, 25, 100, 500)
AT_ONCE = 100
# Each uses new connections, so that a load balancer spreads them over the instances.
ONE_BY_ONE = 40


def ask_bursts(suite: Suite) -> None:
    for size in OF_ONE_APELIDO:
        _ask_one_apelido(suite, size)
    _ask_many(suite)
    _ask_found_at_once(suite)


def _ask_one_apelido(suite: Suite, size: int) -> None:
    """Checks posts of one apelido at once: any one is added, the others are refused."""
    suite.begin("at once", Weight.DATA)
    fields, before = suite.fields(), suite.count()
    requests = [
        suite.post(fields | {"nome": f"Regra {number}"}, reuse=False) for number in range(size)
    ]
    answers = suite.ask_together(requests)
    after, (_, found) = suite.count(), suite.found(fields["apelido"])
    added = sum(answer.code == 201 for answer in answers)
    refused = sum(answer.code in {400, 422} for answer in answers)
    grown = "unknown" if before is None or after is None else after - before
    shown = "unknown" if found is None else len(found)
    expected, seen = (
        f"{one} added, {others} refused, {more} more in the count, {rows} found"
        for one, others, more, rows in ((1, size - 1, 1, 1), (added, refused, grown, shown))
    )
    suite.add(f"{size} posts of one apelido", expected, seen)


def _ask_many(suite: Suite) -> None:
    """Checks posts of many apelidos at once: all are added, and all are found."""
    suite.begin("at once", Weight.DATA)
    people = [suite.fields() for _ in range(AT_ONCE)]
    before = suite.count()
    answers = suite.ask_together([suite.post(fields, reuse=False) for fields in people])
    after = suite.count()
    added = sum(answer.code == 201 for answer in answers)
    grown = "unknown" if before is None or after is None else after - before
    there = [suite.person(location_of(answer.body), reuse=False)[1] for answer in answers]
    found = sum(pessoa is not None for pessoa in there)
    expected = f"{AT_ONCE} added, {AT_ONCE} in the count, {AT_ONCE} found"
    seen = f"{added} added, {grown} in the count, {found} found"
    suite.add(f"{AT_ONCE} posts of {AT_ONCE} apelidos", expected, seen)


def _ask_found_at_once(suite: Suite) -> None:
    """Checks that the next request finds an acknowledged person, on any instance."""
    missed = dict.fromkeys(("by the Location", "by a search", "in the count"), 0)
    count = suite.count() or 0
    for number in range(1, ONE_BY_ONE + 1):
        suite.begin("at once", Weight.DATA)
        fields = suite.fields()
        path = location_of(suite.ask(suite.post(fields, reuse=False)).body)
        _, found = suite.found(fields["apelido"], reuse=False)
        missed["by a search"] += found != [fields["apelido"]]
        missed["by the Location"] += suite.person(path, reuse=False)[1] is None
        missed["in the count"] += suite.count() != count + number
        if any(missed.values()):
            # The last group of requests shows the fault.
            break
    for how, times in missed.items():
        seen = f"{times} of the first {number} not" if times else "all of them"
        suite.add(f"found at once {how}", "all of them", seen, not times)
