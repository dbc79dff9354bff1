import { DictionaryRoutes } from '#contracts';
import { Handles } from '#platform';
import { Controller, Param } from '@nestjs/common';
import { DictionaryQueries } from './dictionary.queries.js';

@Controller()
export class DictionaryController {
  constructor(private readonly queries: DictionaryQueries) {}

  @Handles(DictionaryRoutes.listDictionary)
  list(@Param('type') type: string) {
    return this.queries.list(type);
  }
}
