"""Finds what cannot be read on a page: broken words, cut labels, rows too high."""

from typing import Any

from selenium.webdriver import Chrome

WIDTHS = {400: 860, 1280: 1000}
LETTERS_PX_MIN = 9.0  # of a chart's text, on the screen
WORD_MAX = 20  # a word of up to this many letters is never broken
LINE_CHARACTERS_MIN = 7  # of a cell with several lines, on average
CELL_LINES_MAX = 4  # of a cell of up to CELL_CHARACTERS characters
CELL_CHARACTERS = 60

# Lists what is unreadable, in words; the list of a good page is empty.
UNREADABLE = """
const [wordMax, lineMin, linesMax, cellMax, pxMin] = arguments, found = [];
for (const fold of document.querySelectorAll('details')) fold.open = true;
const linesOf = (range) => {
  const tops = [...range.getClientRects()].filter((one) => one.width).map((one) => one.top);
  return new Set(tops.map(Math.round)).size;
};
const told = (node) => JSON.stringify(node.textContent.slice(0, 60));
const root = document.documentElement;
if (root.scrollWidth > innerWidth) found.push(`the page is ${root.scrollWidth} px wide`);
for (const one of document.querySelectorAll('.scroll')) {
  const hidden = one.scrollWidth - one.clientWidth;
  if (innerWidth > 1000 && hidden > 0) found.push(`${hidden} px of a table are out of sight`);
}
for (const cell of document.querySelectorAll('td, th, h1, h2, .tile *, summary, p')) {
  const walk = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    for (const word of walk.currentNode.textContent.matchAll(/[^\\s-]+/g)) {
      if (word[0].length > wordMax) continue;
      const range = document.createRange();
      range.setStart(walk.currentNode, word.index);
      range.setEnd(walk.currentNode, word.index + word[0].length);
      if (linesOf(range) > 1) found.push(`broken: ${word[0]} in ${told(cell)}`);
    }
  }
}
for (const cell of document.querySelectorAll('td')) {
  const range = document.createRange();
  range.selectNodeContents(cell);
  const lines = linesOf(range), length = cell.textContent.length;
  if (lines > 1 && length / lines < lineMin) found.push(`${lines} lines: ${told(cell)}`);
  if (length <= cellMax && lines > linesMax) found.push(`${lines} lines: ${told(cell)}`);
}
for (const row of document.querySelectorAll('table:not(.prose) tr')) {
  const longest = Math.max(...[...row.cells].map((cell) => cell.textContent.length));
  const height = row.getBoundingClientRect().height;
  if (longest <= cellMax && height > 100) found.push(`a row of ${height} px: ${told(row)}`);
}
for (const svg of document.querySelectorAll('svg')) {
  const frame = svg.getBoundingClientRect(), texts = [...svg.querySelectorAll('text')];
  const boxes = texts.map((text) => text.getBoundingClientRect());
  texts.forEach((text, at) => {
    const box = boxes[at];
    const scale = frame.width / svg.viewBox.baseVal.width;
    const px = parseFloat(getComputedStyle(text).fontSize) * scale;
    if (px < pxMin) found.push(`letters of ${px.toFixed(1)} px: ${told(text)}`);
    if (box.left < frame.left - 1 || box.right > frame.right + 1) found.push(`cut: ${told(text)}`);
    const hit = boxes.findIndex((other, place) => place > at && box.left < other.right
      && other.left < box.right && box.top + 3 < other.bottom && other.top + 3 < box.bottom);
    if (hit >= 0) found.push(`${told(text)} lies over ${told(texts[hit])}`);
    if (/\\de[+-]?\\d/.test(text.textContent)) found.push(`no plain number: ${told(text)}`);
  });
}
return [...new Set(found)];
"""


def unreadable(driver: Chrome) -> list[str]:
    limits = (WORD_MAX, LINE_CHARACTERS_MIN, CELL_LINES_MAX, CELL_CHARACTERS, LETTERS_PX_MIN)
    found: Any = driver.execute_script(UNREADABLE, *limits)
    return [str(one) for one in found]
