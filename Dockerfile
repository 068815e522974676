# The image of every process of the shop: `api`, `worker`, `relay`, `topology apply` and the others are its arguments.
# TypeScript is run as it is, so what is built is only the dependencies and the compiled cache.

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts
COPY . .
# Fills the cache of compiled sources, which no container can write: it halves the time of a start.
RUN node bin/sluice.js topology graph > /dev/null && node bin/sluice.js worker --help > /dev/null

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production \
    SLUICE_ENV=production \
    SLUICE_API_HOST=0.0.0.0 \
    SLUICE_API_PORT=8080 \
    SLUICE_HEALTH_HOST=0.0.0.0 \
    SLUICE_HEALTH_PORT=9400
WORKDIR /app
# Owned by root, so that the process cannot change what it runs; nothing is written, the root may be read-only.
COPY --from=build /app /app
# The number, not the name: Kubernetes cannot tell that a name is not root.
USER 1000:1000
EXPOSE 8080 8095 9400
STOPSIGNAL SIGTERM
# Node is process 1 and gets the signals itself: neither npm nor a shell is in between. A worker reads the container's
# memory limit and bounds its heap by it (engine/app/process/heap.ts); the others have V8's own bound, from the same limit.
ENTRYPOINT ["node", "/app/bin/sluice.js"]
CMD ["--help"]
