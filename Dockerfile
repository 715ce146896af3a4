# The service alone: hashed dependencies, an unprivileged user, nothing written but the store and /tmp. The pages come built
# (cds_service/web), so that no stage needs Node.
#
# Where this was written there is no Docker engine: hadolint and tests/test_deployment.py have read it, and each step was
# done by hand without a container; it was never built. Tag and digest: as docker-library/repo-info records them.
FROM python:3.13.14-slim-trixie@sha256:9662417aace5ae7b8e2609cce472b72a8958e134ba372808abe9cc1a0c0125e6 AS base

FROM base AS build
WORKDIR /build
COPY requirements.lock requirements-build.lock ./
# The environment of the service gets no installer of its own: this stage's fills it.
RUN python -m venv --without-pip /opt/legcramps \
    && pip --python /opt/legcramps/bin/python install --no-cache-dir --require-hashes --only-binary=:all: -r requirements.lock \
    && pip install --no-cache-dir --require-hashes --only-binary=:all: -r requirements-build.lock
COPY pyproject.toml README.md ./
COPY cds_service cds_service
COPY cards cards
COPY fixtures fixtures
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
    && pip --python /opt/legcramps/bin/python install --no-cache-dir --no-deps /wheels/legcramps-*.whl

FROM base
LABEL org.opencontainers.image.title="legcramps" \
    org.opencontainers.image.description="CDS Hooks service: likely contributors to reported nocturnal leg cramps" \
    org.opencontainers.image.version="0.1.0"
RUN groupadd --gid 10001 legcramps \
    && useradd --no-log-init --no-create-home --home-dir /var/lib/legcramps --shell /usr/sbin/nologin --uid 10001 --gid 10001 legcramps \
    && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/legcramps
COPY --from=build /opt/legcramps /opt/legcramps
COPY --chmod=0644 NOTICE tools/is_ready.py /opt/legcramps/
# It can be reached by others: it starts only with LEGCRAMPS_CLIENTS, or LEGCRAMPS_UNAUTHENTICATED=true behind a gateway.
# No LEGCRAMPS_STORE here: a variable wins over the file /run/secrets/legcramps_store. Without either, the store is
# /var/lib/legcramps/legcramps.db.
ENV PATH=/opt/legcramps/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 XDG_STATE_HOME=/var/lib \
    LEGCRAMPS_HOST=0.0.0.0 LEGCRAMPS_PORT=8000
VOLUME /var/lib/legcramps
EXPOSE 8000
# Numbers, not names: Kubernetes (runAsNonRoot) can tell that they are not root.
USER 10001:10001
# Calls in progress are answered and what is queued is written, within 30 seconds; give it 45.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/opt/legcramps/bin/python", "-I", "/opt/legcramps/is_ready.py"]
ENTRYPOINT ["/opt/legcramps/bin/legcramps"]
CMD ["serve"]
