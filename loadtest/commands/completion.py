"""Shell completion: scripts for bash, zsh and fish, made from the tables of commands and options.

A script is static. The shell starts no program at a press of the key, and the one-file judge needs
nothing beside itself.
"""

import argparse
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from loadtest.commands.parser import parser
from loadtest.commands.table import COMMANDS
from loadtest.editions import CONTESTS, EDITIONS, edition
from loadtest.report.judgement import EXIT_FINE

PROGRAM = "loadtest"
# The name of the same command where another program is called loadtest.
OTHER_NAME = "rinha-loadtest"
# Names of values that are files or folders, as they stand in the help.
FILE_NAMES = ("FILE", "DIR", "FOLDER", "REPORT", "BEFORE", "AFTER")


@dataclass(frozen=True, slots=True)
class Option:
    """An option, or a positional value if it has no flags, and what may stand for its value."""

    flags: tuple[str, ...]
    help: str
    value: str  # the name of the value; empty for a flag alone
    words: tuple[str, ...]
    is_file: bool
    is_repeatable: bool


def print_completion(asked: argparse.Namespace) -> int:
    print(SCRIPTS[asked.shell](), end="")
    return EXIT_FINE


def options_by_command() -> dict[str, list[Option]]:
    """Returns the options of each command as its parser has them."""
    [commands] = [
        action for action in parser()._actions if isinstance(action, argparse._SubParsersAction)
    ]
    return {name: list(map(_option, one._actions)) for name, one in commands.choices.items()}


def _option(action: argparse.Action) -> Option:
    takes_value = action.nargs != 0
    name = (action.metavar or action.dest) if takes_value else ""
    name = name if isinstance(name, str) else " ".join(name)
    words = tuple(map(str, action.choices or ())) or _fixed_words(action.dest)
    return Option(
        flags=tuple(action.option_strings),
        help=(action.help or "").replace("%%", "%"),
        value=name,
        words=tuple(word for word in words if " " not in word),
        is_file=takes_value
        and (action.type is Path or any(part in name.upper() for part in FILE_NAMES)),
        is_repeatable=isinstance(action, argparse._AppendAction),
    )


def _fixed_words(dest: str) -> tuple[str, ...]:
    if dest == "edition":
        return (*EDITIONS, *CONTESTS)
    if dest == "only":
        return tuple(kind for name in EDITIONS for kind in edition(name).types)
    return ()


def bash() -> str:
    return "\n".join(_bash_lines(options_by_command())) + "\n"


def _bash_lines(by_command: dict[str, list[Option]]) -> Iterator[str]:
    yield f"# bash completion of {PROGRAM}: source it, or save it as"
    yield f"# ~/.local/share/bash-completion/completions/{PROGRAM}"
    yield "_loadtest() {"
    yield "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}"
    yield "    COMPREPLY=()"
    yield "    if (( COMP_CWORD == 1 )); then"
    yield f"        {_bash_words(list(by_command))}"
    yield "        return"
    yield "    fi"
    # An option means the same on every command, so its values do not depend on the command.
    valued = {one.flags: one for of in by_command.values() for one in of if one.flags and one.value}
    yield "    case $before in"
    for flags, one in valued.items():
        yield f"        {'|'.join(flags)}) {_bash_value(one)}; return ;;"
    yield "    esac"
    yield "    case ${COMP_WORDS[1]} in"
    for command, options in by_command.items():
        every_flag = [flag for one in options for flag in one.flags]
        rest = next((_bash_value(one) for one in options if not one.flags), ":")
        yield f"        {command})"
        yield "            if [[ $word == -* ]]; then"
        yield f"                {_bash_words(every_flag)}"
        yield f"            else {rest}; fi ;;"
    yield "    esac"
    yield "}"
    yield f"complete -F _loadtest {PROGRAM} {OTHER_NAME}"


def _bash_value(one: Option) -> str:
    if one.words:
        return _bash_words(one.words)
    if one.is_file:
        return 'compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$word")'
    return ":"


def _bash_words(words: Sequence[str]) -> str:
    return f'mapfile -t COMPREPLY < <(compgen -W {shlex.quote(" ".join(words))} -- "$word")'


def zsh() -> str:
    return "\n".join(_zsh_lines(options_by_command())) + "\n"


def _zsh_lines(by_command: dict[str, list[Option]]) -> Iterator[str]:
    yield f"#compdef {PROGRAM} {OTHER_NAME}"
    yield f"# zsh completion of {PROGRAM}: source it, or save it in $fpath as _{PROGRAM}"
    yield "_loadtest() {"
    yield "    local -a commands=("
    for command in by_command:
        yield f"        {shlex.quote(f'{command}:{COMMANDS[command][0]}')}"
    yield "    )"
    yield "    if (( CURRENT == 2 )); then _describe command commands; return; fi"
    yield "    local command=$words[2]"
    yield "    shift words; (( CURRENT-- ))"
    yield "    case $command in"
    for command, options in by_command.items():
        yield f"        {command}) _arguments \\"
        specs = [spec for one in options for spec in _zsh_specs(one)]
        yield from (f"            {shlex.quote(spec)} \\" for spec in specs[:-1])
        yield f"            {shlex.quote(specs[-1])} ;;"
    yield "    esac"
    yield "}"
    yield 'if [[ $funcstack[1] == _loadtest ]]; then _loadtest "$@"'
    yield f"else compdef _loadtest {PROGRAM} {OTHER_NAME}; fi"


def _zsh_specs(one: Option) -> Iterator[str]:
    value = one.value.replace(":", "\\:")
    action = f"({' '.join(one.words)})" if one.words else "_files" if one.is_file else " "
    takes = f":{value}:{action}" if one.value else ""
    if not one.flags:
        yield takes
        return
    told = one.help.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    others = "*" if one.is_repeatable else f"({' '.join(one.flags)})"
    for flag in one.flags:
        yield f"{others}{flag}[{told}]{takes}"


def fish() -> str:
    return "\n".join(_fish_lines(options_by_command())) + "\n"


def _fish_lines(by_command: dict[str, list[Option]]) -> Iterator[str]:
    start = f"complete -c {PROGRAM}"
    yield f"# fish completion of {PROGRAM}: save it as ~/.config/fish/completions/{PROGRAM}.fish"
    yield f"complete -c {OTHER_NAME} -w {PROGRAM}"
    yield f"{start} -f"
    for command in by_command:
        told = _fish_quoted(COMMANDS[command][0])
        yield f"{start} -n __fish_use_subcommand -a {command} -d {told}"
    for command, options in by_command.items():
        on = f"{start} -n '__fish_seen_subcommand_from {command}'"
        for one in options:
            names = [
                f"-l {flag[2:]}" if flag[:2] == "--" else f"-s {flag[1:]}" for flag in one.flags
            ]
            parts = [on, *names, *_fish_value(one)]
            if len(parts) > 1:
                yield " ".join([*parts, f"-d {_fish_quoted(one.help)}"] if names else parts)


def _fish_value(one: Option) -> list[str]:
    if one.words:
        return [*(["-x"] if one.flags else []), f"-a {_fish_quoted(' '.join(one.words))}"]
    if one.is_file:
        return ["-r -F"] if one.flags else ["-F"]
    return ["-x"] if one.value and one.flags else []


def _fish_quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


SCRIPTS: dict[str, Callable[[], str]] = {"bash": bash, "zsh": zsh, "fish": fish}
