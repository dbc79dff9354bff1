import { z } from 'zod';
import type { ServiceName } from '../http/define-routes.js';

/** CloudEvents 1.0 with three extensions: `sequence`, `traceparent` and `actorid`. */
export const Envelope = z.object({
  specversion: z.literal('1.0'),
  id: z.uuid(),
  source: z.string(),
  type: z.string(),
  /** The id of the record that the event is about. */
  subject: z.string().min(1),
  time: z.iso.datetime(),
  datacontenttype: z.literal('application/json'),
  /** Grows by one with every event of the same record. */
  sequence: z.int().positive(),
  traceparent: z.string().optional(),
  /** Who did it. */
  actorid: z.string().optional(),
  data: z.unknown(),
});
export type Envelope = z.infer<typeof Envelope>;

export interface EventDefinition<T extends z.ZodType = z.ZodType> {
  readonly publisher: ServiceName;
  readonly aggregate: string;
  /** `crm.<publisher>.<aggregate>.<past verb>.v<n>`: CloudEvents type and NATS subject alike. */
  readonly type: string;
  readonly version: number;
  readonly data: T;
  readonly description: string;
  /** The event with its data checked, ready for `tx.publish`. */
  of(aggregateId: string, data: z.infer<T>): NewEvent;
}
export type DataOf<E> = E extends EventDefinition<infer T> ? z.infer<T> : never;

/** An event that an entity returns; the envelope's other fields are added when it is stored. */
export interface NewEvent {
  readonly definition: EventDefinition;
  readonly aggregateId: string;
  readonly data: unknown;
}

/** A breaking change is a new version beside this one; fields are only ever added within a version (EVT-6). */
export function defineEvent<T extends z.ZodType>(
  name: `${ServiceName}.${string}.${string}`,
  version: number,
  description: string,
  data: T,
): EventDefinition<T> {
  const [publisher, aggregate] = name.split('.') as [ServiceName, string];
  const definition: EventDefinition<T> = {
    publisher,
    aggregate,
    type: `crm.${name}.v${version}`,
    version,
    data,
    description,
    of: (aggregateId, values) => ({ definition, aggregateId, data: data.parse(values) }),
  };
  return definition;
}
