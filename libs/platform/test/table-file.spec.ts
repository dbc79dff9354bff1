import { describe, expect, it } from '@jest/globals';
import type { ImportColumn } from '#contracts';
import excel from 'exceljs';
import { deflateRawSync } from 'node:zlib';
import { importBatches, openImport } from '../src/table-file/import-file.js';
import type { ByteSource } from '../src/table-file/table.js';
import { TextSurvey } from '../src/table-file/text-survey.js';

const COLUMNS: readonly ImportColumn[] = [
  { name: 'name', label: { en: 'Name', zh: '客户名称' }, required: true },
  { name: 'phone', label: { en: 'Phone', zh: '电话' } },
  { name: 'contactName', label: { en: 'Contact', zh: '联系人' } },
];
const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

/** A file in memory, in pieces of `size` bytes. */
function sourceOf(bytes: Buffer, size = 7): ByteSource {
  async function* read(offset = 0) {
    for (let at = offset; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  return { size: () => Promise.resolve(bytes.length), read };
}

async function readAll(
  bytes: Buffer,
  { type = 'text/csv', charset = undefined as string | undefined, after = 0 } = {},
) {
  const source = sourceOf(bytes, bytes.length > 10_000 ? 65_536 : 7);
  const survey = new TextSurvey();
  for await (const piece of source.read()) survey.see(piece);
  const file = await openImport(source, { type, charset }, survey, COLUMNS);
  const rows: [number, unknown][] = [];
  const failures: [number, string][] = [];
  const reading = { source, format: file.format, columns: COLUMNS, after, size: 2 };
  for await (const batch of importBatches({
    ...reading,
    prepare:
      async () =>
      ({ values }) => ({ data: values }),
  })) {
    for (const { line, data } of batch.good) rows.push([line, data]);
    for (const { line, errors } of batch.failures) failures.push([line, errors.map(({ code }) => code).join()]);
  }
  return { ...file, rows, failures };
}
const csv = (text: string) => readAll(Buffer.from(text));

/** A ZIP with these files, as they are. */
function zip(
  files: Record<string, Buffer | string>,
  change: (entry: { packed: Buffer }) => void = () => undefined,
): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const entry = { packed: deflateRawSync(content) };
    change(entry);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(8, 10);
    central.writeUInt32LE(entry.packed.length, 20);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt32LE(offset, 42);
    directory.push(central, Buffer.from(name));
    parts.push(local, Buffer.from(name), entry.packed);
    offset += 30 + name.length + entry.packed.length;
  }
  const tail = Buffer.alloc(22);
  const list = Buffer.concat(directory);
  tail.writeUInt32LE(0x06054b50, 0);
  tail.writeUInt16LE(Object.keys(files).length, 10);
  tail.writeUInt32LE(list.length, 12);
  tail.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, list, tail]);
}

const sheetFiles = (sheet: Buffer | string, strings = '<sst/>') => ({
  'xl/workbook.xml': '<workbook xmlns:r="r"><sheets><sheet name="S" r:id="r1"/></sheets></workbook>',
  'xl/_rels/workbook.xml.rels':
    '<Relationships><Relationship Id="r1" Type="x/worksheet" Target="worksheets/sheet1.xml"/>' +
    '<Relationship Id="r2" Type="x/sharedStrings" Target="/xl/sharedStrings.xml"/></Relationships>',
  'xl/worksheets/sheet1.xml': sheet,
  'xl/sharedStrings.xml': strings,
});
const xlsx = (bytes: Buffer) => readAll(bytes, { type: XLSX });
const unreadable = (reason: RegExp): unknown =>
  expect.objectContaining({
    code: 'unreadable-file',
    parameters: { reason: expect.stringMatching(reason) },
  });

describe('CUS-8: a CSV file', () => {
  it('is read in UTF-8 with and without mark, in UTF-16 and in the encodings of Chinese spreadsheets', async () => {
    const rows = [[2, { name: '上海贸易', phone: '1' }]];
    const text = '客户名称,电话\r\n上海贸易,1\r\n';
    expect(await csv(text)).toMatchObject({ rows, format: { encoding: 'utf-8' }, total: 1 });
    expect(await csv(`\ufeff${text}`)).toMatchObject({ rows });
    expect(await readAll(Buffer.from(`\ufeff${text}`, 'utf16le'))).toMatchObject({ rows });
    // The same text in GB 18030.
    const gb = Buffer.from('bfcdbba7c3fbb3c62cb5e7bbb00d0ac9cfbaa3c3b3d2d72c310d0a', 'hex');
    expect(await readAll(gb)).toMatchObject({ rows, format: { encoding: 'gb18030' } });
    expect(await readAll(gb, { charset: 'GBK' })).toMatchObject({ rows });
    const ascii = Buffer.concat([Buffer.from(`name,phone\n${'ACME,1\n'.repeat(50_000)}`), gb.subarray(15)]);
    expect((await readAll(ascii)).rows.at(-1)).toEqual([50_002, { name: '上海贸易', phone: '1' }]);
    await expect(readAll(gb, { charset: 'klingon' })).rejects.toThrow(/unknown character set/);
  });

  it('may be parted by commas, semicolons or tabs', async () => {
    for (const delimiter of [',', ';', '\t'])
      expect(
        (await csv(['name', '"a,b;c"', 'phone\nx', 'y', 'z\n'].join(delimiter).replace('"a,b;c"', 'Contact'))).rows,
      ).toEqual([[2, { name: 'x', contactName: 'y', phone: 'z' }]]);
  });

  it('with bytes that are no text has bad rows, not changed ones', async () => {
    const bytes = Buffer.concat([
      Buffer.from('name,phone\n上海贸易,1\nA'),
      Buffer.from([0xff]),
      Buffer.from(',2\nB,3\n'),
    ]);
    expect(await readAll(bytes)).toMatchObject({
      rows: [
        [2, { name: '上海贸易', phone: '1' }],
        [4, { name: 'B', phone: '3' }],
      ],
      failures: [[3, 'unreadable_text']],
    });
  });

  it('has its columns in any order, by name or label, whatever their case and blanks; blank cells and rows are not there', async () => {
    expect((await csv(' PHONE , Contact_Name,NAME\n ,"  ",A\n,,\n , ,\n1,B,C\n')).rows).toEqual([
      [2, { name: 'A' }],
      [5, { phone: '1', contactName: 'B', name: 'C' }],
    ]);
  });

  it('is refused when columns are unknown, repeated or missing, naming each', async () => {
    await expect(csv('phone,colour,电话,Vorname\n1,2,3,4\n')).rejects.toMatchObject({
      code: 'validation-failed',
      fields: [
        { path: 'colour', code: 'unknown_column', message: expect.stringContaining('name, phone, contactName') },
        { path: '电话', code: 'repeated_column' },
        { path: 'Vorname', code: 'unknown_column', message: 'unknown column · 未知列' },
        { path: 'name', code: 'missing_column' },
      ],
    });
    await expect(csv('')).rejects.toEqual(unreadable(/empty/));
    await expect(csv('\n\r\n ,\n')).rejects.toEqual(unreadable(/empty/));
  });

  it('has bad rows where cells belong to no column', async () => {
    expect(await csv('name,phone,\nA,1,x\nB,2,,\nC,3,,z\n"D"d,4\nE\n')).toMatchObject({
      rows: [
        [3, { name: 'B', phone: '2' }],
        [6, { name: 'E' }],
      ],
      failures: [
        [2, 'cell_without_column'],
        [4, 'too_many_cells'],
        [5, 'malformed_row'],
      ],
    });
  });

  it('may be the list of what was refused, mended; the apostrophe of an export is no part of a value', async () => {
    for (const head of ['line,field,reason', '行号,字段,原因'])
      expect((await csv(`${head},name,phone\n7,phone,bad,'Tis,'+86 1\n`)).rows).toEqual([
        [2, { name: "'Tis", phone: '+86 1' }],
      ]);
    // Mended, sent, and again not right: the list of that has the list before it in front.
    expect((await csv('行号,字段,原因,line,field,reason,name\n2,,,7,name,bad,A\n')).rows).toEqual([[2, { name: 'A' }]]);
    await expect(csv('name,line,field,reason\nA,1,2,3\n')).rejects.toMatchObject({ code: 'validation-failed' });
  });

  it('goes on behind a line', async () => {
    const bytes = Buffer.from('name\nA\nB\n"C\nc"\nD\n');
    expect((await readAll(bytes, { after: 3 })).rows).toEqual([
      [4, { name: 'C\nc' }],
      [6, { name: 'D' }],
    ]);
  });

  it('is not called __proto__ by its columns', async () => {
    await expect(csv('name,__proto__,constructor\nA,1,2\n')).rejects.toMatchObject({
      fields: [{ path: '__proto__' }, { path: 'constructor' }],
    });
  });
});

describe('CUS-8: an XLSX file', () => {
  it('is read from the first sheet that is shown, all cells as text', async () => {
    const book = new excel.Workbook();
    book.addWorksheet('hidden', { state: 'hidden' }).addRow(['nothing']);
    const sheet = book.addWorksheet('customers');
    sheet.addRow(['客户名称', 'phone', 'contactName']);
    sheet.addRow(['上海贸易', 13_800_138_000, { richText: [{ text: '张' }, { text: '三' }] }]);
    sheet.addRow([]);
    sheet.addRow(['ACME & Söhne <"\n\'>', { formula: '1+1', result: 2 }, new Date(Date.UTC(2026, 1, 28))]);
    sheet.addRow([true, 0.1 + 0.2, { text: 'x', hyperlink: 'http://x' }]);
    sheet.getCell('C6').value = { error: '#N/A' };
    const bytes = Buffer.from(await book.xlsx.writeBuffer());
    expect(await xlsx(bytes)).toMatchObject({
      format: { type: 'xlsx' },
      rows: [
        [2, { name: '上海贸易', phone: '13800138000', contactName: '张三' }],
        [4, { name: 'ACME & Söhne <"\n\'>', phone: '2', contactName: '2026-02-28' }],
        [5, { name: 'true', phone: '0.3', contactName: 'x' }],
      ],
      failures: [[6, 'malformed_row']],
    });
  });

  it('may have its cells in order without saying where, prefixes, and texts in place', async () => {
    const sheet =
      '<x:worksheet xmlns:x="m"><x:sheetData><x:row><x:c t="s"><x:v>0</x:v></x:c><x:c t="inlineStr"><x:is><x:t>phone</x:t></x:is></x:c></x:row>' +
      '<x:row r="9.5"><x:c r="A9" t="s"/><x:c r="B9"><x:v>1</x:v></x:c></x:row><x:row r="3"><x:c t="str"><x:v>a_x000A_b</x:v></x:c></x:row></x:sheetData></x:worksheet>';
    const strings = '<sst><si><t>na</t><rPh sb="0" eb="1"><t>NAH</t></rPh><r><t>me</t></r></si></sst>';
    expect(await xlsx(zip(sheetFiles(sheet, strings)))).toMatchObject({
      rows: [[10, { name: 'a\nb' }]],
      failures: [[9, 'required']],
    });
  });

  it('that is none, damaged, old or protected is refused with the reason', async () => {
    await expect(xlsx(Buffer.from('name,phone\n1,2\n'))).rejects.toEqual(unreadable(/no \.xlsx/));
    await expect(xlsx(Buffer.from('d0cf11e0a1b11ae1'.padEnd(4000, '0'), 'hex'))).rejects.toEqual(
      unreadable(/old \.xls/),
    );
    await expect(xlsx(zip({ 'a.txt': 'x' }))).rejects.toEqual(unreadable(/xl\/workbook\.xml/));
    await expect(xlsx(zip({ ...sheetFiles('<a/>'), 'xl/workbook.xml': '<workbook/>' }))).rejects.toEqual(
      unreadable(/no sheet/),
    );
    for (const bad of ['<row>', 'not xml', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', '<a>'.repeat(51)])
      await expect(xlsx(zip(sheetFiles(bad)))).rejects.toEqual(unreadable(/no XML/));
    for (const target of ['%zz', 'http://['])
      await expect(
        xlsx(
          zip({
            ...sheetFiles('<a/>'),
            'xl/_rels/workbook.xml.rels': `<a><Relationship Id="r" Target="${target}"/></a>`,
          }),
        ),
      ).rejects.toEqual(unreadable(/by no name/));
    const broken = zip(sheetFiles('<worksheet/>'), (entry) => (entry.packed = Buffer.from('ffffff', 'hex')));
    await expect(xlsx(broken)).rejects.toEqual(unreadable(/damaged/));
  });

  it('that unpacks to far more than it is, is no more unpacked than to see that', async () => {
    const row = (text: string) => `<row><c t="inlineStr"><is><t>${text}</t></is></c></row>`;
    const bomb = zip(sheetFiles(`<worksheet>${row('name')}${row('0'.repeat(20_000)).repeat(2000)}</worksheet>`));
    expect(bomb.length).toBeLessThan(100_000);
    const begun = process.memoryUsage().rss;
    await expect(xlsx(bomb)).rejects.toEqual(unreadable(/far too much/));
    await expect(xlsx(zip(sheetFiles('<worksheet/>', `<sst>${' '.repeat(3_000_000)}</sst>`)))).rejects.toEqual(
      unreadable(/far too much|no XML/),
    );
    expect(process.memoryUsage().rss - begun).toBeLessThan(300 * 1024 * 1024);
    const wide = `<worksheet><row><c r="ZZZ1"><v>1</v></c></row></worksheet>`;
    await expect(xlsx(zip(sheetFiles(wide)))).rejects.toEqual(unreadable(/500 columns/));
    const many = Object.fromEntries(Array.from({ length: 2001 }, (_, index) => [`f${index}`, '']));
    await expect(xlsx(zip(many))).rejects.toEqual(unreadable(/far too much/));
  });
});
