import { describe, expect, it } from '@jest/globals';
import { searchTerms } from './search-terms.js';

describe('what a text is found by', () => {
  it.each([
    ['pairs of Chinese characters', '打印机卡纸', ['打印', '印机', '机卡', '卡纸']],
    ['not across a sign or a blank', '卡纸,坏 了', ['卡纸', '坏', '了']],
    ['words and pairs side by side', '型号X200无法print了', ['型号', 'x200', '无法', 'print', '了']],
    ['Japanese and Korean', 'プリンター 한국어', ['プリ', 'リン', 'ンタ', 'ター', '한국', '국어']],
    ['full-width letters as half-width ones', 'ＡＢＣ－１２３', ['abc', '123']],
    ['each once, in the order of the text', 'pump valve PUMP', ['pump', 'valv']],
    ['accents are kept', 'café Ｃafé', ['café']],
    ['single letters and words that say nothing are left out', 'I can’t open it: the x', ['open']],
    ['emoji and right-to-left marks are no words', '👍\u200fשלום👍', ['שלום']],
    ['characters beyond the first plane', '𠮷野家', ['𠮷野', '野家']],
  ])('SVC-6: %s', (_what, text, expected) => expect(searchTerms(text)).toEqual(expected));

  it.each([
    'crash crashes crashed crashing',
    'delivery deliveries',
    'invoice invoices invoiced invoicing',
    'ship ships shipped shipping',
    'reply replies replied',
    'cancel cancels cancelled canceled cancelling',
    'process processes processed processing',
    'need needs',
  ])('SVC-6: %s are one word', (words) => expect(searchTerms(words)).toHaveLength(1));

  it.each(['string strict', 'bus bush', 'status state', 'thing thin', 'speed spend'])(
    'SVC-6: %s are two words',
    (words) => expect(searchTerms(words)).toHaveLength(2),
  );

  it('SVC-6: a word without end is cut, so that the index takes it', () => {
    expect(searchTerms('x'.repeat(5000), null, '')).toEqual(['x'.repeat(40)]);
  });
});
