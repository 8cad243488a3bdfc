"""Folders of the stack, and paths of the programs that it starts."""

import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# True in the one-file executable, which sets sys.frozen as other packed Python programs do.
ONE_FILE = bool(getattr(sys, "frozen", False))
# The stack runs in the checkout; that of the one file runs in the current folder.
HOME = Path.cwd() if ONE_FILE else ROOT
# All files of the stack, relative to HOME. A cluster beside it has its own supervisor.
VAR = Path("var")
CLUSTER = VAR / "cluster"
# Debian installs nginx in /usr/sbin, outside the PATH of ordinary users. The one file carries its
# own nginx.
PATH = "" if ONE_FILE else f"{os.environ.get('PATH', '')}:/usr/sbin"
NGINX = shutil.which("nginx", path=PATH) or "nginx"
# The one-file executable accepts `-m` as an interpreter does.
RINHA = (sys.executable, "-m", "rinha")
# The place where stack/setup.sh installs it.
LITESTREAM = Path(sys.executable).with_name("litestream")
