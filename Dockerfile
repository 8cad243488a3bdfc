# One image for every instance. Any public Python image by tag does; the official ones are built
# with optimizations.
ARG PYTHON_IMAGE=python:3.13-slim-trixie

# This stage has the compiler; the shipped image has none.
FROM ${PYTHON_IMAGE} AS build
RUN apt-get update && apt-get install --yes --no-install-recommends binutils gcc libc6-dev libev-dev \
    # Only where the image's Python is the distribution's own are its headers a package.
    && { [ -e "$(python -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h" ] \
        || apt-get install --yes --no-install-recommends python3-dev; }
WORKDIR /build
ENV PIP_NO_CACHE_DIR=1
COPY stack/install.sh stack/
COPY locks/build.txt locks/ops.txt locks/
RUN python -m venv /opt/rinha \
    && stack/install.sh /opt/rinha locks/build.txt locks/ops.txt \
    && cp /usr/lib/*/libev.so.4 /opt/rinha/lib/ \
    && find /opt/rinha -name '_bjoern*.so' -exec strip --strip-unneeded {} +
COPY pyproject.toml VERSION README.md schema.sql ./
COPY rinha rinha
RUN /opt/rinha/bin/pip install --no-deps --no-build-isolation . \
    && /opt/rinha/bin/pip check

# The project's own tests, in the image's own Python. It has no PostgreSQL and no strace.
FROM build AS tests
COPY locks/dev.txt locks/
RUN stack/install.sh /opt/rinha locks/dev.txt
COPY . .
ENV LD_LIBRARY_PATH=/opt/rinha/lib PYTHONDONTWRITEBYTECODE=1
CMD ["/opt/rinha/bin/python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/service", "tests/promises/p1_linearizable/test_ledger_machine.py", "tests/promises/p5_input/test_bodies.py", "--ignore=tests/service/started", "-m", "not starts and not slow"]

FROM build AS slim
RUN /opt/rinha/bin/pip uninstall --yes --quiet setuptools pip

FROM build AS litestream
COPY locks/replica.txt locks/
RUN python -m venv /opt/litestream && stack/install.sh /opt/litestream locks/replica.txt

FROM ${PYTHON_IMAGE} AS service
LABEL org.opencontainers.image.title="rinha" \
    org.opencontainers.image.description="A small bank ledger over HTTP on one SQLite file" \
    org.opencontainers.image.licenses="MIT"
COPY --from=slim /opt/rinha /opt/rinha
COPY stack/ask.py /opt/rinha/ask.py
# A fixed number, so that a volume belongs to the same user in every image. A new volume takes over
# the owner of the directory that it is mounted on.
RUN mkdir /ledger && chown 10001:10001 /ledger
USER 10001:10001
WORKDIR /ledger
ENV PATH=/opt/rinha/bin:$PATH \
    LD_LIBRARY_PATH=/opt/rinha/lib \
    PYTHONDONTWRITEBYTECODE=1 \
    RINHA_LEDGER=/ledger/rinha.db \
    # An audit of a large ledger sorts on the disk; /tmp is memory, and small.
    SQLITE_TMPDIR=/ledger
# The engine asks each second; after the start ask.py waits half a minute before it asks.
HEALTHCHECK --interval=1s --timeout=40s --retries=5 \
    CMD ["python", "-I", "-S", "/opt/rinha/ask.py", "GET", "/health", "health-check"]
CMD ["rinha", "serve"]

# The container of the replica, started if RINHA_REPLICA is set.
FROM service AS replica
COPY --from=litestream /opt/litestream/bin/litestream /opt/rinha/bin/litestream
HEALTHCHECK NONE
CMD ["rinha", "replicate"]

# The default target.
FROM service
