"""The table of options: type, default and help of each."""

import argparse
import os
from pathlib import Path
from typing import Any

from loadtest.commands.load_values import clientes, mix, stages
from loadtest.commands.target import authorities, header
from loadtest.commands.values import (
    address,
    baseline_name,
    duration,
    edition_name,
    number,
    ramp,
    saved_report,
    threshold,
    whole,
)
from loadtest.editions import CONTESTS, EDITIONS
from loadtest.limits import (
    CONNECTIONS_MAX,
    RATE_MAX,
    ROUNDS_MAX,
    ROUNDS_OF_A_PAIR,
    WORKERS_MAX,
)

DEFAULT_URL = "http://localhost:9999"
DEFAULT_CONNECTIONS = 14
DEFAULT_DURATION_S = 10.0
DEFAULT_REGRESSION_PERCENT = 10.0
SHELLS = ("bash", "zsh", "fish")

SHORT = {"--rate": "-r", "--connections": "-c", "--duration": "-d", "--requests": "-n"}
CONTEST_OF = {name: contest for contest, name in CONTESTS.items()}
EDITION_HELP = " or ".join(f"{name} ({CONTEST_OF[name]})" for name in EDITIONS)
FLAG: dict[str, Any] = {"action": "store_true"}
REPORT: dict[str, Any] = {
    "help": "a JSON report, the set of --rounds, a folder of them, or a baseline's name"
}
SHARE: dict[str, Any] = {"default": 1.0, "metavar": "X"}
OPTIONS: dict[str, dict[str, Any]] = {
    "--plain": {**FLAG, "help": "no live screen and no colours, on a terminal too"},
    "--edition": {
        "type": edition_name,
        "default": next(iter(EDITIONS)),
        "metavar": "NAME",
        "help": f"{EDITION_HELP}; default {next(iter(EDITIONS))}",
    },
    "url": {
        "nargs": "?",
        "type": address,
        # A text is parsed as an argument is. `make load` names the stack of its clone.
        "default": os.environ.get("LOADTEST_URL") or DEFAULT_URL,
        "metavar": "URL",
        "help": f"where the target listens (default: LOADTEST_URL, or {DEFAULT_URL})",
    },
    "--header": {
        "type": header,
        "action": "append",
        "default": [],
        "metavar": "'NAME: VALUE'",
        "help": "send this header with every request (repeatable)",
    },
    "--cacert": {
        "type": authorities,
        "metavar": "FILE",
        "help": "for https://: trust the authorities of this PEM file, not the system's",
    },
    "--insecure": {**FLAG, "help": "for https://: do not verify the target's certificate"},
    "--reset": {**FLAG, "help": "POST /reset first, for a target that has it"},
    "--json": {"type": Path, "metavar": "FILE", "help": "write the report as JSON"},
    "--html": {"type": Path, "metavar": "FILE", "help": "write the report as a page"},
    "--junit": {"type": Path, "metavar": "FILE", "help": "write each check as a test case, in XML"},
    "--markdown": {"type": Path, "metavar": "FILE", "help": "write as Markdown"},
    "--baseline": {
        "type": saved_report,
        "metavar": "REPORT",
        "help": "add the difference to this JSON report or baseline",
    },
    "--save-baseline": {
        "type": baseline_name,
        "metavar": "NAME",
        "help": "save the report for `compare NAME …`",
    },
    "--seed": {
        "type": whole(0, 2**31),
        "metavar": "N",
        "help": "repeat the random choices of a run (default: drawn)",
    },
    "--strict": {
        "action": argparse.BooleanOptionalAction,
        "help": "every rule of the contract, not only those of the official judge",
    },
    "--idempotency": {
        **FLAG,
        "help": "check the header Idempotency-Key too, of an entry that takes it (crebitos)",
    },
    "--all": {**FLAG, "dest": "every_rule", "help": "show the rules that hold one by one too"},
    "--rate": {"type": number(RATE_MAX), "help": "open loop: so many requests a second"},
    "--ramp": {
        "type": ramp,
        "metavar": "FROM:TO",
        "help": "open loop: a rate that grows or falls",
    },
    "--stages": {
        "type": stages,
        "metavar": "10s:100,…",
        "help": "open loop: durations, and the rate at the end of each; it begins at 0",
    },
    "--mix": {
        "type": mix,
        "metavar": "22:11:1",
        "help": "weights of the types: debits:credits:statements; "
        "pessoas: posts:details:searches:searches without t",
    },
    "--clients": {
        "type": clientes,
        "dest": "clientes",
        "metavar": "1,3-5",
        "help": "send requests of these clients only (crebitos)",
    },
    "--connections": {
        "type": whole(1, CONNECTIONS_MAX),
        "metavar": "N",
        "help": f"closed loop: so many connections (default {DEFAULT_CONNECTIONS}); "
        "with a rate: at most so many (default: as many as it takes)",
    },
    "--duration": {"type": duration, "metavar": "S", "help": "seconds, or 2m (default 10)"},
    "--requests": {"type": whole(1, 10**9), "metavar": "N", "help": "stop after so many requests"},
    "--poisson": {**FLAG, "help": "with --rate: random spacing instead of even"},
    "--new-connections": {
        **FLAG,
        "help": "one new connection per request, as the official judge does",
    },
    "--only": {
        "metavar": "TYPE",
        "help": "requests of one type of the mix only, by its name in the report",
    },
    "--workers": {
        "type": whole(1, WORKERS_MAX),
        "default": 1,
        "metavar": "N",
        "help": "generator processes, when cores allow (default 1)",
    },
    "--threshold": {
        "type": threshold,
        "action": "append",
        "default": [],
        "metavar": "'p99<5'",
        "help": "fail unless it holds: min, p50…p99.99, max, mean, stdev in ms; rate; failures; "
        "'debits.p99<5' for one type (repeatable)",
    },
    "--rounds": {
        "type": whole(1, ROUNDS_MAX),
        "metavar": "N",
        "help": "run N times: the median, its interval and the spread of each figure (default 1, "
        f"and {ROUNDS_OF_A_PAIR} with the --pair of `run`)",
    },
    "--pair": {
        "type": address,
        "metavar": "URL",
        "help": "run this target and the first one alternately, and tell if it is better or worse",
    },
    "--no-checks": {
        "dest": "checked",
        "action": "store_false",
        "help": "only measure: do not check answers, balances and histories",
    },
    "--speed": {
        **SHARE,
        "type": number(1000),
        "help": "rehearsal: the same requests, X times as fast",
    },
    "--scale": {
        **SHARE,
        "type": number(1),
        "help": "rehearsal: the share X of the load, at the official rates",
    },
    "--simulation": {
        "type": Path,
        "metavar": "FILE",
        "help": "a Scala simulation to run instead of ours, unchanged: it chooses target and load",
    },
    "folder": {
        "type": Path,
        "metavar": "RESULTS_DIR",
        "help": "with simulation.log, and js/ if there is one",
    },
    "entry": {
        "nargs": "?",
        "type": Path,
        "default": Path(),
        "metavar": "ENTRY",
        "help": "a folder with a compose file, or the file itself (default: this folder)",
    },
    "--rules-only": {
        **FLAG,
        "help": "only the arena's rules on the compose file; starts nothing and needs no Docker",
    },
    "shell": {"choices": SHELLS, "metavar": "|".join(SHELLS), "help": "the shell"},
    "before": {"metavar": "BEFORE", **REPORT},
    "after": {
        "nargs": "?",
        "metavar": "AFTER",
        "help": "the same; left out for the set of --pair, which has both targets",
    },
    "file": {"metavar": "REPORT", **REPORT},
    "reports": {
        "type": Path,
        "nargs": "+",
        "metavar": "DIR|REPORT",
        "help": "JSON reports, or folders of them; an entry.json beside them names the entry",
    },
    "--ceiling": {
        "type": Path,
        "action": "append",
        "default": [],
        "metavar": "REPORT",
        "help": "a closed loop against a constant answer, for the share of the machine's ceiling "
        "(repeatable, one a machine)",
    },
    "--csv": {"type": Path, "metavar": "FILE", "help": "write the table as CSV"},
    "--fail-on-regression": {
        "type": number(1000),
        "nargs": "?",
        "metavar": "PERCENT",
        "const": DEFAULT_REGRESSION_PERCENT,
        "help": "exit 1 when a figure is worse by more than this and than the noise (default 10), "
        "2 when the runs cannot be compared, 4 when one of them is invalid",
    },
}
