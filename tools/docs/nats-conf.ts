import { natsUsers } from '#contracts';

/** The environment variable with the password of a NATS user. */
export const natsPasswordVariable = (user: string): string =>
  `${user.toUpperCase().replaceAll('-', '_')}_NATS_PASSWORD`;

/** The configuration of nats-server in containers: one user per application and outside system, everything else denied. */
export function natsConf(): string {
  const users = natsUsers().map(
    ({ user, publish, subscribe }) => `    {
      user: "${user}"
      password: $${natsPasswordVariable(user)}
      permissions: {
        publish: ${permission(publish)}
        subscribe: ${permission(subscribe)}
      }
    }`,
  );
  return `# Written by \`npm run docs\` from libs/contracts: change the permissions there. Passwords come from the environment.
server_name: crm
port: 4222
http: 8222
# The streams are copies that the services can write again, so they are not synced to disk with each message.
jetstream {
  store_dir: /data/jetstream
  # Well below the size of the volume: a full disk stops the broker.
  max_file_store: 10GB
  max_memory_store: 64MB
}
authorization {
  users: [
${users.join('\n')}
  ]
}
`;
}

/** nats-server takes an empty allow list for "everything". */
function permission(subjects: readonly string[]): string {
  if (subjects.length === 0) return '{ deny: [">"] }';
  return `{ allow: [\n${subjects.map((subject) => `          "${subject}"`).join('\n')}\n        ] }`;
}
