const swc = [
  '@swc/jest',
  {
    swcrc: false,
    sourceMaps: 'inline',
    module: { type: 'es6' },
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      keepClassNames: true,
      transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    },
  },
];

export default {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  transform: {
    '^.+\\.ts$': swc,
    // @fastify/static requires this ES module, which Node 20 can do and Jest on it cannot.
    'node_modules/content-disposition/.+\\.js$': ['@swc/jest', { swcrc: false, module: { type: 'commonjs' } }],
  },
  transformIgnorePatterns: ['/node_modules/(?!content-disposition/)'],
  extensionsToTreatAsEsm: ['.ts'],
  setupFiles: ['reflect-metadata'],
  modulePathIgnorePatterns: ['<rootDir>/dist'],
  moduleNameMapper: {
    '^#contracts$': '<rootDir>/libs/contracts/src/index.ts',
    '^#platform$': '<rootDir>/libs/platform/src/index.ts',
    '^#testing$': '<rootDir>/libs/platform/src/testing/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  testMatch: ['<rootDir>/{apps,libs,tools}/**/*.spec.ts'],
  globalSetup: '<rootDir>/tools/infra/jest-setup.mjs',
  globalTeardown: '<rootDir>/tools/infra/jest-teardown.mjs',
  testTimeout: 30_000,
  // Jest leaves a core free by itself; on two cores that would be half of them.
  maxWorkers: '100%',
  // Each file leaves some of its modules behind, and collecting them slows the files after it.
  workerIdleMemoryLimit: '700MB',
};
