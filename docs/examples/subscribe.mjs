// Reads the CRM's business events as a partner does: durable, each record in order, nothing twice.
// node docs/examples/subscribe.mjs <credentials.json> [marketing|customer|service]
import { existsSync, readFileSync } from 'node:fs';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

const [file = '', publisher = 'customer'] = process.argv.slice(2);
if (!existsSync(file) || !['marketing', 'customer', 'service'].includes(publisher)) {
  console.error('Usage: node docs/examples/subscribe.mjs <credentials.json> [marketing|customer|service]');
  process.exit(1);
}
const place = JSON.parse(readFileSync(file, 'utf8'));
const { url, user, password, apiPrefix = 'CRM.API', inboxPrefix = `_INBOX_${user}`, consumers } = place;
const connection = await connect({
  servers: url,
  user,
  pass: password,
  inboxPrefix,
  maxReconnectAttempts: -1,
});

// The CRM has made a durable consumer for each service; NATS keeps its place while this program is away.
const name = consumers?.[publisher] ?? `${user}-${publisher}`;
const consumer = await jetstream(connection, { apiPrefix }).consumers.get('CRM', name);

// A real subscriber keeps this in its database, in the transaction of what it does with the event.
const lastSequence = new Map();

console.log(`Listening to crm.${publisher}.> …`);
for await (const message of await consumer.consume()) {
  const event = message.json();
  if (event.sequence > (lastSequence.get(event.subject) ?? 0)) {
    lastSequence.set(event.subject, event.sequence);
    console.log(event.time, event.type, `#${event.sequence}`, JSON.stringify(event.data));
  }
  message.ack();
}
