import { runMain } from '#platform';
import { start } from './app.js';

await runMain(start);
