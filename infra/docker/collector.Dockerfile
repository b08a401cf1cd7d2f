# syntax=docker/dockerfile:1
# The collector by itself: no engine, no page. Build from the repository's root:
#
#     docker build -f infra/docker/collector.Dockerfile -t plimsoll/collector .
#
# infra/compose/collector.yaml and infra/kubernetes/collector.yaml say how it is run.

ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS manifests
WORKDIR /app
COPY package.json package-lock.json ./
COPY packages/agent/package.json packages/agent/
COPY packages/cli/package.json packages/cli/
COPY packages/collector/package.json packages/collector/
COPY packages/model/package.json packages/model/
COPY packages/runtime/package.json packages/runtime/
COPY packages/transport/package.json packages/transport/

# With the client of Kubernetes, which is 65 MB as a whole.
FROM manifests AS kubernetes
RUN npm ci --ignore-scripts --no-audit --no-fund --workspace @plimsoll/collector

FROM manifests AS tree
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund --workspace @plimsoll/agent
COPY infra/docker infra/docker
COPY --from=kubernetes /app/node_modules/@kubernetes /kubernetes/@kubernetes
COPY --from=kubernetes /app/node_modules/undici /kubernetes/undici
RUN node infra/docker/add-kubernetes-client.ts /kubernetes node_modules \
 && rm -r infra \
 && find node_modules -type f \( -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' -o -name '*.map' \) -delete
COPY packages/agent/src packages/agent/src
COPY packages/cli/src packages/cli/src
COPY packages/collector/src packages/collector/src
COPY packages/model/src packages/model/src
COPY packages/runtime/src packages/runtime/src
COPY packages/transport/src packages/transport/src

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="Plimsoll collector" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production \
    PLIMSOLL_DATA_DIR=/var/lib/plimsoll \
    PLIMSOLL_HTTP_PORT=4273 \
    PLIMSOLL_TRANSPORT__MODE=kafka \
    NODE_COMPILE_CACHE=/app/node_modules/.cache/plimsoll-code
WORKDIR /app
COPY --from=tree /app /app
# Fills the cache: the image is read-only when it runs.
RUN PLIMSOLL_DATA_DIR=/tmp/none node packages/agent/src/main.ts doctor --json > /dev/null || true
VOLUME /var/lib/plimsoll
# Logs of containers, /proc/<pid>/fd and the kernel log are root's. Run it with all capabilities
# dropped but those that the compose file and the manifest name; "doctor" says what is missing.
USER 0:0
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PLIMSOLL_HTTP_PORT + '/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# The flags are those that the program would set by replacing itself.
ENTRYPOINT ["node", "--single-threaded", "--no-incremental-marking", "--max-semi-space-size=1", "/app/packages/agent/src/main.ts"]
CMD ["run"]
