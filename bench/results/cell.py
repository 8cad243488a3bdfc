"""The figures of one measurement, and the reasons to throw it out."""

from collections.abc import Sequence

from msgspec import Struct, field

# CPUs used by programs outside of the benchmark, or taken by the hypervisor. Above it the figures
# show their work. Reading /proc is off by about 0.05.
OTHERS_CPUS_MAX = 0.15
STOLEN_CPUS_MAX = 0.05
# With less idle CPU, contender and generator took it from each other.
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
    # Why it says nothing about the contender; None when it does.
    thrown_out: str | None = None


def why_thrown_out(
    generator_invalid: Sequence[str], figures: dict[str, float], *, limited: bool
) -> str | None:
    """Without limits a contender uses all CPU: then a machine without idle CPU is no reason."""
    if generator_invalid:
        return f"the generator was the limit: {'; '.join(generator_invalid)}"
    if figures["others_cpus"] > OTHERS_CPUS_MAX:
        return f"other programs used {figures['others_cpus']:.2f} of a core"
    if figures["stolen_cpus"] > STOLEN_CPUS_MAX:
        return f"the hypervisor kept {figures['stolen_cpus']:.2f} of a core"
    if limited and figures["idle_cpus"] < IDLE_CPUS_MIN:
        return "the machine had no CPU left"
    return None
