"""The engine: a PostgreSQL server, or several of which one is the primary."""

from rinha.errors import StoreUnusableError

try:
    import psycopg  # noqa: F401 - who asks for this folder asks for that package
except ImportError:
    raise StoreUnusableError(
        "a ledger on PostgreSQL needs psycopg 3: stack/setup.sh postgres in a checkout, "
        "elsewhere pip install 'psycopg[binary]'"
    ) from None
