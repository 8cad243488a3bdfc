"""PostgreSQL engine: one server, or several of which one is the primary."""

from rinha.errors import StoreUnusableError

try:
    import psycopg  # noqa: F401 - checks that the package is installed
except ImportError:
    raise StoreUnusableError(
        "a ledger on PostgreSQL needs psycopg 3: stack/setup.sh postgres in a checkout, "
        "otherwise pip install 'psycopg[binary]'"
    ) from None
