"""Power cuts in a history of writes, and checks of what they left."""

from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.help.edition_stores import EDITION_STORES
from tests.help.simulated_disk import CorruptError, Disk, Step, numbers_in, write_files

# In one of so many states the service itself opens the file and goes on.
SERVICE_EVERY = 200


@dataclass
class Findings:
    rng: Random
    states: int = 0
    distinct: set[int] = field(default_factory=set)
    corrupt: list[str] = field(default_factory=list)
    # States with a gap before an existing number, or with a number that was never sent.
    out_of_order: int = 0
    lost_in: int = 0
    lost_most: int = 0

    @property
    def is_broken(self) -> bool:
        return bool(self.corrupt or self.out_of_order)

    def __str__(self) -> str:
        return (
            f"{self.states} states, {len(self.distinct)} distinct: {len(self.corrupt)} corrupt, "
            f"{self.out_of_order} not a prefix, acknowledged ones lost in {self.lost_in}, "
            f"at most {self.lost_most}"
        )


@dataclass
class Case:
    """A history's edition and synchronous setting, and the number of its power cuts."""

    edition: str
    synchronous: str
    states: int


def look(case: Case, folder: Path, steps: list[Step], moments: list[int], found: Findings) -> None:
    """Cuts the power at each of these steps in order, and records what is left."""
    disk, done, begun, kept = Disk(), 0, 0, 0
    for moment in moments:
        for step in steps[done:moment]:
            disk.take(step)
            begun = step.place if step.kind == "begun" else begun
            # A sync by one instance covers the other's commits too, which it answers later.
            kept = max(kept, step.place) if step.kind == "kept" else kept
        done = moment
        files = disk.after_a_cut(found.rng)
        write_files(folder, files)
        found.states += 1
        found.distinct.add(hash(tuple(bytes(data) for data in files.values())))
        try:
            left = numbers_in(folder / "rinha.db", case.edition)
        except CorruptError as error:
            found.corrupt.append(str(error))
            continue
        found.out_of_order += left != list(range(1, len(left) + 1)) or len(left) > max(begun, kept)
        found.lost_in += len(left) < kept
        found.lost_most = max(found.lost_most, kept - len(left))
        if found.states % SERVICE_EVERY == 0:
            assert_service_goes_on(case, folder, files, len(left))


def assert_service_goes_on(
    case: Case, folder: Path, files: dict[str, bytearray], left: int
) -> None:
    write_files(folder, files)
    edition_store = EDITION_STORES[case.edition]
    store = edition_store.open(folder / "rinha.db", "NORMAL")
    edition_store.write(store, left + 1, Random(left))
    audit = store.audit()
    store.close()
    assert audit.problems == []
    assert numbers_in(folder / "rinha.db", case.edition) == list(range(1, left + 2))
