import { z } from 'zod';
import { breakingChanges } from './event-compatibility.js';
import { publishedSchema } from './json-schema.js';

const before = z.object({
  id: z.uuid(),
  name: z.string().nullable(),
  note: z.string().optional(),
  status: z.enum(['open', 'closed']),
  lines: z.array(z.object({ key: z.string(), amount: z.string() })),
});
const changes = (after: z.ZodType) => breakingChanges(publishedSchema(before), publishedSchema(after));

describe('EVT-6: within a version', () => {
  it('new optional fields and new descriptions are fine, at every depth', () => {
    const line = before.shape.lines.element.extend({ unit: z.string().nullish() });
    const described = z.uuid().describe('The id of the record');
    expect(changes(before.extend({ id: described, tag: z.string().optional(), lines: z.array(line) }))).toEqual([]);
  });

  it.each([
    ['a removed field', before.omit({ name: true }), ['data.name: removed']],
    ['a new field that must be there', before.extend({ tag: z.string() }), ['data.tag: a new field must be optional']],
    ['an old field that must be there now', before.extend({ note: z.string() }), ['data.note: now required']],
    ['a field that may be missing now', before.partial({ id: true }), ['data.id: no longer always there']],
    ['another type', before.extend({ id: z.int() }), expect.arrayContaining(['data.id: type changed'])],
    [
      'null where there was none',
      before.extend({ status: before.shape.status.nullable() }),
      expect.arrayContaining(['data.status: enum changed']),
    ],
    ['another set of values', before.extend({ status: z.enum(['open']) }), ['data.status: enum changed']],
    [
      'a removed field in a list',
      before.extend({ lines: z.array(z.object({ key: z.string() })) }),
      ['data.lines.items.amount: removed'],
    ],
  ])('%s is refused', (_, after, expected) => {
    expect(changes(after)).toEqual(expected);
  });
});
