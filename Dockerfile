# The service alone: hashed dependencies, an unprivileged user, nothing written but the store.
FROM python:3.13-slim-bookworm AS build
WORKDIR /build
RUN python -m venv /opt/legcramps
COPY requirements-dev.lock requirements.lock ./
RUN /opt/legcramps/bin/pip install --no-cache-dir --require-hashes -r requirements.lock \
    && python -m venv /opt/builder \
    && /opt/builder/bin/pip install --no-cache-dir --require-hashes -r requirements-dev.lock
COPY pyproject.toml README.md ./
COPY cds_service cds_service
COPY cards cards
COPY fixtures fixtures
RUN /opt/builder/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/legcramps/bin/pip install --no-cache-dir --no-deps /wheels/*.whl

FROM python:3.13-slim-bookworm
COPY --from=build /opt/legcramps /opt/legcramps
COPY NOTICE /opt/legcramps/NOTICE
RUN useradd --system --no-create-home --shell /usr/sbin/nologin legcramps \
    && install --directory --owner=legcramps --mode=0700 /var/lib/legcramps
USER legcramps
# It can be reached by others: it starts only with LEGCRAMPS_CLIENTS, or LEGCRAMPS_UNAUTHENTICATED=true behind a gateway.
ENV PYTHONUNBUFFERED=1 LEGCRAMPS_HOST=0.0.0.0 LEGCRAMPS_PORT=8000 \
    LEGCRAMPS_STORE=sqlite:////var/lib/legcramps/legcramps.db
VOLUME /var/lib/legcramps
EXPOSE 8000
ENTRYPOINT ["/opt/legcramps/bin/legcramps"]
CMD ["serve"]
