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
  // Jest leaves a core free by itself; on two cores that would be half of them. With one worker it would run the tests in its own process.
  maxWorkers: Math.max(2, availableParallelism()),
};
