"""The official score's arithmetic, to the cent."""

from dataclasses import dataclass
from decimal import Decimal

from loadtest.limits import SLA_PERCENT

REWARD_USD = Decimal("100000.00")
CONSISTENCY_FINE_USD = Decimal("803.01")
FINE_PER_PERCENT_USD = Decimal(1000)
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the official judge would pay, and why not more."""

    total: int
    ok_in_time: int
    consistency_failures: int

    @property
    def ok_percent(self) -> Decimal:
        """Rounded as the official script rounds it; without any answer nothing is right."""
        if not self.total:
            return Decimal("0.00")
        return Decimal(str(round(100 * self.ok_in_time / self.total, 2))).quantize(CENT)

    @property
    def sla_fine_usd(self) -> Decimal:
        missing = SLA_PERCENT - self.ok_percent
        return max(Decimal(0), missing * FINE_PER_PERCENT_USD).quantize(CENT)

    @property
    def consistency_fine_usd(self) -> Decimal:
        return (self.consistency_failures * CONSISTENCY_FINE_USD).quantize(CENT)

    @property
    def paid_usd(self) -> Decimal:
        fines = self.sla_fine_usd + self.consistency_fine_usd
        return max(Decimal(0), REWARD_USD - fines).quantize(CENT)

    def as_data(self) -> dict[str, str]:
        return {
            "ok_percent": str(self.ok_percent),
            "sla_fine_usd": str(self.sla_fine_usd),
            "consistency_fine_usd": str(self.consistency_fine_usd),
            "paid_usd": str(self.paid_usd),
        }
