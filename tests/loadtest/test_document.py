"""The JSON of an answer is read in bounded time."""

import time

import pytest

from loadtest.limits import JSON_DEPTH_MAX
from loadtest.wire.document import ContractBrokenError, read_document


def test_a_text_without_an_end_is_read_once() -> None:
    """The time for an answer grows with its length, also where a text in it never ends."""
    raw = b"{}" * JSON_DEPTH_MAX + b'["' + b'\\"' * 40_000
    began_at = time.process_time()
    with pytest.raises(ContractBrokenError):
        read_document(raw)
    assert time.process_time() - began_at < 1


def test_brackets_in_a_text_do_not_nest() -> None:
    """Only lists and objects count: a text may have any brackets and escaped quotes."""
    text = '\\"[' * (JSON_DEPTH_MAX + 1)
    raw = f'{{"a": "{text}", "b": [1]}}'
    assert read_document(raw.encode()) == {"a": text.replace("\\", ""), "b": [1]}
