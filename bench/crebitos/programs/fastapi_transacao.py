"""Body of a transaction as the contenders with FastAPI validate it."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StrictInt


class Transacao(BaseModel):
    valor: Annotated[StrictInt, Field(gt=0, lt=2**53)]
    tipo: Literal["c", "d"]
    descricao: Annotated[str, Field(min_length=1, max_length=10)]
