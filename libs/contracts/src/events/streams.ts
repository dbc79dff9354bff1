/** JetStream streams. The CRM stream is a copy of the services' outboxes and can be made again from them. */
export const STREAMS = {
  CRM: { name: 'CRM', subjects: ['crm.>'] },
  SALES: { name: 'SALES', subjects: ['sales.>'] },
} as const;

/** Core NATS: tells the copy of a service that holds the relay that there is something to publish. */
export const wakeSubject = (service: string): string => `wake.${service}`;
