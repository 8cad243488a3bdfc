"""A bank ledger over HTTP that never lets a balance pass its limit. Imports nothing of ours."""
