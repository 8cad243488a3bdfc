"""Makes a man page from the parser of a program."""

import argparse
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Manual:
    """Parts of a page that the parser does not have."""

    name: str
    version: str
    other_names: Sequence[str] = ()
    # Variables of the environment, each with its default and its meaning.
    variables: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    examples: str = ""


def page(of: Manual, top: argparse.ArgumentParser) -> str:
    """Returns the page in roff, as `man` reads it."""
    return "\n".join(_lines(of, top)) + "\n"


def _lines(of: Manual, top: argparse.ArgumentParser) -> Iterator[str]:
    names = ", ".join([of.name, *of.other_names])
    yield f'.TH {_word(of.name.upper())} 1 "" {_word(f"{of.name} {of.version}")}'
    yield ".SH NAME"
    yield f"{_text(names)} \\- {_text(_first_sentence(top.description or ''))}"
    yield ".SH SYNOPSIS"
    yield f".B {_text(of.name)}"
    yield "COMMAND [ARGUMENT...]"
    yield ".SH DESCRIPTION"
    yield from _paragraphs(top.description or "")
    yield ".SH COMMANDS"
    for command, help_text, one in _commands(top):
        yield f".SS {_word(command)}"
        yield from _command(help_text, one)
    if of.variables:
        yield ".SH ENVIRONMENT"
    for name, (default, meaning) in of.variables.items():
        yield ".TP"
        yield f"\\fB{_text(name)}\\fR={_text(default)}"
        yield _text(meaning)
    if of.examples:
        yield ".SH EXAMPLES"
        yield ".nf"
        yield from map(_text, of.examples.strip("\n").splitlines())
        yield ".fi"


def _commands(
    above: argparse.ArgumentParser,
) -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    """Yields each command, and after it those below it: the name, the help and the parser."""
    for action in above._actions:
        if isinstance(action, argparse._SubParsersAction):
            for named in action._choices_actions:
                one = action.choices[named.dest]
                yield one.prog, _help(named), one
                yield from _commands(one)


def _command(help_text: str, one: argparse.ArgumentParser) -> Iterator[str]:
    yield _text(f"{help_text[:1].upper()}{help_text[1:]}.")
    for action in one._actions:
        if isinstance(action, argparse._HelpAction | argparse._SubParsersAction):
            continue
        yield ".TP"
        yield _argument(action)
        yield _text(_help(action)) or "\\&"


def _argument(action: argparse.Action) -> str:
    name = action.metavar or action.dest
    value = name if isinstance(name, str) else " ".join(name)
    if action.choices and not action.metavar:
        value = "|".join(map(str, action.choices))
    shown = f"\\fI{_text(value)}\\fR"
    if not action.option_strings:
        return shown
    flags = ", ".join(f"\\fB{_text(flag)}\\fR" for flag in action.option_strings)
    return flags if action.nargs == 0 else f"{flags} {shown}"


def _help(action: argparse.Action) -> str:
    return (action.help or "").replace("%%", "%")


def _first_sentence(text: str) -> str:
    return re.split(r"\.\s|\.$", " ".join(text.split()), maxsplit=1)[0]


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        yield ".PP"
        yield _text(" ".join(paragraph.split()))


def _word(text: str) -> str:
    """Returns one argument of a request."""
    return '"' + _text(text).replace('"', "\\(dq") + '"'


def _text(text: str) -> str:
    """Escapes a line: a backslash, a hyphen to copy, and what would be a request at its start.

    troff reads one byte as one character.
    """
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    escaped = "".join(one if one.isascii() else f"\\[u{ord(one):04X}]" for one in escaped)
    return f"\\&{escaped}" if escaped[:1] in {".", "'"} else escaped
