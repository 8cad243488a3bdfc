"""An nginx in front of a stack's own, on the next port: one more entry of what runs."""

from functools import partial
from signal import SIGQUIT

from stack.part import Part, answers
from stack.parts import Layout
from stack.paths import NGINX

HOST = "127.0.0.1"
CONF = """user root; daemon off; pid proxy.pid; error_log stderr alert;
events {{}}
http {{
    access_log off;
    server {{
        listen {host}:{port};
        location / {{ proxy_pass http://{host}:{behind}; }}
    }}
}}
"""


def second_proxy(at: Layout) -> list[Part]:
    port = at.settings.port + 1
    conf = at.top / at.files / "proxy.conf"
    text = CONF.format(host=HOST, port=port, behind=at.settings.port)
    return [
        Part(
            "proxy",
            [NGINX, "-p", ".", "-c", conf.name],
            is_ready=partial(answers, HOST, port, "/health"),
            folder=at.files,
            prepare=partial(conf.write_text, text),
            stop_signal=SIGQUIT,
        )
    ]
