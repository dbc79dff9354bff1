import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Parser } from '@asyncapi/parser';
import { SALES_SUBJECTS, TOPOLOGY } from '#contracts';
import { generatedFiles } from './generated-files.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => (existsSync(root + path) ? readFileSync(root + path, 'utf8') : undefined);

/** The formatter pads tables and folds short lists; neither makes a file stale. */
function meaning(path: string, text: string | undefined): unknown {
  if (text === undefined) return undefined;
  if (path.endsWith('.json')) return JSON.parse(text) as unknown;
  return path.endsWith('.md') ? text.replace(/ +/g, ' ').replace(/-{3,}/g, '---') : text;
}

describe('generated files', () => {
  it.each([...generatedFiles(read)])('%s is what `npm run docs` would write now', (path, content) => {
    expect(meaning(path, read(path))).toEqual(meaning(path, content));
  });

  it('EVT-1: asyncapi.json is valid AsyncAPI and has every event and feed', async () => {
    const { document, diagnostics } = await new Parser().parse(read('docs/asyncapi.json')!);
    const errors = diagnostics.filter(({ severity }: { severity: number }) => severity <= 1);
    const channels = document!
      .channels()
      .all()
      .map((channel) => channel.address()!);
    expect(errors).toEqual([]);
    expect(channels.sort()).toEqual(
      [...TOPOLOGY.map(({ event }) => event.type), ...Object.values(SALES_SUBJECTS)].sort(),
    );
  });
});
