import { ExportRoutes } from '#contracts';
import { CurrentContext, Handles, readAll, runSql, tableFile, type ListQuery, type RequestContext } from '#platform';
import { Controller, Query, type StreamableFile } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { activityTable } from './activity.table.js';
import { contactTable } from './contact.table.js';
import { customerTable } from './customer.table.js';
import { exportPlan, fileColumns, labelled, type ExportTable } from './export-table.js';

interface Label {
  readonly type: string;
  readonly code: string;
  readonly label: string;
}

/** Lists as files, made while they are sent (CUS-8, CUS-9). */
@Controller()
export class ExportController {
  constructor(private readonly dataSource: DataSource) {}

  @Handles(ExportRoutes.exportCustomers)
  customers(@CurrentContext() context: RequestContext, @Query() query: ListQuery) {
    return this.file(context, customerTable(query), query);
  }

  @Handles(ExportRoutes.exportContacts)
  contacts(@CurrentContext() context: RequestContext, @Query() query: ListQuery) {
    return this.file(context, contactTable, query);
  }

  @Handles(ExportRoutes.exportActivities)
  activities(@CurrentContext() context: RequestContext, @Query() query: ListQuery) {
    return this.file(context, activityTable, query);
  }

  private async file(
    { actor, language }: RequestContext,
    table: ExportTable,
    query: ListQuery,
  ): Promise<StreamableFile> {
    const { format, codes } = query.file!;
    const labels = await runSql<Label>(
      this.dataSource.manager,
      `SELECT type, code, CASE $1 WHEN 'zh' THEN label_zh ELSE label_en END AS label FROM dictionary_entry`,
      [language],
    );
    const known = new Map(labels.map(({ type, code, label }) => [`${type} ${code}`, label]));
    const columns = fileColumns(table, codes);
    const rows = readAll(this.dataSource, exportPlan(table, actor), query, actor);
    const shown = labelled(rows, columns, (type, code) => known.get(`${type} ${code}`), language);
    return tableFile(format, table.name, columns, shown, language);
  }
}
