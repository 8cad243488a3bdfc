"""The contender of the one file."""

import pytest

from bench.crebitos.edition import CREBITOS
from bench.edition import Edition
from bench.parts.running import Running
from tests.bench import test_contenders
from tests.bench.test_contenders import running

__all__ = ["running"]


@pytest.mark.parametrize(("edition", "name"), [(CREBITOS, "rinha_onefile")])
def test_the_one_file_serves_its_edition(edition: Edition, name: str, running: Running) -> None:
    """Every rule of the official judge holds, within the limits of the arena."""
    test_contenders.test_a_contender_serves_its_edition(edition, name, running)
