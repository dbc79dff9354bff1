import { isIPv4, isIPv6 } from 'node:net';

/** The range that an address shares with its neighbours: /24 of IPv4, /64 of IPv6; `unknown` for anything else. */
export function clientNetwork(address: string | undefined): string {
  const plain = address?.split('%')[0] ?? '';
  if (isIPv4(plain)) return `${plain.split('.').slice(0, 3).join('.')}.0/24`;
  if (!isIPv6(plain)) return 'unknown';
  const groups = ipv6Groups(plain);
  const isMapped = groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff';
  return isMapped ? clientNetwork(dotted(groups[6]!, groups[7]!)) : `${groups.slice(0, 4).join(':')}::/64`;
}

const dotted = (...pairs: string[]): string =>
  pairs.flatMap((pair) => [Number.parseInt(pair, 16) >> 8, Number.parseInt(pair, 16) & 0xff]).join('.');

/** The eight groups; the URL parser writes an address in its shortest form, dotted ends as groups too. */
function ipv6Groups(address: string): string[] {
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (part: string | undefined) => (part ? part.split(':') : []);
  const missing = 8 - groups(head).length - groups(tail).length;
  return [...groups(head), ...Array<string>(tail === undefined ? 0 : missing).fill('0'), ...groups(tail)];
}
