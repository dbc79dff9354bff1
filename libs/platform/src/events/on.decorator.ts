import type { EventDefinition } from '#contracts';
import { EventPattern } from '@nestjs/microservices';

/**
 * Handles an event inside the consumer's transaction, once and in the record's order:
 * return to be done, throw to be tried again. Parameters: `@Payload() data, @Ctx() tx: EventTx`.
 */
export const On = (definition: EventDefinition): MethodDecorator => EventPattern<string>(definition.type);
