// What test files find as globals or import from '@jest/globals'. The runner knows no time limits, and a test that hangs must not hang
// the run: here each test and hook has one. Nor do its fake timers take settings.
import { ModernFakeTimers } from '@jest/fake-timers';
import { bind } from 'jest-each';

const LIMIT_MS = 30_000;
const { clearTimeout, describe, expect, it: addTest, setTimeout } = globalThis;

function limited(fn, milliseconds = LIMIT_MS) {
  // A callback would never be called.
  if (fn.length > 0) throw new Error('A test or hook takes no arguments: it returns a promise');
  return async () => {
    let timer;
    const expired = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not done within ${milliseconds} ms`)), milliseconds);
    });
    try {
      await Promise.race([fn(), expired]);
    } finally {
      clearTimeout(timer);
    }
  };
}

const timers = new ModernFakeTimers({ config: { fakeTimers: {} }, global: globalThis });
const jest = {
  fn: globalThis.jest.fn,
  spyOn: globalThis.jest.spyOn,
  useFakeTimers: (settings) => timers.useFakeTimers(settings),
  useRealTimers: () => timers.useRealTimers(),
  advanceTimersByTime: (milliseconds) => timers.advanceTimersByTime(milliseconds),
};

const hook = (register) => (fn, milliseconds) => register(limited(fn, milliseconds));
const afterAll = hook(globalThis.afterAll);
const afterEach = hook(globalThis.afterEach);
const beforeAll = hook(globalThis.beforeAll);
const beforeEach = hook(globalThis.beforeEach);
const it = (name, fn, milliseconds) => addTest(name, limited(fn, milliseconds));
it.each = bind(it, false);

export { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest };
Object.assign(globalThis, { afterAll, afterEach, beforeAll, beforeEach, it, jest, test: it });
