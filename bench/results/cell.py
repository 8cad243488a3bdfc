"""One measurement's figures, and when they say nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field

# Of a core, used by programs that have no part in this, or kept by the hypervisor: above it a cell
# shows their work. Reading /proc is off by about 0.05.
OTHERS_CPUS_MAX = 0.15
STOLEN_CPUS_MAX = 0.05
# With less than this left, stack and generator took CPU from each other.
IDLE_CPUS_MIN = 0.05


@dataclass
class Cell:
    """What one stack did in one work of one round; times in ms, CPU per request in us."""

    stack: str
    work: str
    round: int
    figures: dict[str, float] = field(default_factory=dict)
    # By part of the stack.
    cpu_us: dict[str, float] = field(default_factory=dict)
    memory_mb: dict[str, float] = field(default_factory=dict)
    # Why it says nothing about the stack; None when it does.
    thrown_out: str | None = None


def why_thrown_out(
    generator_invalid: Sequence[str], figures: dict[str, float], *, limited: bool
) -> str | None:
    """A stack without limits takes all there is: then a machine with nothing left is no reason."""
    if generator_invalid:
        return f"the generator was the limit: {'; '.join(generator_invalid)}"
    if figures["others_cpus"] > OTHERS_CPUS_MAX:
        return f"other programs used {figures['others_cpus']:.2f} of a core"
    if figures["stolen_cpus"] > STOLEN_CPUS_MAX:
        return f"the hypervisor kept {figures['stolen_cpus']:.2f} of a core"
    if limited and figures["idle_cpus"] < IDLE_CPUS_MIN:
        return "the machine had no CPU left"
    return None
