import { beforeAll, describe, expect, it } from '@jest/globals';
import { PasswordHasher } from './password-hasher.service.js';

describe('PasswordHasher', () => {
  const hasher = new PasswordHasher();
  beforeAll(() => hasher.onModuleInit());

  it('AUT-3: stores argon2id with OWASP’s cost, salted', async () => {
    const [one, two] = await Promise.all([hasher.hash('tomato-lamp-42'), hasher.hash('tomato-lamp-42')]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(two).not.toBe(one);
    expect(await hasher.verify('tomato-lamp-42', one)).toBe(true);
    expect(await hasher.verify('tomato-lamp-43', one)).toBe(false);
  });

  it('AUT-4: takes as long for an unknown user as for a wrong password', async () => {
    const stored = await hasher.hash('tomato-lamp-42');
    const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] };
    for (let i = 0; i < 41; i++)
      for (const kind of ['known', 'unknown'] as const) {
        const begin = performance.now();
        expect(await hasher.verify('wrong', kind === 'known' ? stored : undefined)).toBe(false);
        times[kind].push(performance.now() - begin);
      }
    const median = (values: number[]) => values.sort((a, b) => a - b)[20]!;
    const ratio = median(times.unknown) / median(times.known);
    expect(ratio).toBeGreaterThan(0.6);
    expect(ratio).toBeLessThan(1.6);
  });

  it('AUT-4: turns a flood away instead of letting it take the processor', async () => {
    const answers = await Promise.allSettled(Array.from({ length: 30 }, () => hasher.hash('tomato-lamp-42')));
    const refused = answers.filter((answer) => answer.status === 'rejected');
    expect(refused).toHaveLength(8);
    for (const { reason } of refused)
      expect(reason).toMatchObject({ code: 'service-unavailable', parameters: { seconds: 1 } });
    await expect(hasher.hash('tomato-lamp-42')).resolves.toContain('$argon2id$');
  });
});
