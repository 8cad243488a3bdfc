"""Finds and reads a compose file with everything it refers to, as docker compose does."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from loadtest.arena.merging import merged
from loadtest.arena.nodes import (
    ComposeError,
    Entry,
    MapNode,
    Node,
    Place,
    Scalar,
    texts_of,
    values_in,
    wrong_kind,
)
from loadtest.arena.reading import read_documents
from loadtest.arena.variables import Variables, env_file, expanded_tree
from loadtest.limits import EXTENDS_MAX, INCLUDES_MAX, SERVICES_MAX, VALUES_MAX

# In docker compose's order of preference.
NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
OVERRIDES = (
    *("compose.override.yml", "compose.override.yaml"),
    *("docker-compose.override.yml", "docker-compose.override.yaml"),
)
_RESOURCES = ("services", "networks", "volumes", "configs", "secrets")
_REMOTE = ("http://", "https://", "git@", "git://", "ssh://", "oci://", "github.com/")


@dataclass(frozen=True, slots=True)
class Project:
    """A compose project: its files, all of them merged, and remarks on how they were read."""

    files: Sequence[Path]
    tree: MapNode
    profiles: frozenset[str]
    notes: list[str] = field(default_factory=list)


def load_project(path: Path, environ: Mapping[str, str]) -> Project:
    """Reads a compose file, or the one of a folder, and everything it refers to."""
    try:
        folder = path if path.is_dir() else path.parent
        variables = _variables(folder, environ)
        files, notes = _files_of(path, variables)
    except (OSError, ValueError) as error:
        raise ComposeError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    loader = _Loader(variables, _Seen(notes))
    tree = loader.merged_files(files)
    _services(tree)
    active = loader.variables.values.get("COMPOSE_PROFILES", "").split(",")
    for name, place in loader.variables.unset.items():
        notes.append(f"{place}: the variable {name} is not set: it counts as empty")
    return Project(files, tree, frozenset(name.strip() for name in active), notes)


def _files_of(path: Path, variables: Variables) -> tuple[list[Path], list[str]]:
    """Returns the file and its override, and a note if a folder has several.

    The `.env` of a folder may name the files.
    """
    if not path.is_dir():
        return [path], []
    if named := variables.values.get("COMPOSE_FILE"):
        separator = variables.values.get("COMPOSE_PATH_SEPARATOR") or os.pathsep
        return [path / name for name in named.split(separator)], [f"the .env names {named}"]
    found = [path / name for name in NAMES if (path / name).exists()]
    over = [path / name for name in OVERRIDES if (path / name).exists()]
    if not found:
        raise ComposeError(f"{path} has no compose file, such as docker-compose.yml")
    notes = []
    if len(found) > 1:
        others = ", ".join(other.name for other in found[1:])
        notes.append(f"docker compose reads {found[0].name}, and not {others}")
    return [found[0], *over[:1]], notes


def _real(file: Path) -> Path:
    """Returns the file behind links; unlike `resolve`, it raises nothing for a loop of links."""
    return Path(os.path.realpath(file))


def _variables(folder: Path, environ: Mapping[str, str]) -> Variables:
    path = folder / ".env"
    return Variables(env_file(path, environ) if path.is_file() else environ)


@dataclass(slots=True)
class _Seen:
    """Files and notes that all loaders of a project share."""

    notes: list[str]
    documents: dict[Path, list[Node]] = field(default_factory=dict)
    included: int = 0


class _Loader:
    """Reads the files of one project; a project that is included has a loader of its own."""

    def __init__(self, variables: Variables, seen: _Seen, including: Sequence[Path] = ()):
        self.variables = variables
        self._seen, self._including = seen, including
        self._notes = seen.notes
        self._read: dict[Path, MapNode] = {}

    def merged_files(self, files: Sequence[Path]) -> MapNode:
        """Returns a file merged with its override files."""
        tree = self._whole(files[0])
        for file in files[1:]:
            self._notes.append(f"{file.name} is merged into {files[0].name}")
            tree = merged(tree, self._whole(file))
        return tree

    def _whole(self, file: Path) -> MapNode:
        """Returns one file, with the services that it extends and the files that it includes."""
        tree = self._plain(file)
        services = _services(tree)
        entries: dict[str, Entry] = {}
        values = 0
        for name, entry in services.entries.items():
            entries[name] = Entry(entry.place, self._extended(file, name, ()))
            values += values_in(entries[name].value, {})
            _require_few(values, entry.place)
        whole = dict(tree.entries)
        if entries:
            place = tree.entries["services"].place
            whole["services"] = Entry(place, MapNode(services.place, entries))
        tree = MapNode(tree.place, whole)
        for item in tree.items("include"):
            tree = _imported(tree, self._included(item))
        return tree

    def _plain(self, file: Path) -> MapNode:
        """Returns the documents of one file merged, with the values of their variables."""
        key = _real(file)
        if key not in self._read:
            tree = MapNode(Place(file, 1), {})
            if file not in self._seen.documents:
                self._seen.documents[file] = read_documents(file)
            documents = [
                document
                for document in self._seen.documents[file]
                if not (isinstance(document, Scalar) and document.is_null)
            ]
            if not documents:
                raise ComposeError(f"{file} is empty")
            for document in documents:
                expanded = expanded_tree(document, self.variables)
                if not isinstance(expanded, MapNode):
                    raise wrong_kind(expanded.place, "the file", expanded, MapNode.kind)
                _require_few(values_in(expanded, {}), expanded.place)
                tree = merged(tree, expanded)
            self._read[key] = tree
        return self._read[key]

    def _extended(self, file: Path, name: str, trail: tuple[tuple[Path, str], ...]) -> MapNode:
        """Returns a service of a file, with everything that it extends."""
        services = self._plain(file).mapping_or_empty("services")
        entry = services.entries.get(name)
        if entry is None:
            raise ComposeError(f"{services.place}: there is no service {name} to extend")
        service = services.mapping(name) or MapNode(entry.place, {})
        service = MapNode(entry.place, service.entries)
        extends = service.get("extends")
        if extends is None:
            return service
        step = (_real(file), name)
        if step in trail or len(trail) > EXTENDS_MAX:
            raise ComposeError(f"{extends.place}: the service {name} extends itself in a circle")
        base_file, base = self._base(file, extends)
        if base_file is None:
            self._notes.append(f"{extends.place}: {base} is not on this machine, and is not read")
            return service
        own = {key: value for key, value in service.entries.items() if key != "extends"}
        whole = merged(self._extended(base_file, base, (*trail, step)), MapNode(entry.place, own))
        return MapNode(entry.place, whole.entries)

    def _base(self, file: Path, extends: Node) -> tuple[Path | None, str]:
        """Returns the file and the name of an extended service; no file if it is remote."""
        if isinstance(extends, Scalar):
            return file, extends.text
        if not isinstance(extends, MapNode):
            raise wrong_kind(extends.place, "extends", extends, "a name or a mapping")
        name, other = extends.text("service"), extends.text("file")
        if not name:
            raise ComposeError(f"{extends.place}: extends needs a service")
        if other.startswith(_REMOTE):
            return None, other
        return (file.parent / other if other else file), name

    def _included(self, item: Node) -> MapNode:
        """Returns the merged files of one item of `include`, which have their own `.env`."""
        paths, folder, settings = texts_of(item), "", []
        if isinstance(item, MapNode):
            paths, folder = texts_of(item.get("path")), item.text("project_directory")
            settings = texts_of(item.get("env_file"))
        empty = MapNode(item.place, {})
        if not paths or any(path.text.startswith(_REMOTE) for path in paths):
            self._notes.append(f"{item.place}: this include is not followed")
            return empty
        base = item.place.file.parent
        files = [base / path.text for path in paths]
        if _real(files[0]) in self._including or len(self._including) > EXTENDS_MAX:
            raise ComposeError(f"{item.place}: the files include each other in a circle")
        self._seen.included += 1
        if self._seen.included > INCLUDES_MAX:
            raise ComposeError(f"{item.place}: over {INCLUDES_MAX} files are included")
        variables = _variables(base / folder if folder else files[0].parent, self.variables.values)
        if settings:
            given: dict[str, str] = {}
            for file in settings:
                given = env_file(base / file.text, self.variables.values, given)
            variables = Variables(given)
        including = (*self._including, _real(item.place.file), _real(files[0]))
        loader = _Loader(variables, self._seen, including)
        tree = loader.merged_files(files)
        self.variables.unset.update(variables.unset)
        return tree


def _services(tree: MapNode) -> MapNode:
    services = tree.mapping_or_empty("services")
    if len(services.entries) > SERVICES_MAX:
        raise ComposeError(f"{services.place}: over {SERVICES_MAX:,} services")
    return services


def _require_few(values: int, place: Place) -> None:
    """Refuses what aliases and `extends` multiply; docker compose refuses such aliases too."""
    if values > VALUES_MAX:
        raise ComposeError(f"{place}: over {VALUES_MAX:,} values by aliases or extends")


def _imported(tree: MapNode, other: MapNode) -> MapNode:
    """Returns a file with the resources of an included one; no name may be in both."""
    whole = dict(tree.entries)
    for key in _RESOURCES:
        ours, theirs = tree.mapping_or_empty(key), other.mapping_or_empty(key)
        for name, entry in theirs.entries.items():
            # Two files may include the same third one.
            if name in ours.entries and ours.entries[name].place != entry.place:
                raise ComposeError(f"{entry.place}: {key} has {name} in another file too")
        if theirs.entries:
            joined = MapNode(ours.place, {**ours.entries, **theirs.entries})
            whole[key] = Entry(ours.place, joined)
    return MapNode(tree.place, whole)
