import { CONTACT_COLUMNS, CUSTOMER_COLUMNS, CustomerImportRoutes, type ImportColumn } from '#contracts';
import { CurrentContext, Handles, type JobKind, Jobs, openImport, type RequestContext, type Upload } from '#platform';
import { Body, Controller, type Type } from '@nestjs/common';
import { ContactImport } from './contact-import.js';
import { CustomerImport, type ImportParameters, type Position } from './customer-import.js';

@Controller()
export class ImportController {
  constructor(private readonly jobs: Jobs) {}

  @Handles(CustomerImportRoutes.importCustomers)
  customers(@CurrentContext() context: RequestContext, @Body() file: Upload) {
    return this.start(context, CustomerImport, file, CUSTOMER_COLUMNS);
  }

  @Handles(CustomerImportRoutes.importContacts)
  contacts(@CurrentContext() context: RequestContext, @Body() file: Upload) {
    return this.start(context, ContactImport, file, CONTACT_COLUMNS);
  }

  private start(
    context: RequestContext,
    kind: Type<JobKind<ImportParameters, Position>>,
    file: Upload,
    columns: readonly ImportColumn[],
  ) {
    return this.jobs.startWithFile(context, kind, file, async (input, survey) => {
      const { format, header, total } = await openImport(input, file, survey, columns);
      return { parameters: { format }, columns: header, total };
    });
  }
}
