#!/bin/sh
# Prints how the stack runs or would run: `local` while plain processes of this checkout run, `docker` while its
# containers do. Else MODE of .env; without it `local` if the ledger is on servers or no Docker engine answers.
CDPATH='' cd "$(dirname "$0")/.." || exit
. stack/dotenv.sh
# Every target reads .env again, and reports its errors.
(read_dotenv) 2>/dev/null || { echo local; exit; }
read_dotenv
answers() { docker info >/dev/null 2>&1 && docker compose version >/dev/null 2>&1; }
contained() { answers && [ -n "$(docker compose --env-file /dev/null ps --quiet --status running 2>/dev/null)" ]; }

# The pid file may have been removed with var/, while the stack runs.
supervisor() {
    cat var/runsvdir.pid && return
    for process in /proc/[0-9]*; do
        [ "$process/cwd" -ef . ] && read -r name <"$process/comm" && [ "$name" = runsvdir ] &&
            grep -q var/service "$process/cmdline" && echo "${process#/proc/}" && return
    done
}
pid=$(supervisor 2>/dev/null)
case ${RINHA_LEDGER:-} in postgres://* | postgresql://*) : "${MODE:=local}" ;; esac
if [ -n "$pid" ] && grep -q var/service "/proc/$pid/cmdline" 2>/dev/null; then
    echo local
elif [ -n "${MODE:-}" ] && { [ "$MODE" != local ] || ! contained; }; then
    echo "$MODE"
elif answers; then
    echo docker
else
    echo local
fi
