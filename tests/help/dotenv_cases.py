"""Table of `.env` files that every reader of them is tested with."""

# Accepted files, and the settings that each one makes.
READ: dict[str, tuple[bytes, dict[str, str]]] = {
    "nothing": (b"", {}),
    "plain": (b"PORT=8888\n", {"PORT": "8888"}),
    "no last line break": (b"PORT=8888", {"PORT": "8888"}),
    "comments and empty lines": (b"# PORT=1\n\n   # mine\nPORT=2\n  \n", {"PORT": "2"}),
    "comment behind": (b"PORT=1 # for now\n", {"PORT": "1"}),
    "number sign inside": (b"RINHA_LEDGER=a#b\n", {"RINHA_LEDGER": "a#b"}),
    "single quotes": (b"RINHA_EDITION='pessoas'\n", {"RINHA_EDITION": "pessoas"}),
    "double quotes": (b'RINHA_EDITION="pessoas"\n', {"RINHA_EDITION": "pessoas"}),
    "comment behind quotes": (
        b"PORT='1' # for now\nMODE=\"local\"  #\n",
        {"PORT": "1", "MODE": "local"},
    ),
    "number sign in quotes": (
        b"RINHA_LEDGER='a # b'\nPGUSER=\" #\"\n",
        {"RINHA_LEDGER": "a # b", "PGUSER": " #"},
    ),
    "quotes in other quotes": (
        b"PGUSER='a\"b'\nPGHOST=\"it's\"\n",
        {"PGUSER": 'a"b', "PGHOST": "it's"},
    ),
    "blanks in quotes": (b"PGUSER=' a '\n", {"PGUSER": " a "}),
    "export": (b"export PORT=1\n  export   MODE=local\n", {"PORT": "1", "MODE": "local"}),
    "blanks around": (
        b"  PORT  =  1  \nMODE =local\nPGUSER= a b \n",
        {"PORT": "1", "MODE": "local", "PGUSER": "a b"},
    ),
    "tabs at both ends": (b"\tPORT=1\t\n", {"PORT": "1"}),
    "empty": (
        b"RINHA_REPLICA=\nPGUSER=''\nMODE=\"\"\n",
        {"RINHA_REPLICA": "", "PGUSER": "", "MODE": ""},
    ),
    "twice": (b"PORT=8888\nMODE=local\nPORT=7777\n", {"PORT": "7777", "MODE": "local"}),
    "equals sign inside": (
        b"RINHA_LEDGER=postgresql://a@b/c?x=y=z\n",
        {"RINHA_LEDGER": "postgresql://a@b/c?x=y=z"},
    ),
    "byte order mark": (b"\xef\xbb\xbfPORT=1\n", {"PORT": "1"}),
    "Windows' line ends": (
        b"PORT=1\r\nMODE='local'\r\nPGUSER=\r\n",
        {"PORT": "1", "MODE": "local", "PGUSER": ""},
    ),
    "dollar in single quotes": (b"PGPASSWORD='a$HOME$$`id`'\n", {"PGPASSWORD": "a$HOME$$`id`"}),
    "backslashes": (
        b"PGPASSWORD=a\\nb\\\nPGUSER='a\\n\\\\b'\n",
        {"PGPASSWORD": "a\\nb\\", "PGUSER": "a\\n\\\\b"},
    ),
    "letters of any script": (
        "RINHA_LEDGER=/mnt/é/ü.db\n".encode(),
        {"RINHA_LEDGER": "/mnt/é/ü.db"},
    ),
    "a shell's own characters": (
        b"PGPASSWORD=`id`;&|<>()*?[]{}~!%s\n",
        {"PGPASSWORD": "`id`;&|<>()*?[]{}~!%s"},
    ),
    "long": (b"PGUSER=" + b"x" * 90_000 + b"\n", {"PGUSER": "x" * 90_000}),
    "other programs' settings": (
        b"AWS_REGION=a\nPGPASSFILE=b\n",
        {"AWS_REGION": "a", "PGPASSFILE": "b"},
    ),
}
# Refused files: the line and a part of the reason that the error has to name.
REFUSED: dict[str, tuple[bytes, int, str]] = {
    "no pair": (b"PORT=1\nnonsense\n", 2, "not NAME=VALUE"),
    "no name": (b"\n\n=1\n", 3, "not NAME=VALUE"),
    "a name alone": (b"export PORT\n", 1, "not NAME=VALUE"),
    "another mark": (b"PORT: 1\n", 1, "not NAME=VALUE"),
    "no name of a variable": (b"1PORT=1\n", 1, "not NAME=VALUE"),
    "an endless name": (b"A" * 90_000 + b"=1\n", 1, "not NAME=VALUE"),
    "a library": (b"LD_PRELOAD=/tmp/evil.so\n", 1, "LD_PRELOAD is not a setting: remove"),
    "the path": (b"PORT=1\nPATH=/tmp\n", 2, "PATH is not a setting: remove"),
    "Python's path": (b"export PYTHONPATH='/tmp'\n", 1, "PYTHONPATH is not a setting"),
    "nearly a setting": (b"RINHA_RESETT=off\n", 1, "did you mean RINHA_RESET?"),
    "letters in another order": (b"PROT=8888\n", 1, "did you mean PORT?"),
    "a letter less": (b"OPSPORT=off\n", 1, "did you mean OPS_PORT?"),
    "small letters": (b"rinha_reset=off\n", 1, "did you mean RINHA_RESET?"),
    "make's word": (b"EDITION=pessoas\n", 1, "did you mean RINHA_EDITION?"),
    "an old name": (b"RINHA_FILE=a\n", 1, "RINHA_FILE is not a setting"),
    "an open quote": (b"PORT='1\nMODE='local'\n", 1, "not closed"),
    "an open quote of the other kind": (b'PORT="1\n', 1, "not closed"),
    "words behind quotes": (b"PORT='1'2\n", 1, "closing quote"),
    "a comment at the quote": (b"PORT='1'#2\n", 1, "closing quote"),
    "a quote in the middle": (b"PGUSER=it's\n", 1, "quotes"),
    "dollar": (b"RINHA_LEDGER=$HOME/a\n", 1, "single quotes"),
    "dollar in double quotes": (b'RINHA_LEDGER="$HOME/a"\n', 1, "single quotes"),
    "backslash in double quotes": (b'RINHA_LEDGER="a\\nb"\n', 1, "single quotes"),
    "backslash at the quote": (b"RINHA_LEDGER='a\\'\n", 1, "backslash"),
    "a number sign at once": (b"PORT= # for now\n", 1, "begins with #"),
    "a tab inside": (b"PORT=1\t# for now\n", 1, "control character"),
    "an old Mac's line ends": (b"PORT=1\rMODE=local\r", 1, "control character"),
    "a null byte": (b"MODE=local\nPORT=1\0\n", 2, "control character"),
    "an escape": (b"PORT=\x1b[2J\n", 1, "control character"),
    "a program": (b"\x7fELF\x02\x01\x01\0\0\0", 1, "control character"),
    "16 bits a letter": ("PORT=1\n".encode("utf-16"), 1, "control character"),
}
