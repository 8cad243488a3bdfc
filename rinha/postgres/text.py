"""Escapes NUL, the only character that PostgreSQL's text cannot hold, and the escape character."""

ESCAPE = "␛"
ESCAPED_NUL, ESCAPED_ESCAPE = f"{ESCAPE}0", f"{ESCAPE}1"


def escaped(text: str) -> str:
    if "\0" not in text and ESCAPE not in text:
        return text
    return text.replace(ESCAPE, ESCAPED_ESCAPE).replace("\0", ESCAPED_NUL)


def unescaped(text: str) -> str:
    if ESCAPE not in text:
        return text
    return text.replace(ESCAPED_NUL, "\0").replace(ESCAPED_ESCAPE, ESCAPE)
