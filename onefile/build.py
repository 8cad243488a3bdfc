"""Builds an executable from the interpreter and the packages of the current environment."""

import platform
import subprocess
import sysconfig
from pathlib import Path

from onefile.blobs import assert_old_enough, blobs_of, fit
from onefile.contents import EXECUTABLES
from onefile.modules import archive
from onefile.parts import Part, licences, parts_of

HERE = Path(__file__).resolve().parent
LIBRARIES = Path("/usr/lib", sysconfig.get_config_var("MULTIARCH"))
INTERPRETER = Path(sysconfig.get_config_var("LIBPL"), sysconfig.get_config_var("LIBRARY"))
STATIC = (INTERPRETER, LIBRARIES / "libexpat.a", LIBRARIES / "libz.a")
# The symbol version of the C library's first release for this machine.
OLDEST_GLIBC = {"x86_64": "GLIBC_2.2.5", "aarch64": "GLIBC_2.17"}[platform.machine()]
# A function of the shim replaces the C library's only under the symbol version that nginx needs.
SHIM_MAP = f"""XCRYPT_2.0 {{ global: crypt_r; }};
{OLDEST_GLIBC} {{ global: getpwnam; getgrnam; local: *; }};
"""
COMPILE = ["-O2", "-g0", "-Wall", "-Wextra", "-Werror", f"-ffile-prefix-map={HERE}=."]
LINK: list[str | Path] = [
    # As Debian links its own interpreter: position-independent code is slower.
    "-no-pie",
    # Extension modules find Python's symbols in the executable.
    *("-Wl,--export-dynamic", "-Wl,--whole-archive", INTERPRETER, "-Wl,--no-whole-archive"),
    *STATIC[1:],
    "-lm",
    "-static-libgcc",
    *("-Wl,--wrap=hypot", "-Wl,--wrap=arc4random_buf"),
    # The build id would differ with the path of the build folder.
    "-Wl,--build-id=none",
    *("-Wl,-z,noexecstack", "-s"),
]


def build(name: str, out: Path, work: Path) -> list[Part]:
    """Builds an executable; returns the third-party parts that it carries."""
    contents = EXECUTABLES[name]
    work.mkdir(parents=True, exist_ok=True)
    blobs = blobs_of(contents, _shim(work))
    parts = parts_of(contents, [*STATIC, *blobs.values()])
    _write_carried(blobs, work)
    boot = f"from onefile import boot; boot.run('{contents.main}')"
    defines = [f'-DNAME="{name}"', f'-DBOOT="{boot}"', f'-DOLDEST_GLIBC="{OLDEST_GLIBC}"']
    include = f"-I{sysconfig.get_path('include')}"
    for source in ("main.c", "names.c", "carried.c"):
        _gcc(work, *COMPILE, *defines, include, "-c", HERE / source)
    _gcc(work, *COMPILE, f"-I{HERE}", "-c", "table.c", "blobs.S")
    objects = ("main.o", "names.o", "carried.o", "table.o", "blobs.o")
    _gcc(work, "-o", work / name, *objects, *LINK)
    assert_old_enough(work / name)
    with (work / name).open("ab") as executable:
        executable.write(archive(contents, {"onefile/licences.txt": licences(parts)}))
    (work / name).rename(out)
    return parts


def _shim(work: Path) -> Path:
    """Builds the libcrypt.so.1 that nginx loads."""
    (work / "shim.map").write_text(SHIM_MAP)
    made = work / "libcrypt.so.1"
    shared = ("-shared", "-fPIC", f"-Wl,-soname,{made.name}", "-Wl,--version-script=shim.map")
    _gcc(work, *COMPILE, *shared, "-Wl,--build-id=none", "-o", made, HERE / "shim.c")
    return made


def _write_carried(blobs: dict[str, Path], work: Path) -> None:
    """Writes blobs.S, which has the bytes, and table.c, which has their names."""
    assembly, declared, table = [".section .rodata"], ['#include "carried.h"'], []
    # A library that many modules need is stored once.
    numbers = {path: number for number, path in enumerate(dict.fromkeys(blobs.values()))}
    for path, number in numbers.items():
        (work / f"{number}.z").write_bytes(fit(path, work / f"{number}.so"))
        begin, end = f"begin{number}", f"end{number}"
        assembly.append(f'.globl {begin}, {end}\n{begin}: .incbin "{number}.z"\n{end}:')
        declared.append(f"extern const unsigned char {begin}[], {end}[];")
    for name, path in sorted(blobs.items()):
        number = numbers[path]
        size = (work / f"{number}.so").stat().st_size
        table.append(f'    {{"{name}", begin{number}, end{number}, {size}}},')
    assembly.append('.section .note.GNU-stack, "", @progbits')
    lines = [*declared, "const struct carried carried[] = {", *table, "    {0, 0, 0, 0},", "};"]
    (work / "blobs.S").write_text("\n".join([*assembly, ""]))
    (work / "table.c").write_text("\n".join([*lines, ""]))


def _gcc(work: Path, *arguments: str | Path) -> None:
    subprocess.run(["gcc", *arguments], check=True, cwd=work)
