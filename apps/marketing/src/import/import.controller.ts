import { OPPORTUNITY_COLUMNS, OpportunityImportRoutes } from '#contracts';
import { CurrentContext, Handles, Jobs, openImport, type RequestContext, type Upload } from '#platform';
import { Body, Controller } from '@nestjs/common';
import { type ImportParameters, OpportunityImport } from './opportunity-import.js';

@Controller()
export class ImportController {
  constructor(private readonly jobs: Jobs) {}

  @Handles(OpportunityImportRoutes.importOpportunities)
  opportunities(@CurrentContext() context: RequestContext, @Body() file: Upload) {
    return this.jobs.startWithFile<ImportParameters>(context, OpportunityImport, file, async (input, survey) => {
      const { format, header, total } = await openImport(input, file, survey, OPPORTUNITY_COLUMNS);
      return { parameters: { format }, columns: header, total };
    });
  }
}
