export { EventProbe } from './event-probe.js';
export { CSV, Imports, XLSX } from './imports.js';
export { mergeHistory } from './merge-history.js';
export { TEST_PASSWORD, TestNats } from './nats-server.js';
export { TestDatabase } from './test-database.js';
export { personWith, TestGateway } from './test-gateway.js';
export { startTestService, TestService } from './test-service.js';
