"""Django on PostgreSQL through psycopg 3, under gunicorn, as its deployment guide has it.

DEBUG is off, connections are persistent, and no middleware or application is installed that these
two paths do not need.
"""

import json
import os
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.http import require_GET, require_POST

settings.configure(
    DEBUG=False,
    # nginx.conf passes no Host on.
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[],
    INSTALLED_APPS=[],
    USE_I18N=False,
    LOGGING_CONFIG=None,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": os.environ["PGHOST"],
            "USER": os.environ["PGUSER"],
            "NAME": os.environ["PGDATABASE"],
            # Persistent: a connection for each request would cost more than its statements.
            "CONN_MAX_AGE": None,
        }
    },
)
application = get_wsgi_application()


class Cliente(models.Model):
    limite = models.BigIntegerField()
    saldo = models.BigIntegerField()

    class Meta:
        app_label, db_table, managed = "bench", "clientes", False


class Transacao(models.Model):
    id = models.BigAutoField(primary_key=True)
    cliente = models.ForeignKey(Cliente, models.DO_NOTHING)
    valor = models.BigIntegerField()
    tipo = models.CharField(max_length=1)
    descricao = models.CharField(max_length=10)
    realizada_em = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label, db_table, managed = "bench", "transacoes", False


def fields_of(body: bytes) -> tuple[int, str, str] | None:
    """Returns valor, tipo and descricao, or None if one is against its rule."""
    try:
        found = json.loads(body)
        valor, tipo, descricao = found["valor"], found["tipo"], found["descricao"]
    except (ValueError, TypeError, KeyError):
        return None
    holds = type(valor) is int and 0 < valor < 2**53 and tipo in ("c", "d")
    if not holds or not isinstance(descricao, str) or not 1 <= len(descricao) <= 10:
        return None
    return valor, tipo, descricao


@require_POST
def transact(request: HttpRequest, id_: int) -> HttpResponse:
    fields = fields_of(request.body)
    if fields is None:
        return HttpResponse(status=422)
    valor, tipo, descricao = fields
    with transaction.atomic():
        # The row is locked until the commit, so no other request sees the balance in between.
        cliente: Any = Cliente.objects.select_for_update().filter(pk=id_).first()
        if cliente is None:
            return HttpResponse(status=404)
        cliente.saldo += valor if tipo == "c" else -valor
        if cliente.saldo < -cliente.limite:
            return HttpResponse(status=422)
        cliente.save(update_fields=["saldo"])
        Transacao.objects.create(cliente=cliente, valor=valor, tipo=tipo, descricao=descricao)
    return JsonResponse({"limite": cliente.limite, "saldo": cliente.saldo})


@require_GET
def extrato(_request: HttpRequest, id_: int) -> HttpResponse:
    # The lock makes both queries one snapshot.
    with transaction.atomic():
        cliente: Any = Cliente.objects.select_for_update().filter(pk=id_).first()
        if cliente is None:
            return HttpResponse(status=404)
        newest = list(Transacao.objects.filter(cliente=cliente).order_by("-id")[:10])
    saldo = {"total": cliente.saldo, "data_extrato": _utc(datetime.now(UTC))}
    ultimas = [
        {
            "valor": one.valor,
            "tipo": one.tipo,
            "descricao": one.descricao,
            "realizada_em": _utc(one.realizada_em),
        }
        for one in newest
    ]
    return JsonResponse(
        {"saldo": {**saldo, "limite": cliente.limite}, "ultimas_transacoes": ultimas}
    )


def _utc(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%S.%f}Z"


urlpatterns = [
    path("clientes/<int:id_>/transacoes", transact),
    path("clientes/<int:id_>/extrato", extrato),
]
