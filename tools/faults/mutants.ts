import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** A mechanism broken on purpose: the checker has to notice. */
export interface Mutant {
  readonly name: string;
  readonly what: string;
  /** The row that brings it to light. */
  readonly row: number;
  /** Compiled file of the platform, and what is replaced in it; each `find` must be there exactly once. */
  readonly file: string;
  readonly changes: ReadonlyArray<readonly [find: string, replace: string]>;
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'dedupe',
    what: 'a consumer applies what it has applied before',
    row: 23,
    file: 'events/event-inbox.js',
    changes: [
      [
        'if (envelope.sequence <= position.sequence) ',
        'if (envelope.sequence <= position.sequence && (await this.handle(envelope, tx), true)) ',
      ],
    ],
  },
  {
    name: 'sequence-guard',
    what: 'a consumer applies an event whose predecessor it lacks',
    row: 17,
    file: 'events/event-inbox.js',
    changes: [['envelope.sequence === position.sequence + 1', 'envelope.sequence > position.sequence']],
  },
  {
    name: 'outbox-transaction',
    what: 'events are written after the commit of the change, not with it',
    row: 1,
    file: 'db/unit-of-work.js',
    changes: [
      ['()=>writeOutbox(manager, tx.pending),', ''],
      ['const { result, published } =', 'const { result, published, pending } ='],
      [
        'published: tx.hasPublished || tx.pending.length > 0',
        'published: tx.hasPublished || tx.pending.length > 0, pending: tx.pending',
      ],
      [
        'if (published) this.signal.notify();',
        `if (published) {
          await new Promise((resolve) => setTimeout(resolve, 100));
          await writeOutbox(this.dataSource.manager, pending);
          this.signal.notify();
        }`,
      ],
    ],
  },
  {
    name: 'fencing',
    what: 'each copy takes itself for the only relay and marks what it likes',
    row: 19,
    file: 'events/outbox-relay.js',
    changes: [
      ['!await tryLock(client, service)', 'false'],
      ['AND (SELECT epoch FROM relay_epoch) = $3', 'AND $3::bigint > 0'],
    ],
  },
  {
    name: 'acknowledge-first',
    what: 'a message is acknowledged before its effect is committed',
    row: 17,
    file: 'events/jetstream-transport.js',
    changes: [
      [
        'const outcomes = await this.inbox.receive(',
        'for (const message of batch) message.ack();\n const outcomes = await this.inbox.receive(',
      ],
    ],
  },
];

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** A copy of the compiled applications with the mutant in it. @returns their folder */
export function build({ name, file, changes }: Mutant): URL {
  const folder = join(root, '.local', 'mutants', name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const part of ['apps', 'libs'])
    cpSync(join(root, 'dist', part), join(folder, 'dist', part), { recursive: true });
  // By its own package.json the copy imports itself, and the packages from the checkout around it.
  cpSync(join(root, 'package.json'), join(folder, 'package.json'));
  const path = join(folder, 'dist/libs/platform/src', file);
  let code = readFileSync(path, 'utf8');
  for (const [find, replace] of changes) {
    if (code.split(find).length !== 2) throw new Error(`${name}: "${find}" is not exactly once in ${file}`);
    code = code.replace(find, () => replace);
  }
  writeFileSync(path, code);
  return pathToFileURL(`${join(folder, 'dist', 'apps')}/`);
}
