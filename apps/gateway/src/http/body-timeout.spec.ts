import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EventEmitter } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import { liftBodyTime, limitBodyTime, resumeBodyTime } from './body-timeout.js';

describe('a body', () => {
  const expired = jest.fn();
  const server = new EventEmitter().on('clientError', expired) as unknown as Server;
  const begin = (headers: IncomingMessage['headers'] = { 'content-length': '5' }) => {
    const request = Object.assign(new EventEmitter(), { headers, complete: false }) as unknown as IncomingMessage;
    limitBodyTime(server, request);
    return request;
  };
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => {
    jest.useRealTimers();
    expired.mockClear();
  });

  it('has 30 s to arrive; what has none, and one that is there, is not waited for', () => {
    begin({});
    begin().emit('close');
    begin({ 'transfer-encoding': 'chunked' });
    jest.advanceTimersByTime(29_999);
    expect(expired).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(expired).toHaveBeenCalledTimes(1);
    expect(expired.mock.calls[0]![0]).toMatchObject({ code: 'ERR_HTTP_REQUEST_TIMEOUT' });
  });

  it('that somebody else watches has no such end; what is left of it has, when nobody wants it any more', () => {
    const request = begin();
    liftBodyTime(request);
    jest.advanceTimersByTime(600_000);
    expect(expired).not.toHaveBeenCalled();
    resumeBodyTime(request);
    jest.advanceTimersByTime(30_000);
    expect(expired).toHaveBeenCalledTimes(1);
  });
});
