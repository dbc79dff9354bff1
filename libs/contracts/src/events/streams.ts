/** JetStream streams. The CRM stream is a copy of the services' outboxes and can be made again from them. */
export const STREAMS = {
  CRM: { name: 'CRM', subjects: ['crm.>'] },
  SALES: { name: 'SALES', subjects: ['sales.>'] },
} as const;

/** Core NATS: tells the copy of a service that holds the relay that there is something to publish. */
export const wakeSubject = (service: string): string => `wake.${service}`;

/** Bytes that a message may have: an order of a thousand lines is more than nats-server allows by itself. */
export const MAX_PAYLOAD = 8 * 1024 * 1024;
