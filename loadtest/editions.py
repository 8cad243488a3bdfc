"""The table of editions. An edition is imported on first use: a run never loads another one."""

from collections.abc import Callable
from functools import reduce
from operator import or_
from typing import Any

from loadtest.judging.edition import Edition


def _crebitos() -> Edition[Any]:
    from loadtest.crebitos.edition import CREBITOS

    return CREBITOS


def _pessoas() -> Edition[Any]:
    from loadtest.pessoas.edition import PESSOAS

    return PESSOAS


# The first is the default.
EDITIONS: dict[str, Callable[[], Edition[Any]]] = {"crebitos": _crebitos, "pessoas": _pessoas}
# The contest's own names, which mean the same.
CONTESTS = {"2024q1": "crebitos", "2023q3": "pessoas"}


def edition(name: str) -> Edition[Any]:
    return EDITIONS[name]()


def any_report() -> Any:
    """Returns the union of all editions' report types; a tag in each file names its edition."""
    return reduce(or_, (edition(name).report_type for name in EDITIONS))
