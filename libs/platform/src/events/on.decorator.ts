import type { EventDefinition } from '#contracts';
import { EventPattern } from '@nestjs/microservices';

export interface OnOptions {
  /**
   * What it does to one record depends on no other record: it may be worked on beside events of others, whose statements then go to
   * the database together. For copies and sums; not for what looks for a record first and makes it if there is none.
   */
  readonly independent?: boolean;
}

/**
 * Handles an event inside the consumer's transaction, once and in the record's order:
 * return to be done, throw to be tried again. Parameters: `@Payload() data, @Ctx() tx: EventTx`.
 */
export const On = (definition: EventDefinition, options: OnOptions = {}): MethodDecorator =>
  EventPattern<string>(definition.type, undefined, { ...options });
