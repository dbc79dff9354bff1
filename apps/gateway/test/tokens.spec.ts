import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createHmac } from 'node:crypto';
import { v7 } from 'uuid';
import { eventually, type Forgery, GatewayFixture, otherKey } from './gateway.fixture.js';

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const seconds = () => Math.floor(Date.now() / 1000);

describe('access tokens', () => {
  let gateway: GatewayFixture;

  beforeAll(async () => {
    gateway = await GatewayFixture.start();
  });
  afterAll(() => gateway.stop());

  const statusWith = async (token: string) => {
    const answer = await gateway.call('/api/v1/opportunities', { token });
    await answer.text();
    return answer.status;
  };

  const forgeries: Record<string, Forgery> = {
    'another key': { key: otherKey() },
    'an unknown kid': { header: { kid: 'nobody' } },
    'no kid': { header: { kid: undefined } },
    'a kid that is a prototype member': { header: { kid: '__proto__' } },
    'another typ': { header: { typ: 'JWT' } },
    'no typ': { header: { typ: undefined } },
    'another issuer': { claims: { iss: 'someone' } },
    'no issuer': { claims: { iss: undefined } },
    'another audience': { claims: { aud: 'marketing' } },
    'no audience': { claims: { aud: undefined } },
    'an end in the past': { claims: { exp: seconds() - 31 } },
    'no end': { claims: { exp: undefined } },
    'a start in the future': { claims: { nbf: seconds() + 60 } },
    'no time of issue': { claims: { iat: undefined } },
    'no id': { claims: { jti: undefined } },
    'no subject': { claims: { sub: undefined } },
    'an unknown subject': { claims: { sub: v7() } },
    'no session, for a person': { claims: { sid: undefined } },
  };

  it.each(Object.keys(forgeries))('AUT-5: a token with %s is refused', async (name) => {
    expect(await statusWith(await gateway.token(gateway.manager, forgeries[name]))).toBe(401);
  });

  it('AUT-5: the algorithm is pinned: none, HS256 with the public key and an embedded key are refused', async () => {
    const good = await gateway.token(gateway.manager);
    expect(await statusWith(good)).toBe(200);
    const [, payload] = good.split('.') as [string, string, string];
    const pem = gateway.key.publicKey.export({ type: 'spki', format: 'pem' });
    const hmacOf = (text: string, key: string | Buffer) =>
      `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
    const header = { typ: 'at+jwt', kid: gateway.kid };
    const forged = [
      `${encode({ ...header, alg: 'none' })}.${payload}.`,
      `${encode({ ...header, alg: 'None' })}.${payload}.AA`,
      hmacOf(`${encode({ ...header, alg: 'HS256' })}.${payload}`, pem),
      hmacOf(`${encode({ ...header, alg: 'ES256' })}.${payload}`, pem),
      hmacOf(
        `${encode({ ...header, alg: 'HS256' })}.${payload}`,
        gateway.key.publicKey.export({ type: 'spki', format: 'der' }),
      ),
      await gateway.token(gateway.manager, { key: otherKey(), header: { jku: `${gateway.marketing.url}/jwks.json` } }),
      await gateway.token(gateway.manager, {
        key: otherKey(),
        header: { jwk: gateway.key.publicKey.export({ format: 'jwk' }) },
      }),
    ];
    for (const token of forged) expect(await statusWith(token)).toBe(401);
  });

  it('AUT-5: no single changed character leaves a token good', async () => {
    const good = await gateway.token(gateway.manager);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const meaningOf = (token: string) =>
      token
        .split('.')
        .map((part) => Buffer.from(part, 'base64url').toString('hex'))
        .join();
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.constantFrom(...alphabet), async (at, character) => {
        const mutant = good.slice(0, at) + character + good.slice(at + 1);
        // The last character of a part has bits that mean nothing.
        if (good[at] === '.' || meaningOf(mutant) === meaningOf(good)) return;
        expect(await statusWith(mutant)).toBe(401);
      }),
      { numRuns: 200 },
    );
  });

  it('malformed Authorization headers are refused with a challenge', async () => {
    const good = await gateway.token(gateway.manager);
    for (const authorization of [
      '',
      'Bearer',
      'Bearer ',
      `Basic ${good}`,
      good,
      `Bearer ${good},${good}`,
      `Bearer ${good}x.y`,
      `Bearer ${'a'.repeat(9000)}.b.c`,
    ]) {
      const answer = await gateway.call('/api/v1/opportunities', { headers: { authorization } });
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    }
  });

  it('an expired token is refused although it was good a moment ago', async () => {
    const token = await gateway.token(gateway.manager, { claims: { exp: seconds() + 1 } });
    expect(await statusWith(token)).toBe(200);
    await eventually(async () => (await statusWith(token)) === 401, 2500);
  });

  it('AUT-5: a logout, a disabled user and a changed password bite within 2 s, also for tokens in use', async () => {
    const sid = v7();
    const session = await gateway.token(gateway.manager, { claims: { sid } });
    const other = await gateway.token(gateway.manager);
    expect([await statusWith(session), await statusWith(other)]).toEqual([200, 200]);
    gateway.revise(({ revokedSessions }) => ({ revokedSessions: [...revokedSessions, sid] }));
    expect(await eventually(async () => (await statusWith(session)) === 401, 2000)).toBeLessThan(2000);
    expect(await statusWith(other)).toBe(200);

    gateway.replace(gateway.manager.id, { sessionsValidFrom: seconds() + 1 });
    await eventually(async () => (await statusWith(other)) === 401, 2000);
    const later = await gateway.token(gateway.manager, { claims: { iat: seconds() + 2 } });
    expect(await statusWith(later)).toBe(200);

    gateway.replace(gateway.manager.id, { active: false });
    await eventually(async () => (await statusWith(later)) === 401, 2000);
    gateway.replace(gateway.manager.id, { active: true, sessionsValidFrom: 0 });
    await eventually(async () => (await statusWith(other)) === 200, 2000);
  });

  it('AUT-1: changed rights of a role take effect within 2 s without a new login', async () => {
    const token = await gateway.token(gateway.alice);
    const assign = async () => {
      const answer = await gateway.call('/api/v1/opportunities/x/assign', {
        method: 'POST',
        token,
        headers: { 'content-type': 'application/json' },
        body: '{}',
      });
      await answer.text();
      return answer.status;
    };
    expect(await assign()).toBe(403);
    const grant = (grants: (before: string[]) => string[]) =>
      gateway.revise(({ roles }) => ({
        roles: roles.map((role) => (role.code === 'account_manager' ? { ...role, grants: grants(role.grants) } : role)),
      }));
    grant((before) => [...before, 'opportunity.assign']);
    await eventually(async () => (await assign()) === 200, 2000);
    const { rights } = JSON.parse(
      Buffer.from(
        String(gateway.marketing.received.at(-1)!.headers['x-crm-assertion']).split('.')[1]!,
        'base64url',
      ).toString(),
    ) as { rights: object };
    expect(rights).toMatchObject({ 'opportunity.assign': 'all', 'opportunity.read': 'own' });
    grant((before) => before.filter((right) => right !== 'opportunity.assign'));
    await eventually(async () => (await assign()) === 403, 2000);
  });

  it('AUT-5: a key that auth withdrew no longer opens anything, a new one does; the JWKS follows', async () => {
    const token = await gateway.token(gateway.manager);
    expect(await statusWith(token)).toBe(200);
    const kept = gateway.key.publicKey.export({ format: 'jwk' });
    gateway.revise(() => ({ keys: [{ ...kept, kid: 'next', d: 'secret' }] }));
    await eventually(async () => (await statusWith(token)) === 401, 2000);
    expect(await statusWith(await gateway.token(gateway.manager, { header: { kid: 'next' } }))).toBe(200);
    const jwks = await (await gateway.call('/.well-known/jwks.json')).json();
    expect(jwks).toEqual({
      keys: [{ kty: 'EC', crv: 'P-256', x: kept.x, y: kept.y, kid: 'next', alg: 'ES256', use: 'sig' }],
    });
    gateway.revise(() => ({ keys: [{ ...kept, kid: gateway.kid }] }));
    await eventually(async () => (await statusWith(token)) === 200, 2000);
  });
});
