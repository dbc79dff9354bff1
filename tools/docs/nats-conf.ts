import { accountsSetting, MAX_PAYLOAD, natsAccounts } from '#contracts';

/** The environment variable with the password of a NATS user. */
const passwordVariable = (user: string): string => `${user.toUpperCase().replaceAll('-', '_')}_NATS_PASSWORD`;

/** The configuration of nats-server in containers: one account for the CRM and one for each outside system, everything else denied. */
export function natsConf(): string {
  const accounts = JSON.stringify(
    accountsSetting(natsAccounts(), (user) => `$${passwordVariable(user)}`),
    null,
    2,
  );
  const folded = accounts.replace(/\[\s+("[^"]+")\s+\]/g, '[$1]');
  // nats-server reads JSON, but looks into the environment only for a value without quotes.
  const withVariables = folded.replace(/"password": "(\$\w+)"/g, '"password": $1');
  return `# Written by \`npm run docs\` from libs/contracts: change the permissions there. Passwords come from the environment.
server_name: crm
port: 4222
http: 8222
max_payload: ${MAX_PAYLOAD}
# Not synced to disk with each message: the services write the stream CRM again from their outboxes, and the sales system sends again
# what it fed in the last minutes before a power cut.
jetstream {
  store_dir: /data/jetstream
  # Well below the size of the volume: a full disk stops the broker.
  max_file_store: 10GB
  max_memory_store: 64MB
}
accounts: ${withVariables}
`;
}
