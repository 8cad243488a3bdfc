"""The table of commands: the help and the options of each."""

DESCRIPTION = """\
The judge of the Rinha de Backend as a command: does the official run against the server on
port 9999, checks the contract rule by rule, and measures load."""

EXAMPLES = """\
examples:
  loadtest official                     the whole official run, four minutes, ends in USD
  loadtest official --scale 0.05        a rehearsal: 12 seconds of the same
  loadtest official --edition pessoas   the contest of the year before, in three and a half
  loadtest check                        the broken rules of the contract, with curl lines
  loadtest arena ENTRY                  an entry from its compose file to its verdict
  loadtest arena ENTRY --rules-only     only the arena's rules on its compose file
  loadtest gatling                      the same run by Gatling itself, with its own report
  loadtest score out/gatling/NAME       the verdict on Gatling's results
  loadtest run -c 14 -d 30              as fast as it goes, 14 connections, 30 seconds
  loadtest run -r 340 -d 60             340 requests/s, however slow the target is
  loadtest run --ramp 1:2000 -d 60      from 1 to 2,000 requests/s in a minute
  loadtest run --stages 10s:100,1m:340,10s:0
  loadtest run --mix 1:1:1 --clients 1 --header 'X-Team: ours' https://example.com
  loadtest run -r 340 --threshold 'p99<5' --threshold 'debits.p99<4' --html out/run.html
  loadtest run -c 14 --rounds 6 --json out/before.json
  loadtest run localhost:9999 --pair localhost:8888 -c 14 -d 5
  loadtest compare before.json after.json --fail-on-regression
  loadtest league out/ --html out/league.html   many reports as one table

exit codes: 0 fine, 1 verdict bad, 2 usage, 3 target unreachable, 4 run invalid, 130 Ctrl-C"""


FILES = ("--json", "--html", "--junit", "--markdown", "--baseline", "--save-baseline")
TARGET = ("--edition", "url", "--reset")
HTTP = ("--header", "--cacert", "--insecure")
# Each command with its help and its options; every command has --plain.
COMMANDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "run": (
        "send the mix of the official run",
        (
            *(*TARGET, *HTTP, "--rate", "--ramp", "--stages", "--connections", "--duration"),
            *("--requests", "--poisson", "--new-connections", "--mix", "--only", "--clients"),
            *("--workers", "--threshold", "--rounds", "--pair", "--no-checks", "--seed"),
            *("--strict", "--all", *FILES),
        ),
    ),
    "official": (
        "do the official run and give the verdict",
        (
            *(*TARGET, *HTTP, "--speed", "--scale", "--threshold", "--rounds", "--seed"),
            *("--strict", "--all", *FILES),
        ),
    ),
    "gatling": (
        "let Gatling do the official run, and score it",
        (*TARGET, "--scale", "--simulation", *FILES),
    ),
    "score": (
        "give the official verdict on a folder of Gatling's results",
        ("--edition", "folder", *FILES),
    ),
    "check": (
        "check every rule of the contract",
        (*TARGET, *HTTP, "--seed", "--strict", "--idempotency", "--all", *FILES),
    ),
    "arena": (
        "run an entry from its compose file as the arena does",
        (
            *("--edition", "entry", "--rules-only", "--rounds", "--speed", "--scale"),
            *("--threshold", "--seed", "--all", *FILES),
        ),
    ),
    "compare": ("compare two reports or baselines", ("before", "after", "--fail-on-regression")),
    "completion": ("print the completion of a shell, for the words after `loadtest`", ("shell",)),
    "report": ("show a saved report again, or as a page", ("file", "--all", *FILES)),
    "league": (
        "make one table of many saved reports",
        ("reports", "--ceiling", "--html", "--csv", "--markdown"),
    ),
    "schema": ("print the JSON Schema of the report", ()),
}
