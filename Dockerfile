# Three images from one file: `server` (collector, api), `edge` (a gateway, without any of the server's parts) and `demo`
# (everything, with the virtual factory). docker build --target server -t wattproof-server .

FROM python:3.11.14-slim-bookworm AS wheel
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY telemetry ./telemetry
COPY edge ./edge
COPY storage ./storage
COPY collector ./collector
COPY analytics ./analytics
COPY evaluation ./evaluation
COPY exchange ./exchange
COPY review ./review
COPY api ./api
COPY simulator ./simulator
COPY grafana ./grafana
COPY wattproof ./wattproof
RUN python -m pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.11.14-slim-bookworm AS server-venv
COPY requirements/server.txt /requirements.txt
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --require-hashes --no-deps -r /requirements.txt
COPY --from=wheel /wheels /wheels
RUN /opt/venv/bin/pip install --no-cache-dir --no-index --no-deps /wheels/*.whl

FROM python:3.11.14-slim-bookworm AS edge-venv
COPY requirements/edge.txt /requirements.txt
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --require-hashes --no-deps -r /requirements.txt
COPY --from=wheel /wheels /wheels
RUN /opt/venv/bin/pip install --no-cache-dir --no-index --no-deps /wheels/*.whl

FROM python:3.11.14-slim-bookworm AS demo-venv
COPY requirements/demo.txt /requirements.txt
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --require-hashes --no-deps -r /requirements.txt
COPY --from=wheel /wheels /wheels
RUN /opt/venv/bin/pip install --no-cache-dir --no-index --no-deps /wheels/*.whl

# What all three run on. UID and GID: those of the user whose keys and folders the container reads.
FROM python:3.11.14-slim-bookworm AS runtime
ARG UID=1000
ARG GID=1000
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN groupadd --non-unique --gid "$GID" wattproof \
    && useradd --non-unique --uid "$UID" --gid "$GID" --no-create-home --home-dir /var/lib/wattproof --shell /usr/sbin/nologin wattproof \
    && install -d -o wattproof -g wattproof -m 0750 /var/lib/wattproof
WORKDIR /var/lib/wattproof
VOLUME /var/lib/wattproof
STOPSIGNAL SIGTERM
USER wattproof
ENTRYPOINT ["wattproof"]

FROM runtime AS edge
COPY --from=edge-venv /opt/venv /opt/venv
# A serial adapter: docker run --device /dev/ttyUSB0 --group-add dialout …
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["sh", "-c", "find /var/lib/wattproof -name 'outbox.sqlite*' -mmin -2 | grep -q ."]
CMD ["edge", "run", "/etc/wattproof/site.yaml", "--data-dir", "/var/lib/wattproof"]

FROM runtime AS demo
COPY --from=demo-venv /opt/venv /opt/venv
COPY deploy/demo-gateway.sh /opt/wattproof/demo-gateway.sh
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["sh", "-c", "find /var/lib/wattproof -name 'outbox.sqlite*' -mmin -2 | grep -q ."]
ENTRYPOINT ["/opt/wattproof/demo-gateway.sh"]
CMD ["/var/lib/wattproof"]

FROM runtime AS server
COPY --from=server-venv /opt/venv /opt/venv
ENV WATTPROOF_API_HOST=0.0.0.0 WATTPROOF_API_PORT=8000
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=10s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/api/health', timeout=5)"]
CMD ["api", "run"]
