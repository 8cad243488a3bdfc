"""`make watch`, drawn from invented answers."""

import time
from io import StringIO

from rich.console import Console

from ops.watch import Answer, Watch

CLIENTE = {"cliente": 1, "nome": "", "limite": 100_000, "saldo": 0, "fechado": False}


def drawn(*clientes: dict[str, object]) -> str:
    console = Console(file=StringIO(), width=120)
    answer = Answer(time.monotonic(), {}, {}, {"clientes": list(clientes)})
    console.print(Watch("http://x").view_with(answer))
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def test_a_name_is_shown_and_a_closed_client_says_so() -> None:
    """A client has its name as written, and "closed" only if it is closed."""
    shown = drawn(CLIENTE, CLIENTE | {"cliente": 6, "nome": "[b]Ana", "fechado": True})
    ana, other = (
        next(line for line in shown.splitlines() if text in line) for text in ("[b]Ana", "│ 1 ")
    )
    assert "closed" in ana
    assert "closed" not in other
    assert not {"True", "False", "fechado"} & set(shown.split())


def test_names_that_nobody_gave_take_no_room() -> None:
    """The contest's five clients have no column of empty names."""
    assert "nome" not in drawn(CLIENTE)
