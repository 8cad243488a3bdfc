# shellcheck shell=sh
# Prints the messages of messages.txt; to be sourced at the top of a checkout. messages.py is for Python.

message() { # NAME ARGUMENT...
    format=$(sed -n "s/^$1=//p" stack/messages.txt)
    shift
    # shellcheck disable=SC2059 # the message is the format
    printf "$format\n" "$@"
}

fail() {
    echo "rinha: $*" >&2
    exit 2
}
