"""nginx.conf for another port, number of instances or user than it was written for."""

import re

SERVER = "server unix:api{number:02d}.sock max_fails=0;"


def render(template: str, *, port: int, instances: int, user: str | None = None) -> str:
    servers = " ".join(SERVER.format(number=number + 1) for number in range(instances))
    text, listens = re.subn(r"listen 9999\b", f"listen {port}", template)
    text, lists = re.subn(
        r"server unix:api01\.sock.*\n\s*server unix:api02\.sock.*;", servers, text
    )
    if (listens, lists) != (1, 1):
        raise ValueError("nginx.conf has no `listen 9999` or not the two instances")
    return f"user {user};\n{text}" if user else text
