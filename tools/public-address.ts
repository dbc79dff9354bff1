import { listenError } from './infra/ports.js';
import { StartError } from './infra/start-error.js';
import type { LauncherSettings } from './launcher.config.js';

type PublicAddress = Pick<LauncherSettings, 'GATEWAY_HOST' | 'GATEWAY_PORT'>;

/** Where the public port is to be opened: as the settings say; else, where demo users are, whose passwords are public, on this machine only. */
export const wantedHost = (
  given: string | undefined,
  { GATEWAY_HOST }: PublicAddress,
  hasDemoUsers: boolean,
): string => (hasDemoUsers && !given ? 'localhost' : GATEWAY_HOST);

/** The gateway as this machine reaches it. */
export function gatewayUrl({ GATEWAY_HOST: host, GATEWAY_PORT: port }: PublicAddress): string {
  const plain = ['::', '0.0.0.0', 'localhost'].includes(host) ? '127.0.0.1' : host;
  return `http://${plain.includes(':') ? `[${plain}]` : plain}:${port}`;
}

/**
 * Makes sure that the public port can be opened.
 * @returns the address to open it on: GATEWAY_HOST, or every IPv4 address where the machine has no IPv6
 * @throws StartError one line that names the setting
 */
export async function publicHost({ GATEWAY_HOST: host, GATEWAY_PORT: port }: PublicAddress): Promise<string> {
  // localhost is both loopback addresses, where the machine has both.
  const problem = await listenError(port, host === 'localhost' ? '127.0.0.1' : host);
  const second = host === 'localhost' && !problem ? await listenError(port, '::1') : undefined;
  if (host === '::' && (problem === 'EAFNOSUPPORT' || problem === 'EADDRNOTAVAIL'))
    return publicHost({ GATEWAY_HOST: '0.0.0.0', GATEWAY_PORT: port });
  if (problem === 'EADDRINUSE' || second === 'EADDRINUSE')
    throw new StartError(
      `GATEWAY_PORT: port ${port} is in use by another program. Choose another: GATEWAY_PORT=${port + 1} npm start`,
    );
  if (problem === 'EACCES')
    throw new StartError(
      `GATEWAY_PORT: this user may not open port ${port}. Choose one above 1023: GATEWAY_PORT=3000 npm start`,
    );
  if (problem) throw new StartError(`GATEWAY_HOST: ${host} port ${port} cannot be opened (${problem}).`);
  return host;
}
