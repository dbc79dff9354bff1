import { describe, expect, it } from '@jest/globals';
import { parseWrk } from './wrk.js';

const output = (errors: object, requests = 6000) =>
  `Running 3s test @ http://127.0.0.1:1\n  6000 requests in 3.00s\nSUMMARY ${JSON.stringify({ requests, duration: 3_000_000, errors, p50: 4200, p95: 9100, p99: 15_000 })}\n`;
const none = { connect: 0, read: 0, write: 0, status: 0, timeout: 0 };

describe('The summary of wrk', () => {
  it('becomes a rate and milliseconds', () => {
    expect(parseWrk(output(none))).toEqual({ requests: 6000, requestsPerSecond: 2000, p50: 4.2, p95: 9.1, p99: 15 });
  });

  it('with any answer that is no success, any broken connection, or no answer at all, is refused', () => {
    expect(() => parseWrk(output({ ...none, status: 3 }))).toThrow('status 3');
    expect(() => parseWrk(output({ ...none, read: 1, timeout: 2 }))).toThrow('read 1, timeout 2');
    expect(() => parseWrk(output(none, 0))).toThrow('0 answers');
    expect(() => parseWrk('unable to connect')).toThrow('unable to connect');
  });
});
