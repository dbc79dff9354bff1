// Reads the CRM's business events as a partner does: durable, each record in order, nothing twice.
// node docs/examples/subscribe.mjs <credentials.json> [marketing|customer|service]
import { readFileSync } from 'node:fs';
import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

const [file, publisher = 'customer'] = process.argv.slice(2);
const { url, user, password } = JSON.parse(readFileSync(file, 'utf8'));
const connection = await connect({
  servers: url,
  user,
  pass: password,
  inboxPrefix: `_INBOX_${user}`,
  maxReconnectAttempts: -1,
});

// One durable consumer for each service whose events are read; NATS keeps its place while this program is away.
const name = `${user}-${publisher}`;
const manager = await jetstreamManager(connection, { checkAPI: false });
await manager.consumers.add('CRM', {
  durable_name: name,
  ack_policy: AckPolicy.Explicit,
  filter_subject: `crm.${publisher}.>`,
});
const info = await manager.consumers.info('CRM', name);
const consumer = jetstream(connection).consumers.getConsumerFromInfo(info);

// A real subscriber keeps this in its database, in the transaction of what it does with the event.
const lastSequence = new Map();

console.log(`Listening to crm.${publisher}.> …`);
for await (const message of await consumer.consume()) {
  const event = message.json();
  const record = `${event.type.split('.')[2]} ${event.subject}`;
  if (event.sequence > (lastSequence.get(record) ?? 0)) {
    lastSequence.set(record, event.sequence);
    console.log(event.time, event.type, `#${event.sequence}`, JSON.stringify(event.data));
  }
  message.ack();
}
