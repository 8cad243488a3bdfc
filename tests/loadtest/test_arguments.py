"""The options of the commands."""

import argparse

import pytest

from loadtest.commands.parser import parser

HTTP = {"--header", "--cacert", "--insecure"}
FILES = {"--json", "--html", "--junit", "--markdown", "--baseline", "--save-baseline"}
RULES = {"--strict", "--no-strict", "--all"}
# Common options of each command; each command has further options of its own.
COMMON = {
    "run": {"--plain", "--edition", "--reset", "--seed", *HTTP, *RULES, *FILES},
    "official": {"--plain", "--edition", "--reset", "--seed", "--scale", *HTTP, *RULES, *FILES},
    "check": {"--plain", "--edition", "--reset", "--seed", *HTTP, *RULES, *FILES},
    "gatling": {"--plain", "--edition", "--reset", "--scale", *FILES},
    "score": {"--plain", "--edition", *FILES},
    "report": {"--plain", "--all", *FILES},
    "arena": {"--plain", "--edition", "--seed", "--scale", "--all", *FILES},
    "compare": {"--plain"},
    "completion": {"--plain"},
    "league": {"--plain", "--html", "--markdown"},
    "schema": {"--plain"},
}


def options() -> dict[str, dict[str, str | None]]:
    """Returns the options of each command with their help texts."""
    [commands] = [
        action for action in parser()._actions if isinstance(action, argparse._SubParsersAction)
    ]
    return {
        name: {word: action.help for action in command._actions for word in action.option_strings}
        for name, command in commands.choices.items()
    }


def test_every_command_has_the_words_that_make_sense_on_it() -> None:
    """A common option is on every command where it has a meaning, and on no other."""
    everywhere = set().union(*COMMON.values())
    assert {name: set(words) & everywhere for name, words in options().items()} == COMMON


def test_a_word_means_the_same_on_every_command() -> None:
    """An option has the same help text on every command."""
    meanings: dict[str, set[str | None]] = {}
    for words in options().values():
        for word, meaning in words.items():
            meanings.setdefault(word, set()).add(meaning)
    assert [word for word, texts in meanings.items() if len(texts) > 1] == []


@pytest.mark.parametrize("command", options())
def test_every_command_shows_its_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` of each command ends well and names each of its options."""
    with pytest.raises(SystemExit) as ended:
        parser().parse_args([command, "--help"])
    shown = capsys.readouterr().out
    assert ended.value.code == 0
    assert [word for word in options()[command] if word not in shown] == []
