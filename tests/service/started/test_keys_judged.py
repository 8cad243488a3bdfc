"""The judge's rules of Idempotency-Key, asked of the service."""

import pytest

from tests.help.running import Stack
from tests.loadtest.command import loadtest


@pytest.mark.starts
def test_the_service_keeps_every_rule_of_the_header(stack: Stack) -> None:
    """`loadtest check --idempotency` finds no broken rule, through nginx and two instances."""
    ran = loadtest("check", f"127.0.0.1:{stack.port}", "--no-strict", "--idempotency", "--reset")
    assert ran.code == 0, ran.out
    assert "idempotency 26" in ran.out
