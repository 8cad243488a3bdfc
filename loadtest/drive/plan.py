"""What a load run is asked to do."""

from dataclasses import dataclass
from typing import Literal

Mode = Literal["closed", "rate", "ramp"]


@dataclass(frozen=True, slots=True)
class Plan:
    """One run: the way to drive, how long, and what to look at."""

    host: str
    port: int
    mode: Mode
    connections: int
    duration_s: float
    size: int | None
    seed: int
    workers: int
    timeout_s: float
    rate: float = 0.0
    from_rate: float = 0.0
    poisson: bool = False
    keep_alive: bool = True
    checked: bool = True

    @property
    def name(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def way(self) -> str:
        """The way to drive, in words."""
        if self.mode == "closed":
            return f"closed loop, {self.connections} connections"
        if self.mode == "ramp":
            return f"open loop, a ramp from {self.from_rate:g} to {self.rate:g} requests/s"
        spacing = "Poisson" if self.poisson else "even"
        return f"open loop, {self.rate:g} requests/s, {spacing} spacing"
