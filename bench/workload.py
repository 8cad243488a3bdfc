"""A workload: what `loadtest` does to a contender, and for how long."""

from typing import NamedTuple


class Workload(NamedTuple):
    name: str
    title: str
    # The command of loadtest and its options, without duration and edition.
    arguments: tuple[str, ...]
    seconds: float
    # 0: not in a quick run.
    quick_seconds: float
    # Whether a measurement that was thrown out is repeated at once, on the same data.
    repeatable: bool = True

    def arguments_for(self, seconds: float) -> list[str]:
        if self.arguments[0] == "run":
            # Tests and the official run check answers. Here a check would cost the generator a
            # fifth, and the one answer of the ceiling is wrong on purpose.
            return [*self.arguments, "-d", f"{seconds:g}", "--no-checks"]
        return [*self.arguments, "--scale", f"{seconds / self.seconds:g}"]
