"""Any bytes are decoded to a transaction or refused with one of three errors."""

import contextlib
import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from rinha.crebitos.limits import VALOR_MAX
from rinha.crebitos.messages import Transacao, decode_transacao
from rinha.errors import BodyTooLargeError, MalformedBodyError, RuleBrokenError
from tests.help.effort import effort

values: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    | st.sampled_from(["c", "d", 1, 2**53, 2**64]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
almost = st.fixed_dictionaries(
    {}, optional={"valor": values, "tipo": values, "descricao": values, "x": values}
)


def is_transacao(value: Any) -> bool:
    """The validation rule in plain Python."""
    if not isinstance(value, dict):
        return False
    valor, tipo, descricao = (value.get(name) for name in ("valor", "tipo", "descricao"))
    return (
        type(valor) is int
        and 1 <= valor <= VALOR_MAX
        and tipo in ("c", "d")
        and isinstance(descricao, str)
        and 1 <= len(descricao) <= 10
    )


@settings(max_examples=effort(1000, 1000, 20_000))
@given(almost | values)
@example({"valor": 1, "tipo": "c", "descricao": "\x00"})
@example({"valor": True, "tipo": "c", "descricao": "a"})
def test_any_json_is_judged_by_the_rule(value: Any) -> None:
    """JSON that keeps the rule is accepted unchanged; all other JSON is refused."""
    raw = json.dumps(value, ensure_ascii=False).encode()
    try:
        taken = decode_transacao(raw)
    except RuleBrokenError:
        assert not is_transacao(value)
    except (MalformedBodyError, BodyTooLargeError):
        assert raw.count(b"[") + raw.count(b"{") > 32 or len(raw) > 4096
    else:
        assert is_transacao(value)
        assert taken == Transacao(value["valor"], value["tipo"], value["descricao"])


@settings(max_examples=effort(1000, 1000, 100_000))
@given(st.binary(max_size=200) | st.text().map(str.encode))
def test_any_bytes_end_in_a_refusal_with_a_name(raw: bytes) -> None:
    """Any bytes are accepted, or refused with one of three errors."""
    with contextlib.suppress(MalformedBodyError, RuleBrokenError, BodyTooLargeError):
        decode_transacao(raw)


@settings(max_examples=effort(300, 300, 20_000))
@given(almost, st.data())
def test_a_body_cut_short_or_changed_is_never_misread(value: Any, data: st.DataObject) -> None:
    """A body that is cut short is always refused."""
    raw = json.dumps(value).encode()
    cut = data.draw(st.integers(0, len(raw) - 1))
    try:
        decode_transacao(raw[:cut])
    except (MalformedBodyError, BodyTooLargeError):
        return
    raise AssertionError(raw[:cut])
