# shellcheck shell=sh
# The reader of `.env` for sh, to be sourced at the top of a checkout; dotenv.py is the one for Python, and reads
# every line alike.

. stack/messages.sh

# Exports what the file sets, but for what the environment has already; ends the script where a line is refused.
read_dotenv() {
    [ -e .env ] || [ -L .env ] || return 0
    { [ -f .env ] && [ -r .env ]; } || fail "$(message DOTENV_NO_FILE)"
    max_bytes=100000
    [ "$(wc -c <.env)" -le $max_bytes ] || fail "$(message DOTENV_TOO_LONG $max_bytes)"
    # An awk may end a line at a null byte.
    pairs=$(tr '\000' '\001' <.env | LC_ALL=C awk "$dotenv_awk" stack/messages.txt stack/dotenv.names -) || exit 2
    while IFS= read -r pair; do
        name=${pair%%=*}
        [ -z "$name" ] || eval "[ \"\${$name+set}\" ]" || {
            eval "$name=\${pair#*=}"
            export "${name?}"
        }
    done <<EOF
$pairs
EOF
}

# Prints NAME=VALUE for each name, or one message of a refusal.
# shellcheck disable=SC2016 # awk has variables of its own
dotenv_awk='
function refuse(reason, name, near) {
    text = messages[reason]
    sub(/%s/, FNR, text); sub(/%s/, name, text); sub(/%s/, near, text)
    print "rinha: " text | "cat >&2"
    close("cat >&2")
    refused = 1
    exit 2
}
function is_known(name, i) {
    for (i = 1; i <= known; i++)
        if (names[i] == name || names[i] ~ /\*$/ && index(name, substr(names[i], 1, length(names[i]) - 1)) == 1)
            return 1
    return 0
}
# Twice the longest common subsequence, of both lengths together.
function likeness(a, b, i, j, row, old, corner) {
    split("", row)
    for (i = 1; i <= length(a); i++) {
        corner = 0
        for (j = 1; j <= length(b); j++) {
            old = row[j] + 0
            if (substr(a, i, 1) == substr(b, j, 1)) row[j] = corner + 1
            else if (row[j - 1] > old) row[j] = row[j - 1]
            corner = old
        }
    }
    return 2 * row[length(b)] / (length(a) + length(b))
}
function nearest(name, i, best, found, like) {
    best = 0.6
    for (i = 1; i <= known; i++) {
        like = names[i] ~ /\*$/ ? 0 : likeness(toupper(name), names[i])
        if (like >= best) { best = like; found = names[i] }
    }
    return found
}
FILENAME == "stack/messages.txt" { at = index($0, "="); messages[substr($0, 1, at - 1)] = substr($0, at + 1); next }
FILENAME == "stack/dotenv.names" { names[++known] = $0; next }
FNR == 1 && substr($0, 1, 3) == "\357\273\277" { $0 = substr($0, 4) }
{
    line = $0
    sub(/\r$/, "", line)
    gsub(/^[ \t]+|[ \t]+$/, "", line)
    if (line == "" || line ~ /^#/) next
    if (line ~ /[\001-\037\177]/) refuse("DOTENV_CONTROL")
    sub(/^export +/, "", line)
    at = index(line, "=")
    name = substr(line, 1, at - 1)
    sub(/ +$/, "", name)
    if (!at || name !~ /^[A-Za-z_][A-Za-z0-9_]*$/ || length(name) > 64) refuse("DOTENV_NO_PAIR")
    if (!is_known(name)) {
        near = nearest(name)
        refuse(near == "" ? "DOTENV_UNKNOWN" : "DOTENV_NEAR", name, near)
    }
    value = substr(line, at + 1)
    sub(/^ +/, "", value)
    quote = substr(value, 1, 1)
    if (quote == "\047" || quote == "\"") {
        value = substr(value, 2)
        at = index(value, quote)
        if (!at) refuse("DOTENV_OPEN_QUOTE")
        rest = substr(value, at + 1)
        value = substr(value, 1, at - 1)
        if (quote == "\"" && value ~ /[$\\]/) refuse("DOTENV_EXPANDED")
        if (value ~ /\\$/) refuse("DOTENV_BACKSLASH")
        if (rest != "" && rest !~ /^ +#/) refuse("DOTENV_AFTER_QUOTE")
    } else {
        if (quote == "#") refuse("DOTENV_HASH")
        at = index(value, " #")
        if (at) value = substr(value, 1, at - 1)
        sub(/ +$/, "", value)
        if (index(value, "$")) refuse("DOTENV_EXPANDED")
        if (value ~ /[\047"]/) refuse("DOTENV_QUOTES")
    }
    values[name] = value
}
END { if (!refused) for (name in values) print name "=" values[name] }
'
