"""Added people and searches at a constant rate, with the outcome of each."""

from typing import Any, NamedTuple

from tests.help.constant_rate import ConstantRate, Sent
from tests.help.ledgers import query
from tests.help.running import Answer, Client

# One request in seven is a search, as at the peak of the official run.
SEARCH_ONE_OF = 7


class Added(NamedTuple):
    apelido: str
    # Path of the person; empty unless added.
    path: str
    # 0 is no answer.
    status: int
    # The person may have been added or not.
    is_open: bool
    sent_at_s: float
    after_s: float


class PeopleLoad(ConstantRate[tuple[str, str]]):
    """Each POST has a unique apelido, and each search looks for an acknowledged one."""

    outcomes: list[Added]

    def __init__(self, port: int, rate: float, seed: int) -> None:
        super().__init__(port, rate, seed)
        self.searches: list[tuple[str, int, bool]] = []
        self._acknowledged: list[str] = []

    @property
    def failed(self) -> list[Added]:
        return [outcome for outcome in self.outcomes if outcome.status != 201]

    def assert_explains_every_row(self, ledger: str) -> None:
        """In a registry that was empty each acknowledged person exists once, under the acknowledged
        id, and an open one at most once. No search missed a person acknowledged before."""
        rows: list[Any] = query(ledger, "SELECT apelido, id FROM pessoas")
        there: dict[str, str] = dict(rows)
        assert len(rows) == len(there), "added twice"
        kept = {
            outcome.apelido: outcome.path.removeprefix("/pessoas/")
            for outcome in self.outcomes
            if outcome.status == 201
        }
        left_open = {outcome.apelido for outcome in self.outcomes if outcome.is_open}
        assert kept.items() - there.items() == set(), "acknowledged and lost"
        assert there.keys() - kept.keys() - left_open == set(), "not acknowledged and there"
        missed = [termo for termo, status, found in self.searches if status == 200 and not found]
        assert missed == [], "acknowledged and not found"

    def assert_everybody_is_found(self) -> None:
        """Asserts that each acknowledged person is found by id and by a search."""
        client = Client(self._port)
        for outcome in self.outcomes:
            if outcome.status == 201:
                assert client("GET", outcome.path).json["apelido"] == outcome.apelido
                assert client.search(f"{outcome.apelido}-") == [outcome.apelido]
        client.close()

    def _draw(self) -> tuple[str, str]:
        if self._acknowledged and self._random.randrange(SEARCH_ONE_OF) == 0:
            return "search", self._random.choice(self._acknowledged[-100:])
        return "add", f"quem {next(self._names)}"

    def _ask(self, client: Client, asked: tuple[str, str]) -> Answer:
        what, apelido = asked
        if what == "search":
            return client("GET", f"/pessoas?t={apelido.replace(' ', '%20')}-")
        return client.add(apelido, nome=f"{apelido}-")

    def _note(self, asked: tuple[str, str], answer: Answer, sent: Sent) -> None:
        what, apelido = asked
        if what == "search":
            found = answer.status == 200 and [one["apelido"] for one in answer.json] == [apelido]
            self.searches.append((apelido, answer.status, found))
            return
        path = answer.headers.get("location", "")
        if answer.status == 201:
            self._acknowledged.append(apelido)
        self.outcomes.append(Added(apelido, path, answer.status, *sent))
