import { type Actor, type MergeInput, MergeRoutes } from '#contracts';
import { CurrentActor, Handles, type ListQuery, CurrentContext, type RequestContext } from '#platform';
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
  preview(@CurrentContext() context: RequestContext, @Param('id') id: string, @Body() body: MergeInput) {
    return this.merges.preview(context, id, body.intoId);
  }

  @Handles(MergeRoutes.mergeCustomer)
  merge(@CurrentContext() context: RequestContext, @Param('id') id: string, @Body() body: MergeInput) {
    return this.merges.merge(context, id, body.intoId);
  }

  @Handles(MergeRoutes.listMerges)
  list(@Query() query: ListQuery, @CurrentActor() actor: Actor) {
    return this.queries.merges(query, actor);
  }

  @Handles(MergeRoutes.undoMerge)
  undo(@CurrentContext() context: RequestContext, @Param('id') id: string) {
    return this.undos.undo(context, id);
  }
}
