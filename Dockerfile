# The action's image: gate, uv, git, PostgreSQL, MariaDB. For tests and forks; a release names the built image by digest.
# Builds with the classic builder too: no RUN --mount, no heredocs, no COPY --link, no images as COPY --from.
FROM debian:trixie-slim

ENV DEBIAN_FRONTEND=noninteractive \
    LANG=C.UTF-8
RUN apt-get update \
 && apt-get install --yes --no-install-recommends \
      ca-certificates git python3 python3-venv python3-dev gcc libc6-dev libpq-dev libmariadb-dev pkg-config \
      postgresql-17 mariadb-server \
 && rm -rf /var/lib/apt/lists/* /var/lib/mysql /etc/mysql/mariadb.conf.d/60-galera.cnf \
      # a cluster nobody starts; PostgreSQL's JIT, which gate switches off; sanitizers, a dump tool, repair tools for files
      /etc/postgresql /var/lib/postgresql/17 /usr/lib/postgresql/17/lib/bitcode /usr/lib/postgresql/17/lib/llvmjit* \
      /usr/lib/*-linux-gnu/libLLVM* /usr/lib/*-linux-gnu/libz3.so* /usr/bin/*-lto-dump-* /usr/bin/aria_* /usr/bin/myisam* \
      /usr/lib/*-linux-gnu/libasan.* /usr/lib/*-linux-gnu/libhwasan.* /usr/lib/*-linux-gnu/liblsan.* \
      /usr/lib/*-linux-gnu/libtsan.* /usr/lib/gcc/*/*/lib*san.*

# Project code runs under an account of its own, without any group that matters; the servers under those of their packages.
RUN useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin alembic-gate-probe

COPY pyproject.toml README.md LICENSE /opt/alembic-gate/source/
COPY gate/ /opt/alembic-gate/source/gate/
RUN python3 -m venv /opt/alembic-gate/venv \
 && /opt/alembic-gate/venv/bin/pip install --no-cache-dir --disable-pip-version-check uv /opt/alembic-gate/source \
 && ln -s /opt/alembic-gate/venv/bin/alembic-gate /opt/alembic-gate/venv/bin/uv /usr/local/bin/ \
 && rm -rf /opt/alembic-gate/source

# Data directories of both servers, initialised once here instead of on every run.
ENV ALEMBIC_GATE_IMAGE=1 \
    ALEMBIC_GATE_CACHE=/var/cache/alembic-gate
RUN mkdir -p /var/cache/alembic-gate \
 && /opt/alembic-gate/venv/bin/python -I -m gate.databases.warm

ENTRYPOINT ["/opt/alembic-gate/venv/bin/python", "-I", "-m", "gate", "action"]
