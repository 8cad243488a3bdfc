"""The figures of one measurement, and the reasons to throw it out."""

from collections.abc import Sequence

from msgspec import Struct, field

# CPUs used by programs outside the benchmark, or taken by the hypervisor. More than this distorts
# the figures. Readings of /proc are off by about 0.05.
OTHERS_CPUS_MAX = 0.15
STOLEN_CPUS_MAX = 0.05
# With less idle CPU, contender and generator compete for it.
IDLE_CPUS_MIN = 0.05


class Cell(Struct):
    """One contender under one workload in one round; times in ms, CPU per request in us."""

    contender: str = field(name="stack")
    workload: str = field(name="work")
    round: int
    figures: dict[str, float] = field(default_factory=dict)
    # By part.
    cpu_us: dict[str, float] = field(default_factory=dict)
    memory_mb: dict[str, float] = field(default_factory=dict)
    # The reason why the figures say nothing about the contender; None if they are valid.
    thrown_out: str | None = None


def why_thrown_out(
    generator_invalid: Sequence[str], figures: dict[str, float], *, limited: bool
) -> str | None:
    """Returns the reason to throw the figures out, or None.

    Without limits a contender may use all CPU, so missing idle CPU is then no reason.
    """
    if generator_invalid:
        return f"the generator was the limit: {'; '.join(generator_invalid)}"
    if figures["others_cpus"] > OTHERS_CPUS_MAX:
        return f"other programs used {figures['others_cpus']:.2f} of a core"
    if figures["stolen_cpus"] > STOLEN_CPUS_MAX:
        return f"the hypervisor took {figures['stolen_cpus']:.2f} of a core"
    if limited and figures["idle_cpus"] < IDLE_CPUS_MIN:
        return "the machine had no CPU left"
    return None
