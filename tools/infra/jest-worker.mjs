// Prepares a process that runs test files.
import { register } from 'node:module';
import 'reflect-metadata';

process.setSourceMapsEnabled(true);
register('./ts-loader.mjs', import.meta.url);
// The runner lets go of this process when all is done; what a test has left open must not keep it.
process.once('disconnect', () => process.exit());
