import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openApiDocument } from '../../apps/gateway/src/openapi/openapi-document.js';
import { asyncApiDocument } from './asyncapi-document.js';
import { eventSnapshots } from './event-snapshots.js';
import { natsConf } from './nats-conf.js';
import { eventsTable, type Language, settingsTables } from './tables.js';

type Read = (path: string) => string | undefined;

const READMES: Record<string, Language> = { 'README.md': 'en', 'README.zh-CN.md': 'zh' };

/** Everything in the repository that is made from the code: path and content. `read` gives the files that are there. */
export function generatedFiles(read: Read): Map<string, string> {
  const { version } = JSON.parse(read('package.json') ?? '{}') as { version: string };
  return new Map([
    ['docs/openapi.json', json(openApiDocument())],
    ['docs/asyncapi.json', json(asyncApiDocument(version))],
    // One for docker compose and one for kustomize, which reads nothing outside its folder.
    ['deploy/nats.conf', natsConf()],
    ['k8s/nats.conf', natsConf()],
    ...eventSnapshots(read).map(([path, snapshot]): [string, string] => [path, json(snapshot)]),
    ...Object.entries(READMES).map(([path, language]): [string, string] => [path, readme(path, language, read)]),
  ]);
}

/** Writes them. @returns path and former content of each */
export function writeGeneratedFiles(root: string, read: Read): Array<[path: string, before: string | undefined]> {
  return [...generatedFiles(read)].map(([path, content]) => {
    const before = read(path);
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
    return [path, before];
  });
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

function readme(path: string, language: Language, read: Read): string {
  const empty = ['settings', 'events'].map((name) => `<!-- ${name}:start -->\n<!-- ${name}:end -->\n`).join('\n');
  const filled = section(path, read(path) ?? empty, 'settings', settingsTables(language));
  return section(path, filled, 'events', eventsTable(language));
}

function section(path: string, text: string, name: string, content: string): string {
  const [start, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${path} has no place for the generated ${name}: ${start} … ${end}`);
  return `${text.slice(0, from)}${start}\n\n${content}\n\n${text.slice(to)}`;
}
