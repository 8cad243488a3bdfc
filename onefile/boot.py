"""The boot module of the one file: makes carried extension modules importable, then runs `main`."""

import importlib
import os
import runpy
import sys
from collections.abc import Sequence
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from importlib.resources import files
from types import ModuleType

import _carried

CARRIED = set(_carried.names())
LICENCES = "licences.txt"


class _Loader(ExtensionFileLoader):
    # glibc takes two files with one path for one library, and Linux reuses descriptors. So each
    # path has one `./` more than the last one.
    opened = 0

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        for name in sorted(CARRIED):
            if name.startswith(f"lib/{spec.name}/"):
                fd, path = self._open(name)
                _carried.preload(path)
                os.close(fd)
        fd, spec.origin = self._open(f"so/{self.path}")
        try:
            return super().create_module(spec)
        finally:
            os.close(fd)

    @classmethod
    def _open(cls, name: str) -> tuple[int, str]:
        fd = _carried.open(name)
        _Loader.opened += 1
        return fd, f"/proc/self/fd/{'./' * cls.opened}{fd}"


class _Finder:
    @staticmethod
    def find_spec(
        name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        path = name.replace(".", "/")
        if f"so/{path}" in CARRIED:
            return ModuleSpec(name, _Loader(name, path), origin=path)
        if f"so/{path}/__init__" in CARRIED:
            loader = _Loader(name, f"{path}/__init__")
            spec = ModuleSpec(name, loader, origin=path, is_package=True)
            # The package's other modules are in the archive.
            spec.submodule_search_locations = [f"{sys.executable}/{path}"]
            return spec
        return None


def run(main: str) -> None:
    """Runs the module's `main`. With -m or -c it acts as an interpreter: it is sys.executable."""
    sys.meta_path.insert(2, _Finder)  # after built-in and frozen modules, before the archive
    sys.frozen = True  # type: ignore[attr-defined]
    option, *arguments = sys.argv[1:] or [""]
    if option in ("-m", "-c") and arguments:
        sys.argv[:] = arguments if option == "-m" else ["-c", *arguments[1:]]
        if option == "-m":
            runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
        else:
            exec(arguments[0], {"__name__": "__main__"})  # noqa: S102 - as an interpreter does
    elif option == "licences" and not arguments:
        print((files("onefile") / LICENCES).read_text(), end="")
    else:
        sys.exit(importlib.import_module(main).main())
