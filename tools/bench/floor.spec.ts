import { describe, expect, it } from '@jest/globals';
import { Floor, loggedStatements } from './floor.js';

describe('The floor', () => {
  it('reads statements of several lines out of the log of PostgreSQL', () => {
    const log = [
      '2026-01-01 00:00:00.000 UTC [1] customer LOG:  execute <unnamed>: SELECT t.id,',
      '\t  t.code FROM customer t WHERE t.id = $1',
      "2026-01-01 00:00:00.000 UTC [1] customer DETAIL:  Parameters: $1 = '1'",
      '2026-01-01 00:00:00.000 UTC [1] customer LOG:  statement: SELECT 1',
      '2026-01-01 00:00:00.000 UTC [2] LOG:  checkpoint starting: time',
    ].join('\n');
    expect(loggedStatements(log)).toEqual(['SELECT t.id,\n  t.code FROM customer t WHERE t.id = $1', 'SELECT 1']);
  });

  it('gets its parameters whole, whatever they are made of', () => {
    expect(Floor.path('search', ['%东海%', 'a&p=b'])).toBe('/search?p=%25%E4%B8%9C%E6%B5%B7%25&p=a%26p%3Db');
    expect(Floor.path('list', [])).toBe('/list?');
  });
});
