# syntax=docker/dockerfile:1
# Every role but the collector's own program: ingest, query, alerting, storage, migrate, all. Build from
# the repository's root:
#
#     docker build -f infra/docker/server.Dockerfile -t plimsoll/server .
#
# The embedded engine is nine tenths of it. Only "storage" and "all" use it; for a fleet with a
# ClickHouse server of its own build without:
#
#     docker build -f infra/docker/server.Dockerfile --build-arg ENGINE=none -t plimsoll/server .
#
# infra/compose/compose.yaml and infra/kubernetes/server.yaml say how it is run.

ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS manifests
WORKDIR /app
COPY package.json package-lock.json ./
COPY packages/agent/package.json packages/agent/
COPY packages/alerting/package.json packages/alerting/
COPY packages/cli/package.json packages/cli/
COPY packages/clickhouse-http/package.json packages/clickhouse-http/
COPY packages/collector/package.json packages/collector/
COPY packages/demo/package.json packages/demo/
COPY packages/detect/package.json packages/detect/
COPY packages/ingest/package.json packages/ingest/
COPY packages/model/package.json packages/model/
COPY packages/plimsoll/package.json packages/plimsoll/
COPY packages/query/package.json packages/query/
COPY packages/receivers/package.json packages/receivers/
COPY packages/runtime/package.json packages/runtime/
COPY packages/storage/package.json packages/storage/
COPY packages/transport/package.json packages/transport/

# The page: files that a browser loads, and nothing of what made them.
FROM manifests AS page
COPY packages/web/package.json packages/web/
RUN npm ci --ignore-scripts --no-audit --no-fund --workspace @plimsoll/web
COPY tsconfig.base.json ./
COPY packages/model/src packages/model/src
COPY packages/web packages/web
RUN npm run build --workspace @plimsoll/web

FROM manifests AS tree
ARG ENGINE=embedded
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund --workspace plimsoll \
 && if [ "$ENGINE" = none ]; then rm -r node_modules/chdb node_modules/@chdb; fi \
 && find node_modules -type f \( -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' -o -name '*.map' \) -delete
COPY packages/agent/src packages/agent/src
COPY packages/alerting/src packages/alerting/src
COPY packages/cli/src packages/cli/src
COPY packages/clickhouse-http/src packages/clickhouse-http/src
COPY packages/collector/src packages/collector/src
COPY packages/demo/src packages/demo/src
COPY packages/detect/src packages/detect/src
COPY packages/ingest/src packages/ingest/src
COPY packages/model/src packages/model/src
COPY packages/plimsoll/src packages/plimsoll/src
COPY packages/query/src packages/query/src
COPY packages/receivers/src packages/receivers/src
COPY packages/runtime/src packages/runtime/src
COPY packages/storage/migrations packages/storage/migrations
COPY packages/storage/src packages/storage/src
COPY packages/transport/src packages/transport/src
COPY --from=page /app/packages/web/dist packages/web/dist
# A folder that a volume inherits its owner from.
RUN mkdir -p /var/lib/plimsoll && chown 1000:1000 /var/lib/plimsoll

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="Plimsoll" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production \
    PLIMSOLL_DATA_DIR=/var/lib/plimsoll \
    PLIMSOLL_HTTP_PORT=4270
WORKDIR /app
COPY --from=tree /app /app
COPY --from=tree --chown=1000:1000 /var/lib/plimsoll /var/lib/plimsoll
VOLUME /var/lib/plimsoll
# "node" in the images of Node. It reads /app and writes /var/lib/plimsoll, which only storage, all and
# roles with a journal use; the root may be read-only.
USER 1000:1000
STOPSIGNAL SIGTERM
# The embedded engine opens its data before the port is; a server that is away is waited for.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PLIMSOLL_HTTP_PORT + '/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/packages/plimsoll/src/main.ts"]
CMD ["--help"]
