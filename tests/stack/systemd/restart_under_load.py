"""Sends 340 transactions/s to the service while systemd replaces its instances."""

import subprocess
import sys

from tests.help.transaction_load import TransactionLoad


def main() -> None:
    with TransactionLoad(int(sys.argv[1]), 340, seed=5) as load:
        subprocess.run(["systemctl", "start", "rinha-restart"], check=True)
    load.assert_explains_every_balance()
    print(f"requests: {len(load.outcomes)}")
    print(f"failed: {len(load.failed)}", *load.failed)


if __name__ == "__main__":
    main()
