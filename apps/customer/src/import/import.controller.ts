import { CONTACT_COLUMNS, CUSTOMER_COLUMNS, CustomerImportRoutes, type ImportColumn } from '#contracts';
import { Handles, type JobKind, Jobs, openImport, type Upload } from '#platform';
import { Body, Controller, type Type } from '@nestjs/common';
import { ContactImport } from './contact-import.js';
import { CustomerImport, type ImportParameters, type Position } from './customer-import.js';

@Controller()
export class ImportController {
  constructor(private readonly jobs: Jobs) {}

  @Handles(CustomerImportRoutes.importCustomers)
  customers(@Body() file: Upload) {
    return this.start(CustomerImport, file, CUSTOMER_COLUMNS);
  }

  @Handles(CustomerImportRoutes.importContacts)
  contacts(@Body() file: Upload) {
    return this.start(ContactImport, file, CONTACT_COLUMNS);
  }

  private start(kind: Type<JobKind<ImportParameters, Position>>, file: Upload, columns: readonly ImportColumn[]) {
    return this.jobs.startWithFile(kind, file, async (input, survey) => {
      const { format, header, total } = await openImport(input, file, survey, columns);
      return { parameters: { format }, columns: header, total };
    });
  }
}
