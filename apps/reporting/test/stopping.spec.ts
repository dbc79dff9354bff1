import { once } from 'node:events';
import { connect } from 'node:net';
import { startTestService, type TestService } from '#testing';
import { start } from '../src/app.js';

describe('A service that is told to stop', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startTestService('reporting', start, { DRAIN_MS: '1500' });
  });
  afterAll(() => service?.stop());

  it('ALL-5: still answers what is asked, closes each connection behind the answer, then takes no more', async () => {
    const { port } = new URL(service.url);
    const kept = connect(Number(port), '127.0.0.1');
    const ask = async (socket: typeof kept): Promise<string> => {
      socket.write('GET /health/live HTTP/1.1\r\nhost: reporting\r\n\r\n');
      const [answer] = (await once(socket, 'data')) as [Buffer];
      return answer.toString();
    };
    expect(await ask(kept)).toMatch(/^HTTP\/1\.1 200 [^]*connection: keep-alive/i);
    const stopped = service.halt();
    const closed = once(kept, 'close');
    expect(await ask(kept)).toMatch(/^HTTP\/1\.1 200 [^]*connection: close/i);
    await closed;
    expect(await ask(connect(Number(port), '127.0.0.1'))).toMatch(/^HTTP\/1\.1 200 [^]*connection: close/i);
    await stopped;
    await expect(once(connect(Number(port), '127.0.0.1'), 'connect')).rejects.toThrow(/ECONNREFUSED/);
  });
});
