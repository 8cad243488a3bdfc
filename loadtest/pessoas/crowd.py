"""People who are sent, and those of them who were added, for the checks of answers."""

from collections import defaultdict
from collections.abc import Iterable

from loadtest.pessoas.contract import Pessoa
from loadtest.pessoas.payloads import Payload


class Crowd:
    """A list of people; a person's place is the index in the order of joining."""

    def __init__(self, payloads: Iterable[Payload] = ()) -> None:
        self.payloads: list[Payload] = []
        # The places of right people by apelido: a service adds one person per apelido.
        self.rivals: dict[str, list[int]] = defaultdict(list)
        # The places of people who were added, and the path of each.
        self.added: list[int] = []
        self.paths: dict[int, str] = {}
        for payload in payloads:
            self.join(payload)

    def join(self, payload: Payload) -> int:
        place = len(self.payloads)
        self.payloads.append(payload)
        if payload.pessoa is not None:
            self.rivals[payload.pessoa.apelido].append(place)
        return place

    def add(self, place: int, path: str) -> None:
        self.added.append(place)
        self.paths[place] = path

    def meet(self, id_: str, shown: Pessoa) -> None:
        """Joins and adds a person who was in the service before the run."""
        place = self.join(Payload(b"", shown, ""))
        self.add(place, f"/pessoas/{id_}")

    def place_of(self, id_: str, shown: Pessoa) -> int | None:
        """Returns the place of a person who is shown, or None if none was sent like that."""
        rivals = self.rivals.get(shown.apelido, ())
        alike = [place for place in rivals if self.payloads[place].pessoa == shown]
        for place in alike:
            if self.paths.get(place, "").endswith(id_):
                return place
        return alike[0] if alike else None
