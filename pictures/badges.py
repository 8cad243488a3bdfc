"""Badges of the README, from pyproject.toml, LICENSE and the locks: `make badges`."""

import re
import tomllib
from html import escape
from typing import NamedTuple

from stack.paths import ROOT

IMAGES = ROOT / "docs/images"
# Average widths of Verdana and DejaVu Sans at FONT_PX; `textLength` makes each text this wide.
FONT_PX = 11
WIDE_PX, NARROW_PX = 7.0, 4.5
NARROW = set(" .,:;'!|()ijlftrI1")
PADDING_PX, HEIGHT_PX = 7, 20


class Badge(NamedTuple):
    """A file's name without its ending, and the two texts in it."""

    name: str
    label: str
    value: str
    colour: str


def badges() -> list[Badge]:
    """Returns the badges in the order of the README."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    oldest, beyond = re.findall(r"3\.(\d+)", project["requires-python"])
    licence = (ROOT / "LICENSE").read_text().split()[0]
    pins = dict(
        re.findall(r"^(\S+)==([^\s;]+)", (ROOT / "locks/service.txt").read_text(), re.MULTILINE)
    )
    # apsw's version begins with that of the SQLite in its wheels.
    sqlite = ".".join(pins["apsw"].split(".")[:3])
    return [
        Badge("badge-python", "Python", f"3.{oldest} to 3.{int(beyond) - 1}", "#2563c9"),
        Badge("badge-sqlite", "SQLite", sqlite, "#0b6e8f"),
        Badge("badge-dependencies", "dependencies", str(len(pins)), "#0b7a52"),
        Badge("badge-license", "license", licence, "#6b4bb8"),
    ]


def svg(badge: Badge) -> str:
    label_px, value_px = width_px(badge.label), width_px(badge.value)
    left, right = label_px + 2 * PADDING_PX, value_px + 2 * PADDING_PX
    label, value = escape(badge.label), escape(badge.value)
    baseline = HEIGHT_PX - 6
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{HEIGHT_PX}"'
        f' role="img" aria-label="{label}: {value}">\n'
        f'  <clipPath id="all"><rect width="{left + right}" height="{HEIGHT_PX}" rx="4"/>'
        f"</clipPath>\n"
        f'  <g clip-path="url(#all)"><rect width="{left}" height="{HEIGHT_PX}" fill="#444c56"/>'
        f'<rect x="{left}" width="{right}" height="{HEIGHT_PX}" fill="{badge.colour}"/></g>\n'
        f'  <g fill="#fff" font-family="Verdana, DejaVu Sans, sans-serif" font-size="{FONT_PX}">\n'
        f'    <text x="{PADDING_PX}" y="{baseline}" textLength="{label_px}">{label}</text>\n'
        f'    <text x="{left + PADDING_PX}" y="{baseline}" textLength="{value_px}">{value}</text>\n'
        f"  </g>\n</svg>\n"
    )


def width_px(text: str) -> int:
    return round(sum(NARROW_PX if letter in NARROW else WIDE_PX for letter in text))


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    for badge in badges():
        (IMAGES / f"{badge.name}.svg").write_text(svg(badge))


if __name__ == "__main__":
    main()
