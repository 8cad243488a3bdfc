"""Writes the man pages and the shell completions into a folder, laid out as /usr/share is."""

import argparse
import sys
from pathlib import Path

from loadtest.commands import completion
from loadtest.commands.parser import parser as judge_parser
from loadtest.commands.table import EXAMPLES
from manual.man import Manual, page
from rinha.settings import SETTINGS
from stack.__main__ import arguments
from stack.paths import ROOT

# Where each shell looks below /usr/share and /usr/local/share; zsh finds the second in $fpath.
PLACES = {
    "bash": "bash-completion/completions/{name}",
    "zsh": "zsh/site-functions/_{name}",
    "fish": "fish/vendor_completions.d/{name}.fish",
}


def main() -> int:
    top = argparse.ArgumentParser("python -m manual", description=__doc__)
    top.add_argument("folder", type=Path, metavar="FOLDER")
    folder = top.parse_args().folder
    try:
        for path, text in files().items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, "utf-8")
            print(folder / path)
    except OSError as error:
        print(f"manual: cannot write {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


def files() -> dict[str, str]:
    """Returns the text of each file by its path."""
    version = (ROOT / "VERSION").read_text().strip()
    variables = {name: (setting.default, setting.reason) for name, setting in SETTINGS.items()}
    judge, *other_names = completion.NAMES
    found = {}
    for manual, parser in (
        (Manual("rinha", version, variables=variables), arguments()),
        (Manual(judge, version, other_names, examples=EXAMPLES), judge_parser()),
    ):
        found[f"man/man1/{manual.name}.1"] = page(manual, parser)
        names = [manual.name, *manual.other_names]
        for shell, script in completion.SCRIPTS.items():
            place = PLACES[shell].format(name=manual.name)
            found[place] = script(completion.program(names, parser))
    return found


if __name__ == "__main__":
    sys.exit(main())
