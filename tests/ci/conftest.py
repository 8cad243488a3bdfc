"""The stub entries of the judge's own tests."""

from tests.loadtest.conftest import serve

__all__ = ["serve"]
