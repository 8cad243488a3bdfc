"""A workload: a command of `loadtest` and its duration."""

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
            # Checks would cost the generator a fifth, and the constant answer of the ceiling fails
            # them. The tests and the official run check the answers.
            return [*self.arguments, "-d", f"{seconds:g}", "--no-checks"]
        return [*self.arguments, "--scale", f"{seconds / self.seconds:g}"]
