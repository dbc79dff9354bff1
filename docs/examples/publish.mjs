// Feeds the CRM as a sales system does: one message, acknowledged when NATS has stored it.
// node docs/examples/publish.mjs <credentials.json> products|stock|orders <body.json>
import { existsSync, readFileSync } from 'node:fs';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

const [file = '', what = '', body = ''] = process.argv.slice(2);
if (!existsSync(file) || !['products', 'stock', 'orders'].includes(what) || !existsSync(body)) {
  console.error('Usage: node docs/examples/publish.mjs <credentials.json> products|stock|orders <body.json>');
  process.exit(1);
}
const { url, user, password, inboxPrefix = `_INBOX_${user}` } = JSON.parse(readFileSync(file, 'utf8'));
const connection = await connect({ servers: url, user, pass: password, inboxPrefix });
const { stream, seq } = await jetstream(connection).publish(`sales.${what}`, readFileSync(body));
console.log(
  `Stored in ${stream} as number ${seq}. What the CRM cannot use of it is at GET /api/v1/sales-feed/rejections.`,
);
await connection.close();
