import { type DataOf, OpportunityCreated, OpportunityUpdated } from '#contracts';
import { type EventTx, On } from '#platform';
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { noteUse } from '../dictionary/dictionary-use.js';

/** The dictionary entries that opportunities carry; no other event of theirs brings new ones. */
@Controller()
export class OpportunityConsumer {
  @On(OpportunityCreated, { independent: true })
  async created(@Payload() opportunity: DataOf<typeof OpportunityCreated>, @Ctx() tx: EventTx): Promise<void> {
    await note(opportunity, tx);
  }

  @On(OpportunityUpdated, { independent: true })
  async updated(@Payload() opportunity: DataOf<typeof OpportunityUpdated>, @Ctx() tx: EventTx): Promise<void> {
    await note(opportunity, tx);
  }
}

const note = ({ stage, source, region }: DataOf<typeof OpportunityCreated>, tx: EventTx) =>
  noteUse(tx, { opportunity_stage: stage, opportunity_source: source, region });
