# One image for all applications; a container chooses its own by the argument: dist/bundle/apps/<name>/src/main.js

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY nest-cli.json tsconfig.json .swcrc ./
COPY apps apps
COPY libs libs
COPY tools tools
RUN npm run build

FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# No package that runs in production needs an install script.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force

FROM node:24-slim
WORKDIR /app
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=3000 \
    GATEWAY_PORT=3000
COPY package.json ./
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist/bundle dist/bundle
# The user `node` of the base image, by number, so that Kubernetes can see that it is not root.
USER 1000
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:3000/health/live').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# node is the container's first process and gets SIGTERM itself: there is no shell in between.
# Without the memory reducer: containers that were started together would collect together (ADR 28). Pretenuring: ADR 31.
ENTRYPOINT ["node", "--enable-source-maps", "--no-memory-reducer", "--no-allocation-site-pretenuring"]
CMD ["dist/bundle/apps/gateway/src/main.js"]
