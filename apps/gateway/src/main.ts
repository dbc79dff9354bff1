import { runMain } from '#platform/without-database';
import { start } from './app.js';

await runMain(start);
