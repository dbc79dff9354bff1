import { isDateFormat, unescaped } from './xlsx-cell.js';
import { eachTag, readXml } from './xml.js';
import { unreadable, Zip } from './zip.js';

/** Texts that cells share are kept in memory while the sheet is read. */
const MOST_CHARACTERS = 64_000_000;
const MOST_STRINGS = 4_000_000;
const TOO_MANY = 'it holds too many different texts; save it as CSV · 文本过多,请另存为 CSV';

type Attributes = Readonly<Record<string, string>>;

/** What it takes to read the first sheet that is shown. */
export interface Workbook {
  readonly zip: Zip;
  readonly sheet: string;
  readonly strings: readonly string[];
  /** Whether the cells of a style are days or times. */
  readonly dateStyles: readonly boolean[];
  readonly from1904: boolean;
}

interface Relation {
  readonly id: string;
  readonly type: string;
  readonly target: string;
}

/** @throws CrmError unreadable-file */
export async function openWorkbook(zip: Zip): Promise<Workbook> {
  const main = (await relationsOf(zip, '')).find(({ type }) => type === 'officeDocument')?.target ?? 'xl/workbook.xml';
  let from1904 = false;
  const sheets: Attributes[] = [];
  await eachTag(zip.read(main), (name, attributes) => {
    if (name === 'sheet') sheets.push(attributes);
    else if (name === 'workbookPr') from1904 = ['1', 'true'].includes(attributes.date1904 ?? '');
  });
  const shown = sheets.find(({ state }) => state === undefined || state === 'visible');
  const relations = await relationsOf(zip, main);
  const named = (wanted: string) => relations.find(({ type }) => type === wanted)?.target;
  const id = Object.entries(shown ?? {}).find(([name]) => /(^|:)id$/.test(name) && name !== 'sheetId')?.[1];
  const sheet = relations.find((relation) => relation.id === id)?.target;
  if (!sheet) throw unreadable('it has no sheet · 没有工作表');
  const [strings, styles] = [named('sharedStrings'), named('styles')];
  return {
    zip,
    sheet,
    strings: strings && zip.has(strings) ? await readStrings(zip, strings) : [],
    dateStyles: styles && zip.has(styles) ? await readDateStyles(zip, styles) : [],
    from1904,
  };
}

/** The parts that a part refers to, by their whole names. */
async function relationsOf(zip: Zip, part: string): Promise<Relation[]> {
  const folder = part.slice(0, part.lastIndexOf('/') + 1);
  const file = `${folder}_rels/${part.slice(folder.length)}.rels`;
  const relations: Relation[] = [];
  if (!zip.has(file)) return relations;
  await eachTag(zip.read(file), (name, { Id = '', Type = '', Target = '' }) => {
    if (name !== 'Relationship') return;
    relations.push({ id: Id, type: Type.slice(Type.lastIndexOf('/') + 1), target: wholeName(Target, folder) });
  });
  return relations;
}

function wholeName(target: string, folder: string): string {
  try {
    return decodeURIComponent(new URL(target.replaceAll('\\', '/'), `zip://x/${folder}`).pathname.slice(1));
  } catch {
    throw unreadable('it refers to a part by no name · 内部引用无效');
  }
}

async function readStrings(zip: Zip, part: string): Promise<string[]> {
  const strings: string[] = [];
  let characters = 0;
  let text = '';
  let inText = false;
  let spoken = 0;
  const reading = readXml(zip.read(part), {
    open: (name) => {
      if (name === 'si') text = '';
      else if (name === 'rPh') spoken++;
      inText = name === 't' && spoken === 0;
    },
    text: (piece) => {
      if (inText) text += piece;
    },
    close: (name) => {
      inText = false;
      if (name === 'rPh') spoken--;
      if (name !== 'si') return;
      characters += text.length;
      if (characters > MOST_CHARACTERS || strings.length >= MOST_STRINGS) throw unreadable(TOO_MANY);
      strings.push(unescaped(text));
    },
  });
  for await (const _piece of reading) continue;
  return strings;
}

async function readDateStyles(zip: Zip, part: string): Promise<boolean[]> {
  const codes = new Map<number, string>();
  const formats: number[] = [];
  let inCellFormats = false;
  const reading = readXml(zip.read(part), {
    open: (name, attributes) => {
      if (name === 'numFmt') codes.set(Number(attributes.numFmtId), attributes.formatCode ?? '');
      else if (name === 'cellXfs') inCellFormats = true;
      else if (name === 'xf' && inCellFormats) formats.push(Number(attributes.numFmtId ?? 0));
    },
    close: (name) => {
      if (name === 'cellXfs') inCellFormats = false;
    },
  });
  for await (const _piece of reading) continue;
  return formats.map((id) => isDateFormat(id, codes.get(id)));
}
