"""The entries of a league: reports from files and folders, and the entry.json beside them."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import msgspec

from loadtest.limits import LEAGUE_FILES_MAX
from loadtest.report.data import Report
from loadtest.report.json import BadReportError, bytes_of

ENTRY_FILE = "entry.json"


class LeagueError(Exception):
    """A league that cannot be made; the text says why."""


class About(msgspec.Struct, forbid_unknown_fields=True):
    """The facts of an entry that its reports do not have, as entry.json gives them."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    language: str = ""
    url: str = ""
    commit: str = ""
    changes: list[str] = msgspec.field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Saved:
    """A report and its file."""

    path: Path
    report: Report


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry with all its reports."""

    about: About
    saved: list[Saved] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Found:
    """The entries, and the reason for each file of a folder that was skipped."""

    entries: list[Entry]
    skipped: list[str]


def find_entries(paths: Sequence[Path], read: Callable[[Path], Report]) -> Found:
    """Reads reports: a file given by its name must be one, other files of a folder are skipped."""
    entries: dict[Path, Entry] = {}
    skipped: list[str] = []
    seen: set[Path] = set()
    for path in paths:
        is_folder = os.path.isdir(path)  # noqa: PTH112 - False for a name that no file can have
        for file, name in _files_in(path) if is_folder else [(path, path.stem)]:
            try:
                report = read(file)
            except BadReportError as error:
                if not is_folder:
                    raise
                skipped.append(str(error))
                continue
            if file.resolve() not in seen:
                seen.add(file.resolve())
                _entry_of(file, name, entries).saved.append(Saved(file, report))
    if not entries:
        raise LeagueError(f"no report in {', '.join(map(str, paths))}; --json FILE writes one")
    return Found(list(entries.values()), skipped)


def _files_in(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yields the JSON files of a folder and its folders, each with the name of its entry."""
    files = [path for path in sorted(folder.rglob("*.json")) if path.name != ENTRY_FILE]
    if len(files) > LEAGUE_FILES_MAX:
        raise LeagueError(
            f"{folder} has {len(files)} JSON files, at most {LEAGUE_FILES_MAX} are read: "
            "give a folder of reports only"
        )
    for file in files:
        yield file, str(file.relative_to(folder).with_suffix(""))


def _entry_of(file: Path, name: str, entries: dict[Path, Entry]) -> Entry:
    """Returns the entry of a report: its folder's if that has an entry.json, else its own."""
    beside = file.parent / ENTRY_FILE
    is_described = os.path.lexists(beside)
    key = (file.parent if is_described else file).resolve()
    if key not in entries:
        entries[key] = Entry(_read_about(beside) if is_described else About(name))
    return entries[key]


def _read_about(path: Path) -> About:
    try:
        return msgspec.json.decode(bytes_of(path), type=About)
    except BadReportError as error:
        raise LeagueError(str(error)) from error
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LeagueError(f"{path} does not describe an entry: {error}") from error
    except RecursionError as error:
        raise LeagueError(f"{path} does not describe an entry: it is too deep") from error
