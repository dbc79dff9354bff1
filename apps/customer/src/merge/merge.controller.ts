import { type Actor, type MergeInput, MergeRoutes } from '#contracts';
import { CurrentActor, Handles, type ListQuery } from '#platform';
import { Body, Controller, Param, Query } from '@nestjs/common';
import { MergeQueries } from './merge.queries.js';
import { MergeService } from './merge.service.js';
import { MergeUndoService } from './merge-undo.service.js';

@Controller()
export class MergeController {
  constructor(
    private readonly merges: MergeService,
    private readonly undos: MergeUndoService,
    private readonly queries: MergeQueries,
  ) {}

  @Handles(MergeRoutes.listDuplicates)
  duplicates(@Query() query: ListQuery, @CurrentActor() actor: Actor) {
    return this.queries.duplicates(query, actor);
  }

  @Handles(MergeRoutes.previewMerge)
  preview(@Param('id') id: string, @Body() body: MergeInput) {
    return this.merges.preview(id, body.intoId);
  }

  @Handles(MergeRoutes.mergeCustomer)
  merge(@Param('id') id: string, @Body() body: MergeInput) {
    return this.merges.merge(id, body.intoId);
  }

  @Handles(MergeRoutes.listMerges)
  list(@Query() query: ListQuery, @CurrentActor() actor: Actor) {
    return this.queries.merges(query, actor);
  }

  @Handles(MergeRoutes.undoMerge)
  undo(@Param('id') id: string) {
    return this.undos.undo(id);
  }
}
