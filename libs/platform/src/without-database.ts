// What the gateway needs of the platform: without TypeORM and the rest it holds 10 MB less and starts sooner.
export * from './config/load-config.js';
export * from './config/service-settings.js';
export * from './context/request-context.js';
export * from './context/trace.js';
export { clientNetwork } from './http/client-network.js';
export { problemDocument, type ProblemDocument, problemHeaders, toCrmError } from './http/problem.js';
export { HandedRequests, type Neighbours, type Serve } from './http/serve.js';
export { createLogger, type Logger, nestLogger } from './logging/logger.js';
export { type RunningApp, runMain } from './start/run-main.js';
export { LOGGER, SERVICE_CONFIG, SERVICE_NAME } from './start/tokens.js';
