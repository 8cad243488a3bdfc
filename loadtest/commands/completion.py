"""Shell completion: scripts for bash, zsh and fish, made from the parser of a program.

A script is static. The shell starts no program at a press of the key, and the one-file judge needs
nothing beside itself.
"""

import argparse
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from loadtest.commands.parser import parser
from loadtest.editions import CONTESTS, EDITIONS, edition
from loadtest.report.judgement import EXIT_FINE

# The second name is for where another program is called loadtest.
NAMES = ("loadtest", "rinha-loadtest")
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


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a program, and its options with those of the commands below it."""

    help: str
    options: list[Option]


@dataclass(frozen=True, slots=True)
class Program:
    """The names of a program, and its commands by name."""

    names: Sequence[str]
    commands: dict[str, Command]

    @property
    def function(self) -> str:
        return f"_{self.names[0]}"


def print_completion(asked: argparse.Namespace) -> int:
    print(SCRIPTS[asked.shell](program(NAMES, parser())), end="")
    return EXIT_FINE


def program(names: Sequence[str], top: argparse.ArgumentParser) -> Program:
    """Returns the commands of a program as its parser has them, without their old names."""
    [commands] = _subcommands(top)
    return Program(
        names,
        {
            one.dest: Command(_text(one), _options(commands.choices[one.dest]))
            for one in commands._choices_actions
        },
    )


def _options(command: argparse.ArgumentParser) -> list[Option]:
    below = [one for verbs in _subcommands(command) for one in verbs.choices.values()]
    inner = [option for one in below for option in map(_option, one._actions) if option.flags]
    own = list(map(_option, command._actions))
    flags = {flag for option in own for flag in option.flags}
    return own + [option for option in inner if flags.isdisjoint(option.flags)]


def _subcommands(
    one: argparse.ArgumentParser,
) -> "list[argparse._SubParsersAction[argparse.ArgumentParser]]":
    return [each for each in one._actions if isinstance(each, argparse._SubParsersAction)]


def _text(action: argparse.Action) -> str:
    return (action.help or "").replace("%%", "%")


def _option(action: argparse.Action) -> Option:
    takes_value = action.nargs != 0
    name = (action.metavar or action.dest) if takes_value else ""
    name = name if isinstance(name, str) else " ".join(name)
    words = tuple(map(str, action.choices or ())) or _fixed_words(action.dest)
    return Option(
        flags=tuple(action.option_strings),
        help=_text(action),
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


def bash(of: Program) -> str:
    return "\n".join(_bash_lines(of)) + "\n"


def _bash_lines(of: Program) -> Iterator[str]:
    name = of.names[0]
    yield f"# bash completion of {name}: source it, or save it as"
    yield f"# ~/.local/share/bash-completion/completions/{name}"
    yield f"{of.function}() {{"
    yield "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}"
    yield "    COMPREPLY=()"
    yield "    if (( COMP_CWORD == 1 )); then"
    yield f"        {_bash_words(list(of.commands))}"
    yield "        return"
    yield "    fi"
    # An option means the same on every command, so its values do not depend on the command.
    every = [option for command in of.commands.values() for option in command.options]
    valued = {one.flags: one for one in every if one.flags and one.value}
    yield "    case $before in"
    for flags, one in valued.items():
        yield f"        {'|'.join(flags)}) {_bash_value(one)}; return ;;"
    yield "    esac"
    yield "    case ${COMP_WORDS[1]} in"
    for word, command in of.commands.items():
        every_flag = [flag for one in command.options for flag in one.flags]
        rest = next((_bash_value(one) for one in command.options if not one.flags), ":")
        yield f"        {word})"
        yield "            if [[ $word == -* ]]; then"
        yield f"                {_bash_words(every_flag)}"
        yield f"            else {rest}; fi ;;"
    yield "    esac"
    yield "}"
    yield f"complete -F {of.function} {' '.join(of.names)}"


def _bash_value(one: Option) -> str:
    if one.words:
        return _bash_words(one.words)
    if one.is_file:
        return 'compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$word")'
    return ":"


def _bash_words(words: Sequence[str]) -> str:
    return f'mapfile -t COMPREPLY < <(compgen -W {shlex.quote(" ".join(words))} -- "$word")'


def zsh(of: Program) -> str:
    return "\n".join(_zsh_lines(of)) + "\n"


def _zsh_lines(of: Program) -> Iterator[str]:
    yield f"#compdef {' '.join(of.names)}"
    yield f"# zsh completion of {of.names[0]}: source it, or save it in $fpath as {of.function}"
    yield f"{of.function}() {{"
    yield "    local -a commands=("
    for word, command in of.commands.items():
        yield f"        {shlex.quote(f'{word}:{command.help}')}"
    yield "    )"
    yield "    if (( CURRENT == 2 )); then _describe command commands; return; fi"
    yield "    local command=$words[2]"
    yield "    shift words; (( CURRENT-- ))"
    yield "    case $command in"
    for word, command in of.commands.items():
        yield f"        {word}) _arguments \\"
        specs = [spec for one in command.options for spec in _zsh_specs(one)]
        yield from (f"            {shlex.quote(spec)} \\" for spec in specs[:-1])
        yield f"            {shlex.quote(specs[-1])} ;;"
    yield "    esac"
    yield "}"
    yield f'if [[ $funcstack[1] == {of.function} ]]; then {of.function} "$@"'
    yield f"else compdef {of.function} {' '.join(of.names)}; fi"


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


def fish(of: Program) -> str:
    return "\n".join(_fish_lines(of)) + "\n"


def _fish_lines(of: Program) -> Iterator[str]:
    name = of.names[0]
    start = f"complete -c {name}"
    yield f"# fish completion of {name}: save it as ~/.config/fish/completions/{name}.fish"
    yield from (f"complete -c {other} -w {name}" for other in of.names[1:])
    yield f"{start} -f"
    for word, command in of.commands.items():
        told = _fish_quoted(command.help)
        yield f"{start} -n __fish_use_subcommand -a {word} -d {told}"
    for word, command in of.commands.items():
        on = f"{start} -n '__fish_seen_subcommand_from {word}'"
        for one in command.options:
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


SCRIPTS: dict[str, Callable[[Program], str]] = {"bash": bash, "zsh": zsh, "fish": fish}
