"""Bodies of requests and answers."""

import datetime
from typing import Annotated

import msgspec

from rinha.bodies import decoder_of, encode
from rinha.errors import MalformedBodyError
from rinha.pessoas.limits import (
    APELIDO_MAX_CHARACTERS,
    BODY_MAX_BYTES,
    NOME_MAX_CHARACTERS,
    STACK_MAX_CHARACTERS,
)


class WrongKindError(MalformedBodyError):
    """A field has the wrong JSON type, such as a number for a name."""


class Pessoa(msgspec.Struct, frozen=True, gc=False):
    """Body of a new person, and the rules that validate it."""

    apelido: Annotated[str, msgspec.Meta(max_length=APELIDO_MAX_CHARACTERS)]
    nome: Annotated[str, msgspec.Meta(max_length=NOME_MAX_CHARACTERS)]
    nascimento: datetime.date
    stack: list[Annotated[str, msgspec.Meta(max_length=STACK_MAX_CHARACTERS)]] | None = None


RULES = {
    "apelido": f"apelido must be a string of at most {APELIDO_MAX_CHARACTERS} characters",
    "nome": f"nome must be a string of at most {NOME_MAX_CHARACTERS} characters",
    "nascimento": "nascimento must be a day of the calendar, as AAAA-MM-DD",
    "stack": "stack must be null or a list of strings of at most "
    f"{STACK_MAX_CHARACTERS} characters each",
}

decode_pessoa = decoder_of(
    Pessoa,
    RULES,
    "the body must be a JSON object with apelido, nome, nascimento and stack",
    max_bytes=BODY_MAX_BYTES,
    wrong_kind=WrongKindError,
)
decode_stack = msgspec.json.Decoder(list[str]).decode


class PessoaCadastrada(msgspec.Struct, frozen=True, gc=False):
    """Stored person. The stack is JSON."""

    id: str
    apelido: str
    nome: str
    nascimento: str
    stack: msgspec.Raw


def pessoa_cadastrada(
    id_: str, apelido: str, nome: str, nascimento: str, stack: str | None
) -> PessoaCadastrada:
    """Returns a person from a row of any engine."""
    return PessoaCadastrada(
        id_, apelido, nome, nascimento, msgspec.Raw(b"null" if stack is None else stack.encode())
    )


def stack_as_json(pessoa: Pessoa) -> str | None:
    return None if pessoa.stack is None else encode(pessoa.stack).decode()
