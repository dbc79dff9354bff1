import { availableParallelism } from 'node:os';

export default {
  rootDir: import.meta.dirname,
  runner: 'jest-light-runner/child-process',
  setupFiles: ['<rootDir>/tools/infra/jest-worker.mjs'],
  setupFilesAfterEnv: ['<rootDir>/tools/infra/jest-globals.mjs'],
  modulePathIgnorePatterns: ['<rootDir>/dist'],
  testMatch: ['<rootDir>/{apps,libs,tools}/**/*.spec.ts'],
  globalSetup: '<rootDir>/tools/infra/jest-setup.mjs',
  globalTeardown: '<rootDir>/tools/infra/jest-teardown.mjs',
  // More than Jest would take by itself: many tests wait for a deadline or for a server, not for a core.
  maxWorkers: 1 + availableParallelism(),
};
