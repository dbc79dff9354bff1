import { DictionaryRoutes } from '#contracts';
import { Handles, type ListQuery } from '#platform';
import { Controller, Param, Query } from '@nestjs/common';
import { DictionaryQueries } from './dictionary.queries.js';

@Controller()
export class DictionaryController {
  constructor(private readonly queries: DictionaryQueries) {}

  @Handles(DictionaryRoutes.listDictionary)
  list(@Param('type') type: string, @Query() query: ListQuery) {
    return this.queries.list(type, query);
  }
}
