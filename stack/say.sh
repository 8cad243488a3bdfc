# shellcheck shell=sh
# What the stack tells people, in sentences that both ways of running share: to be sourced at the top of a checkout.

say() { # NAME WORD...
    sentence=$(sed -n "s/^$1=//p" stack/sentences)
    shift
    # shellcheck disable=SC2059 # the sentence is the format
    printf "$sentence\n" "$@"
}

fail() {
    echo "rinha: $*" >&2
    exit 2
}
