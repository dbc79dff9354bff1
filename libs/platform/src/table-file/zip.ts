import { CrmError } from '#contracts';
import { pipeline, Readable } from 'node:stream';
import { createInflateRaw } from 'node:zlib';
import type { ByteSource } from './table.js';

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const END_LENGTH = 22;
const LONGEST_COMMENT = 65_535;
const STORED = 0;
const DEFLATED = 8;

/** Bounds of what is unpacked: a small file can be made to fill any disk and keep any processor busy. */
const MOST_ENTRIES = 2000;
const LONGEST_DIRECTORY = 1024 * 1024;
const MOST_BYTES = 4 * 1024 ** 3;
/** Sheets are packed to a tenth or a twentieth; what can be packed to less than this is there for nothing else. */
const MOST_PACKED = 250;
const ALWAYS_ALLOWED = 1024 * 1024;

export const unreadable = (reason: string): CrmError => new CrmError('unreadable-file', { reason });
const TOO_MUCH = 'it unpacks to far too much · 解压后过大';
const DAMAGED = 'it is damaged · 文件已损坏';

interface Entry {
  readonly method: number;
  readonly packed: number;
  readonly offset: number;
}

/** A ZIP archive of which single entries are read, as streams. Throws `unreadable-file` for what is none, damaged, or a bomb. */
export class Zip {
  private unpacked = 0;

  private constructor(
    private readonly source: ByteSource,
    private readonly entries: ReadonlyMap<string, Entry>,
  ) {}

  static async open(source: ByteSource): Promise<Zip> {
    const size = await source.size();
    const tail = await bytes(source, Math.max(0, size - END_LENGTH - LONGEST_COMMENT), END_LENGTH + LONGEST_COMMENT);
    let at = tail.length - END_LENGTH;
    while (at >= 0 && tail.readUInt32LE(at) !== END) at--;
    if (at < 0) throw unreadable(await whatElse(source));
    const count = tail.readUInt16LE(at + 10);
    const length = tail.readUInt32LE(at + 12);
    const offset = tail.readUInt32LE(at + 16);
    if (count > MOST_ENTRIES || length > LONGEST_DIRECTORY) throw unreadable(TOO_MUCH);
    return new Zip(source, readDirectory(await bytes(source, offset, length), count));
  }

  has(name: string): boolean {
    return this.entries.has(name);
  }

  /** The bytes of an entry. */
  async *read(name: string): AsyncGenerator<Buffer> {
    const entry = this.entries.get(name);
    if (!entry) throw unreadable(`it has no ${name} · 缺少 ${name}`);
    const limit = Math.max(ALWAYS_ALLOWED, entry.packed * MOST_PACKED);
    let size = 0;
    for await (const piece of await this.content(entry)) {
      size += piece.length;
      this.unpacked += piece.length;
      if (size > limit || this.unpacked > MOST_BYTES) throw unreadable(TOO_MUCH);
      yield piece;
    }
  }

  private async content({ method, packed, offset }: Entry): Promise<AsyncIterable<Buffer>> {
    const head = await bytes(this.source, offset, 30);
    if (head.length < 30 || head.readUInt32LE(0) !== LOCAL) throw unreadable(DAMAGED);
    const begin = offset + 30 + head.readUInt16LE(26) + head.readUInt16LE(28);
    const content = part(this.source, begin, packed);
    if (method === STORED) return content;
    if (method !== DEFLATED) throw unreadable('it is packed in an unusual way · 压缩方式不受支持');
    return inflated(content);
  }
}

async function* inflated(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  // Errors come out of the stream that is read.
  const stream = pipeline(Readable.from(packed), createInflateRaw(), () => {});
  try {
    yield* stream as AsyncIterable<Buffer>;
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code?.startsWith('Z_') ? unreadable(DAMAGED) : error;
  }
}

function readDirectory(directory: Buffer, count: number): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== ENTRY) throw unreadable(DAMAGED);
    const isSecret = (directory.readUInt16LE(at + 8) & 1) === 1;
    if (isSecret) throw unreadable('it is protected by a password · 文件受密码保护');
    const nameEnd = at + 46 + directory.readUInt16LE(at + 28);
    const name = directory.toString('utf8', at + 46, nameEnd).replaceAll('\\', '/');
    entries.set(name, {
      method: directory.readUInt16LE(at + 10),
      packed: directory.readUInt32LE(at + 20),
      offset: directory.readUInt32LE(at + 42),
    });
    at = nameEnd + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

/** What people send instead. */
async function whatElse(source: ByteSource): Promise<string> {
  const head = await bytes(source, 0, 8);
  return head.toString('hex') === 'd0cf11e0a1b11ae1'
    ? 'it is an old .xls file, or protected by a password; save it as .xlsx · 文件为旧版 .xls 或受密码保护,请另存为 .xlsx'
    : 'it is no .xlsx file, or was cut off · 不是 .xlsx 文件或文件不完整';
}

async function* part(source: ByteSource, offset: number, length: number): AsyncGenerator<Buffer> {
  let left = length;
  if (left === 0) return;
  for await (const piece of source.read(offset)) {
    yield piece.subarray(0, left);
    left -= piece.length;
    if (left <= 0) return;
  }
}

async function bytes(source: ByteSource, offset: number, length: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of part(source, offset, length)) pieces.push(piece);
  return Buffer.concat(pieces);
}
