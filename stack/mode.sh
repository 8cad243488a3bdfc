#!/bin/sh
# Which way the stack runs, or would: `local` while plain processes of this checkout run, where the ledger is
# on servers, and where no Docker engine answers; else `docker`.
cd "$(dirname "$0")/.." || exit
pid=$(cat var/runsvdir.pid 2>/dev/null)
ledger=${RINHA_LEDGER:-$(sed -n 's/^RINHA_LEDGER=//p' .env 2>/dev/null)}
if [ -n "$pid" ] && grep -q var/service "/proc/$pid/cmdline" 2>/dev/null; then
    echo local
elif case $ledger in postgres://* | postgresql://*) true ;; *) false ;; esac then
    echo local
elif docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1; then
    echo docker
else
    echo local
fi
