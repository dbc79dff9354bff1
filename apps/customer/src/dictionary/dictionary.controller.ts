import {
  type DictionaryEntryChanges,
  type DictionaryEntryInput,
  DictionaryRoutes,
  type DictionaryType,
} from '#contracts';
import { Handles, type ListQuery, CurrentContext, type RequestContext } from '#platform';
import { Body, Controller, Param, Query } from '@nestjs/common';
import { DictionaryQueries } from './dictionary.queries.js';
import { DictionaryService } from './dictionary.service.js';

/** As the table has it; addresses may have hyphens. */
const named = (type: string) => type.replaceAll('-', '_') as DictionaryType;

@Controller()
export class DictionaryController {
  constructor(
    private readonly dictionary: DictionaryService,
    private readonly queries: DictionaryQueries,
  ) {}

  @Handles(DictionaryRoutes.listDictionaryTypes)
  types() {
    return this.queries.types();
  }

  @Handles(DictionaryRoutes.listDictionary)
  list(@Param('type') type: string, @Query() query: ListQuery) {
    return this.queries.list(named(type), query);
  }

  @Handles(DictionaryRoutes.addDictionaryEntry)
  add(@CurrentContext() context: RequestContext, @Param('type') type: string, @Body() body: DictionaryEntryInput) {
    return this.dictionary.add(context, named(type), body);
  }

  @Handles(DictionaryRoutes.getDictionaryEntry)
  one(@Param('id') id: string) {
    return this.queries.one(id);
  }

  @Handles(DictionaryRoutes.updateDictionaryEntry)
  change(@CurrentContext() context: RequestContext, @Param('id') id: string, @Body() body: DictionaryEntryChanges) {
    return this.dictionary.change(context, id, body);
  }

  @Handles(DictionaryRoutes.removeDictionaryEntry)
  remove(@CurrentContext() context: RequestContext, @Param('id') id: string) {
    return this.dictionary.remove(context, id);
  }
}
