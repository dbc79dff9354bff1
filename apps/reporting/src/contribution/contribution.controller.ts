import type { Actor, ReportQuery } from '#contracts';
import { ReportingRoutes } from '#contracts';
import { CurrentActor, Handles, preferredLanguage, tableFile } from '#platform';
import { Controller, Headers, Query } from '@nestjs/common';
import { ContributionQueries } from './contribution.queries.js';
import { contributionColumns } from './contribution.columns.js';

@Controller()
export class ContributionController {
  constructor(private readonly queries: ContributionQueries) {}

  /** A page as JSON, or all rows as a file. */
  @Handles(ReportingRoutes.customerContribution)
  contribution(
    @Query() query: ReportQuery,
    @CurrentActor() actor: Actor,
    @Headers('accept-language') languages?: string,
  ) {
    if (query.format === 'json') return this.queries.page(query, actor);
    const name = ['customer-contribution', query.year, query.currency].filter(Boolean).join('-');
    return tableFile(
      query.format,
      name,
      contributionColumns,
      this.queries.rows(query, actor),
      preferredLanguage(languages),
    );
  }
}
