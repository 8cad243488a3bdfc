"""Texts of a target that try to become markup, commands or control characters of their reader."""

from random import Random

from tests.help.fuzzed_answers import ODD_VALUES

MARKUP = (
    "</pre></details><script>alert(1)</script>",
    "@someone fixes #1 and GH-1",
    "[link](javascript:alert(1)) ![picture](http://evil.example/i.png)",
    "http://evil.example www.evil.example me@evil.example",
    "| a | b |\n|--|--|\n| c | d |",
    "\n\n# heading\n\n- item\n\n```\nfence\n",
    "`code` **bold** _em_ ~~gone~~ $x$ :tada: <!-- ]]> &lt; &#64;someone &amp;",
    "::error::command\n::stop-commands::x",
    "\\` \\| \\< \\\\",
)
CONTROL = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0)]))
ODD = "\ud800\udfff\ufffe\uffff\u2028\u2029\u202e\ufeff\U0001fffe🦀"
EVIL = CONTROL + ODD + "\n\n".join(MARKUP)


def hostile(random: Random) -> str:
    """Returns a text of some hostile pieces in random order, with random characters in between."""
    pieces = [*MARKUP, CONTROL, ODD, *(one for one in ODD_VALUES if isinstance(one, str))]
    text = ""
    for _ in range(random.randrange(1, 6)):
        text += random.choice(pieces)[: random.choice((5, 50, 5_000))]
        text += "".join(chr(random.randrange(0x110000)) for _ in range(random.randrange(4)))
    return text
