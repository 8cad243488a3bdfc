"""Third-party machine code in the executable: stripped, limited to GLIBC_MAX, compressed."""

import re
import subprocess
import sysconfig
import zlib
from collections.abc import Iterator
from pathlib import Path

from onefile.contents import Contents
from onefile.modules import SITE, STDLIB, pinned

GLIBC_MAX = (2, 34)
# Part of libc.so.6 since glibc 2.34. A bare system may lack the empty files that remain of them.
IN_LIBC = {"libpthread.so.0", "libdl.so.2", "librt.so.1", "libutil.so.1"}
LIBC = {"libc.so.6", "libm.so.6", *IN_LIBC}
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")
# Modules that neither the service nor the load generator imports.
NOT_CARRIED = re.compile(r"_test|_ctypes|_xx|xx|_codecs_|_multibytecodec|audioop|nis|ossaudiodev")


class TooNewError(Exception):
    """A file needs a newer C library than GLIBC_MAX; the text names the file."""


def blobs_of(contents: Contents, shim: Path) -> dict[str, Path]:
    """Returns the files to carry, by the names that carried.h explains."""
    found: dict[str, Path] = {}
    for base, paths in (
        (STDLIB / "lib-dynload", sorted((STDLIB / "lib-dynload").iterdir())),
        *((SITE, pinned(name)) for name in contents.distributions),
    ):
        for path in paths:
            module = str(path.relative_to(base)).removesuffix(SUFFIX)
            if not path.name.endswith(SUFFIX) or NOT_CARRIED.match(module):
                continue
            libraries = dict(_libraries(path))
            # Nearly all standard modules that need a library are unused here.
            if not libraries or base == SITE or module in contents.with_libraries:
                found[f"so/{module}"] = path
                found |= {f"lib/{module}/{name}": library for name, library in libraries.items()}
    for program in contents.programs:
        found[f"bin/{program.name}"] = program
        for name, library in _libraries(program):
            found[f"lib/{program.name}/{name}"] = shim if name == "libcrypt.so.1" else library
    return found


def _libraries(path: Path) -> Iterator[tuple[str, Path]]:
    """Yields the libraries that the loader would load, except those of the C library."""
    output = subprocess.check_output(["ldd", path], text=True)
    for name, library in re.findall(r"^\t(\S+) => (\S+)", output, re.MULTILINE):
        if name not in LIBC:
            yield name, Path(library)


def fit(path: Path, to: Path) -> bytes:
    """Writes a stripped copy of the file to `to`; returns it compressed."""
    # The build id would make two builds of the same code differ.
    options = ("--strip-unneeded", "--remove-section=.note.gnu.build-id")
    subprocess.run(["strip", *options, "-o", to, path], check=True)
    needed = subprocess.check_output(["patchelf", "--print-needed", to], text=True)
    for old in sorted(IN_LIBC & set(needed.split())):
        subprocess.run(["patchelf", "--replace-needed", old, "libc.so.6", to], check=True)
    assert_old_enough(to)
    return zlib.compress(to.read_bytes(), 9)


def assert_old_enough(path: Path) -> None:
    symbols = subprocess.check_output(["objdump", "-T", path], text=True)
    for major, minor in set(re.findall(r"\(?GLIBC_(\d+)\.(\d+)", symbols)):
        if (int(major), int(minor)) > GLIBC_MAX:
            raise TooNewError(f"{path} needs glibc {major}.{minor}")
