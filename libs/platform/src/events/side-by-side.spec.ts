import { SideBySide } from './side-by-side.js';

describe('EVT-3: events side by side', () => {
  const log: string[] = [];
  const gates = new Map<string, () => void>();
  const work = (name: string) => () => {
    log.push(`${name} begins`);
    return new Promise<void>((resolve) => gates.set(name, resolve)).then(() => void log.push(`${name} ends`));
  };
  const open = (name: string) => gates.get(name)!();
  beforeEach(() => {
    log.splice(0);
    gates.clear();
  });

  it('those of different records run together, those of one record one after the other', async () => {
    const side = new SideBySide();
    await side.run('a', true, work('a1'));
    await side.run('b', true, work('b1'));
    expect(log).toEqual(['a1 begins', 'b1 begins']);
    const second = side.run('a', true, work('a2'));
    open('a1');
    open('b1');
    await second;
    open('a2');
    await side.settled();
    expect(log).toEqual(['a1 begins', 'b1 begins', 'a1 ends', 'b1 ends', 'a2 begins', 'a2 ends']);
  });

  it('one that is not independent runs alone', async () => {
    const side = new SideBySide();
    await side.run('a', true, work('a1'));
    const alone = side.run('b', false, work('b1'));
    expect(log).toEqual(['a1 begins']);
    open('a1');
    while (!gates.has('b1') || !log.includes('b1 begins')) await new Promise((resolve) => setImmediate(resolve));
    open('b1');
    await alone;
    expect(log).toEqual(['a1 begins', 'a1 ends', 'b1 begins', 'b1 ends']);
  });

  it('a failure is told when no other works any more, and ends no process before that', async () => {
    const side = new SideBySide();
    await side.run('a', true, () => Promise.reject(new Error('broken')));
    await side.run('b', true, work('b1'));
    // Long enough for Node to miss a handler.
    await new Promise((resolve) => setImmediate(resolve));
    const settled = side.settled().catch((error: Error) => log.push(error.message));
    open('b1');
    await settled;
    expect(log).toEqual(['b1 begins', 'b1 ends', 'broken']);
  });
});
