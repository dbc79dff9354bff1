import { SaxesParser } from 'saxes';
import { unreadable } from './zip.js';

const DEEPEST = 50;
/** Characters without a tag: a cell may have 32,767. */
const LONGEST = 1024 * 1024;
const NO_XML = 'a part of it is no XML · 其中部分内容不是 XML';

/** Called for tags and texts, with names without their prefix. */
export interface XmlHandlers {
  open?(name: string, attributes: Readonly<Record<string, string>>): void;
  text?(text: string): void;
  close?(name: string): void;
}

const local = (name: string): string => name.slice(name.indexOf(':') + 1);

/** Reads XML piece by piece; the generator stops behind each, so that what the handlers gathered can be taken. */
export async function* readXml(pieces: AsyncIterable<Buffer>, handlers: XmlHandlers): AsyncGenerator<void> {
  const parser = new SaxesParser();
  const decoder = new TextDecoder();
  let depth = 0;
  let sinceTag = 0;
  const refuse = () => {
    throw unreadable(NO_XML);
  };
  parser.on('error', refuse);
  // Entities of one's own making are what a billion laughs are made of.
  parser.on('doctype', refuse);
  parser.on('opentag', ({ name, attributes }) => {
    sinceTag = 0;
    if (++depth > DEEPEST) refuse();
    handlers.open?.(local(name), attributes);
  });
  parser.on('text', (text) => handlers.text?.(text));
  parser.on('cdata', (text) => handlers.text?.(text));
  parser.on('closetag', ({ name }) => {
    sinceTag = 0;
    depth--;
    handlers.close?.(local(name));
  });
  for await (const piece of pieces) {
    sinceTag += piece.length;
    if (sinceTag > LONGEST) refuse();
    parser.write(decoder.decode(piece, { stream: true }));
    yield;
  }
  parser.write(decoder.decode());
  parser.close();
  yield;
}

/** Reads a small part whole. */
export async function eachTag(
  pieces: AsyncIterable<Buffer>,
  open: (name: string, attributes: Readonly<Record<string, string>>) => void,
): Promise<void> {
  for await (const _piece of readXml(pieces, { open })) continue;
}
