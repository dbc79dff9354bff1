import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { clientNetwork } from './client-network.js';

describe('AUT-4: the address range of a client', () => {
  it.each([
    ['203.0.113.7', '203.0.113.0/24'],
    ['::ffff:203.0.113.7', '203.0.113.0/24'],
    ['::ffff:cb00:7107', '203.0.113.0/24'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['not an address', 'unknown'],
    [undefined, 'unknown'],
  ])('%s is in %s', (address, network) => {
    expect(clientNetwork(address)).toBe(network);
  });

  it('is one for all addresses of a /64', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff), { minLength: 12, maxLength: 12 }), (parts) => {
        const group = (n: number) => n.toString(16);
        const prefix = [0x2001, ...parts.slice(0, 3)].map(group);
        const one = [...prefix, ...parts.slice(3, 7).map(group)].join(':');
        const other = [...prefix, ...parts.slice(7, 11).map(group)].join(':');
        expect(clientNetwork(one)).toBe(clientNetwork(other));
      }),
    );
  });
});
