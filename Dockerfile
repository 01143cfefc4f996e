# noticewatch as one server: pages, API, index and scheduled crawls. The archive stands in the volume /data.
FROM python:3.11.13-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1

WORKDIR /srv/noticewatch
COPY requirements/run.txt requirements/run.txt
RUN pip install --require-hashes -r requirements/run.txt
COPY . .
RUN pip install --no-deps --no-build-isolation --no-index --editable . \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin noticewatch \
    && install -d -o noticewatch -g noticewatch /data

USER noticewatch
ENV NOTICEWATCH_HOME=/data \
    NOTICEWATCH_BIND=0.0.0.0:8484
VOLUME /data
EXPOSE 8484
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8484/healthz', timeout=4)"]
ENTRYPOINT ["noticewatch"]
CMD ["run"]
