// Makes of the compiled applications and the launcher what is started: one file of each and files of what they share, in dist/bundle.
// Of two thousand modules, finding and reading each takes most of the time that a process needs to start.
import { build } from 'esbuild';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './setup.mjs';

/** What finds its own files beside it, must be there before anything else, or is loaded only by who needs it. */
const notBundled = ['@node-rs/argon2', 'swagger-ui-dist', 'reflect-metadata', 'exceljs'];
/** What packages can use, and we do not have. */
const notInstalled = [
  '@fastify/multipart',
  '@fastify/view',
  '@nestjs/platform-express',
  '@nestjs/websockets',
  'amqp-connection-manager',
  'class-transformer',
  'class-validator',
  'ioredis',
  'kafkajs',
  'mqtt',
  'pg-native',
];

/** Files of packages that load much more than we use, and what stands in their place. */
const replaced = {
  // It looks for what TypeORM no longer has, in a second copy of TypeORM.
  '@nestjs/typeorm/dist/common/typeorm-compat.js':
    'export const Connection = undefined; export const AbstractRepository = undefined;',
  // Ours is one of 15 databases.
  'typeorm/driver/DriverFactory.js': `const { PostgresDriver } = require('./postgres/PostgresDriver');
    exports.DriverFactory = class DriverFactory { create(dataSource) { return new PostgresDriver(dataSource); } };`,
};
const onlyWhatWeUse = {
  name: 'only-what-we-use',
  setup({ onLoad, onEnd }) {
    const missing = new Set(Object.keys(replaced));
    onLoad({ filter: /DriverFactory\.js$|typeorm-compat\.js$/ }, ({ path }) => {
      const file = path.split('/node_modules/').at(-1);
      missing.delete(file);
      return { contents: replaced[file], resolveDir: dirname(path) };
    });
    onEnd(() => (missing.size > 0 ? { errors: [{ text: `No package has ${[...missing].join(', ')}` }] } : undefined));
  },
};

const compiled = join(root, 'dist');
const outdir = join(compiled, 'bundle');
rmSync(outdir, { recursive: true, force: true });
const applications = readdirSync(join(compiled, 'apps'));
await build({
  entryPoints: [
    ...applications.flatMap((name) => ['app', 'main'].map((entry) => `apps/${name}/src/${entry}.js`)),
    'tools/launcher.js',
  ].map((path) => join(compiled, path)),
  outbase: compiled,
  outdir,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // Nest and TypeORM know classes by their names.
  keepNames: true,
  minifyWhitespace: true,
  legalComments: 'none',
  sourcemap: true,
  sourcesContent: false,
  external: [...notBundled, ...notInstalled],
  plugins: [onlyWhatWeUse],
  // Packages in CommonJS ask for these.
  banner: {
    js: `import{createRequire as _createRequire}from'node:module';import{dirname as _dirname}from'node:path';const require=_createRequire(import.meta.url),__filename=import.meta.filename,__dirname=_dirname(__filename);`,
  },
  logLevel: 'error',
});

// A function gets its name each time it is made, on the way of each request, too, and nearly all have the right one already.
const naming = '=(target,value)=>__defProp(';
const named = readdirSync(outdir)
  .filter((name) => name.endsWith('.js'))
  .map((name) => ({ path: join(outdir, name), code: readFileSync(join(outdir, name), 'utf8') }))
  .find(({ code }) => code.includes(`__name${naming}`));
if (!named) throw new Error('esbuild names functions in another way now');
writeFileSync(
  named.path,
  named.code.replace(`__name${naming}`, `__name=(target,value)=>target.name===value?target:__defProp(`),
);
