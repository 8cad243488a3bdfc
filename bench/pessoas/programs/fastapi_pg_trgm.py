"""FastAPI with PostgreSQL through asyncpg and a trigram index, as their guides use it."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BaseModel, Field, StrictStr

from bench.parts.asyncpg_pool import with_pool
from bench.parts.fastapi_app import as_json, new_app, serve

ROWS = 50
ADD = """
    INSERT INTO pessoas (apelido, nome, nascimento, stack, busca) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (apelido) DO NOTHING RETURNING id
"""
FIND = "SELECT id, apelido, nome, nascimento, stack FROM pessoas WHERE id = $1"
SEARCH = f"""
    SELECT id, apelido, nome, nascimento, stack FROM pessoas WHERE busca LIKE $1 LIMIT {ROWS}
"""  # noqa: S608 - the only value in it is our own number
app = new_app(with_pool)
Element = Annotated[StrictStr, Field(max_length=32)]


class Pessoa(BaseModel):
    apelido: Annotated[StrictStr, Field(max_length=32)]
    nome: Annotated[StrictStr, Field(max_length=100)]
    nascimento: Annotated[
        StrictStr, Field(pattern=r"^\d{4}-\d{2}-\d{2}$"), AfterValidator(date.fromisoformat)
    ]
    stack: list[Element] | None = None


@app.exception_handler(RequestValidationError)
async def refuse(_request: Request, _error: RequestValidationError) -> Response:
    return Response(status_code=422)


@app.post("/pessoas")
async def add(pessoa: Pessoa) -> Response:
    text = "\n".join((pessoa.apelido, pessoa.nome, *(pessoa.stack or ()))).lower()
    row = (pessoa.apelido, pessoa.nome, pessoa.nascimento, pessoa.stack, text)
    id_ = await app.state.pool.fetchval(ADD, *row)
    if id_ is None:
        raise HTTPException(422)
    return Response(status_code=201, headers={"Location": f"/pessoas/{id_}"})


@app.get("/pessoas/{id_}")
async def find(id_: UUID) -> Response:
    row = await app.state.pool.fetchrow(FIND, id_)
    if row is None:
        raise HTTPException(404)
    return as_json(_content_of(row))


@app.get("/pessoas")
async def search(t: str = "") -> Response:
    if not t:
        raise HTTPException(400)
    escaped = t.lower().replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    rows = await app.state.pool.fetch(SEARCH, f"%{escaped}%")
    return as_json([_content_of(row) for row in rows])


@app.get("/contagem-pessoas")
async def count() -> Response:
    return Response(str(await app.state.pool.fetchval("SELECT count(*) FROM pessoas")))


def _content_of(row: Any) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "apelido": row["apelido"],
        "nome": row["nome"],
        "nascimento": row["nascimento"].isoformat(),
        "stack": row["stack"],
    }


if __name__ == "__main__":
    serve(app)
