"""An animated SVG of screens of a terminal: one strip of frames that moves in steps."""

import re
from collections.abc import Callable, Iterator, Sequence
from html import escape
from itertools import groupby

from rich.color import Color
from rich.console import Console
from rich.text import Text

from pictures.terminal import COLUMNS, ROWS, Frame

CELL_PX, LINE_PX, FONT_PX = 8, 18, 13.3
EDGE_PX, HEAD_PX = 16, 40
WIDTH_PX, HEIGHT_PX = COLUMNS * CELL_PX + 2 * EDGE_PX, ROWS * LINE_PX + HEAD_PX + EDGE_PX
FRAME_S, LAST_FRAME_S = 0.9, 6.0
FRAMES_MAX = 20
BARS = "▁▂▃▄▅▆▇█"
BAR_PX_MAX = 16
# Those of a terminal, by number.
COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")

# Paths of the characters that draw lines, which fonts leave gaps between; x is their left edge.
LINES: dict[str, Callable[[int], str]] = {
    "─": lambda x: f"M{x} 9h8",
    "│": lambda x: f"M{x + 4} 0v18",
    "╭": lambda x: f"M{x + 4} 18v-5q0-4 4-4",
    "╮": lambda x: f"M{x} 9q4 0 4 4v5",
    "╰": lambda x: f"M{x + 4} 0v5q0 4 4 4",
    "╯": lambda x: f"M{x + 4} 0v5q0 4-4 4",
}
HEAVY_LINES: dict[str, Callable[[int], str]] = {
    "━": lambda x: f"M{x} 9h8",
    "╸": lambda x: f"M{x} 9h4",
    "╺": lambda x: f"M{x + 4} 9h4",
}
STYLE = """
  :root { --page:#f7f9fb; --edge:#d5dbe3; --ink:#1d2530; --soft:#5b6675;
    --black:#c9d0d9; --red:#b4232c;
    --green:#0b7a52; --yellow:#94600a; --blue:#2563c9; --magenta:#b0286f;
    --cyan:#0b6e8f; --white:#5b6675; }
  @media (prefers-color-scheme: dark) { :root { --page:#14181e; --edge:#363d48;
    --ink:#e6eaf0; --soft:#a3adba;
    --black:#3a424e; --red:#ff7a7f; --green:#4cc38a; --yellow:#f0b354; --blue:#78a9ff;
    --magenta:#f07ab0;
    --cyan:#56c7e6; --white:#a3adba; } }
  svg { color: var(--ink); }
  text { font: FONTpx ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
    fill: currentColor; }
  path { stroke: currentColor; stroke-width: 1.2; fill: none; } .heavy { stroke-width: 4; }
    .bar { stroke-width: 7; }
  .bold { font-weight: 700; } .dim { opacity: .7; } .head { color: var(--soft); }
"""
MOTION = """
  .film { transform: translateX(-STILLpx); animation: film LONGs infinite; }
  @keyframes film { 0% { transform: translateX(0); animation-timing-function: steps(STEPS); }
    SHARE% { transform: translateX(-LASTpx); } to { transform: translateX(-LASTpx); } }
  @media (prefers-reduced-motion: reduce) { .film { animation: none; } }
"""


def film(frames: Sequence[Frame], title: str, note: str, description: str) -> str:
    """Returns the SVG; where nothing moves, it shows the last frame but one."""
    shown = evenly(frames)
    rows = sorted({row for frame in shown for row in frame if row})
    names = {row: f"r{number}" for number, row in enumerate(rows)}
    drawn = "\n".join(f'<g id="{names[row]}">{"".join(cells(row))}</g>' for row in rows)
    strip = "\n".join(
        f'<g transform="translate({EDGE_PX + place * WIDTH_PX} {HEAD_PX})">'
        + "".join(
            f'<use href="#{names[row]}" y="{line * LINE_PX}"/>'
            for line, row in enumerate(frame)
            if row
        )
        + "</g>"
        for place, frame in enumerate(shown)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH_PX} {HEIGHT_PX}" role="img"'
        f' aria-label="{escape(description)}">\n<style>{_style(len(shown))}</style>\n'
        f"<defs>\n{drawn}\n</defs>\n"
        f'<rect x=".5" y=".5" width="{WIDTH_PX - 1}" height="{HEIGHT_PX - 1}" rx="10"'
        f' fill="var(--page)" stroke="var(--edge)"/>\n'
        f'<g class="head"><text class="bold" x="{EDGE_PX}" y="25">{escape(title)}</text>'
        f'<text x="{WIDTH_PX - EDGE_PX}" y="25" text-anchor="end">{escape(note)}</text></g>\n'
        f'<g class="film">\n{strip}\n</g>\n</svg>\n'
    )


def evenly(frames: Sequence[Frame]) -> list[Frame]:
    """Returns at most FRAMES_MAX of the frames, the first and the last among them."""
    count = min(len(frames), FRAMES_MAX)
    return [frames[round(place * (len(frames) - 1) / max(1, count - 1))] for place in range(count)]


def _style(count: int) -> str:
    moving_s = FRAME_S * (count - 1)
    figures = {
        "FONT": FONT_PX,
        "STILL": max(0, count - 2) * WIDTH_PX,
        "LAST": (count - 1) * WIDTH_PX,
        "LONG": round(moving_s + LAST_FRAME_S, 2),
        "STEPS": max(1, count - 1),
        "SHARE": round(100 * moving_s / (moving_s + LAST_FRAME_S), 2),
    }
    tints = "".join(f"  .{name} {{ color: var(--{name}); }}\n" for name in COLOURS)
    return re.sub("[A-Z]{4,}", lambda found: str(figures[found[0]]), STYLE + tints + MOTION)


def cells(row: str) -> Iterator[str]:
    """Yields the elements of one row, each at the columns of its characters."""
    text, console = Text.from_ansi(row), Console()
    for look, found in groupby(
        enumerate(text.plain), lambda cell: _look(text, console, cell[0], cell[1])
    ):
        kind, classes = look
        run = list(found)
        x = run[0][0] * CELL_PX
        if kind == "text":
            for words in re.finditer(r"\S+(?: \S+)*", "".join(letter for _, letter in run)):
                left, length = x + words.start() * CELL_PX, len(words[0]) * CELL_PX
                yield (
                    f'<text{_attribute(classes)} x="{left}" y="13" textLength="{length}">'
                    f"{escape(words[0], quote=False)}</text>"
                )
        else:
            path = "".join(_path(letter, column * CELL_PX) for column, letter in run)
            # A line is one stroke, not one for each of its cells.
            path = re.sub(r"(?:M\d+ 9h8){2,}", _joined, path)
            yield f'<path{_attribute(classes, kind)} d="{path}"/>'


def _look(text: Text, console: Console, place: int, letter: str) -> tuple[str, str]:
    style = text.get_style_at_offset(console, place)
    kind = "text"
    if letter in LINES:
        kind = "line"
    elif letter in HEAVY_LINES:
        kind = "heavy"
    elif letter in BARS:
        kind = "bar"
    classes = [_colour(style.color), *(["bold"] * bool(style.bold)), *(["dim"] * bool(style.dim))]
    return kind, " ".join(filter(None, classes))


def _colour(colour: Color | None) -> str:
    return "" if colour is None or colour.number is None else COLOURS[colour.number % 8]


def _attribute(*classes: str) -> str:
    names = " ".join(name for name in classes if name not in ("", "line"))
    return f' class="{names}"' if names else ""


def _path(letter: str, x: int) -> str:
    if letter in BARS:
        height = BAR_PX_MAX * (BARS.index(letter) + 1) // len(BARS)
        return f"M{x + 4} 17v-{height}"
    return (LINES.get(letter) or HEAVY_LINES[letter])(x)


def _joined(found: re.Match[str]) -> str:
    first = found[0].split("h")[0]
    return f"{first}h{8 * found[0].count('h')}"
