export default {
  rootDir: import.meta.dirname,
  runner: 'jest-light-runner/child-process',
  setupFiles: ['<rootDir>/tools/infra/jest-worker.mjs'],
  modulePathIgnorePatterns: ['<rootDir>/dist'],
  testMatch: ['<rootDir>/{apps,libs,tools}/**/*.spec.ts'],
  globalSetup: '<rootDir>/tools/infra/jest-setup.mjs',
  globalTeardown: '<rootDir>/tools/infra/jest-teardown.mjs',
  // Jest leaves a core free by itself; on two cores that would be half of them.
  maxWorkers: '100%',
};
