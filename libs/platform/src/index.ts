export * from './without-database.js';
export { codeFormat } from './config/code-format.js';
export { dayIn, instantIn, localTime } from './context/business-time.js';
export type { EntityClass, MigrationClass } from './db/data-source.js';
export { type Act, copyActs, type History, recordActs, timelinePlan } from './db/timeline.js';
export {
  containsText,
  CREATE_BIGRAMS,
  CREATE_GRAMS,
  CREATE_PAIRS,
  DROP_BIGRAMS,
  DROP_GRAMS,
  DROP_PAIRS,
  searchText,
} from './db/search.js';
export { fewStatistics } from './db/statistics.js';
export { escapeLike, type ListPlan, type Page, readAll, readList } from './db/list.js';
export type { Condition, ListQuery } from './db/list-query.js';
export { type RecordPolicy, visibleTo } from './db/record-policy.js';
export { readSql, runSql, together } from './db/sql.js';
export { copyRows } from './db/copy.js';
export { CREATE_SUCCESSORS, DROP_SUCCESSORS, noteSuccessor } from './db/successors.js';
export * from './db/sql-state.js';
export { type EventTx, Tx } from './db/tx.js';
export { UnitOfWork } from './db/unit-of-work.js';
export { Dictionary, type DictionaryChoice, type DictionaryChoices, unknownCodes } from './dictionary/dictionary.js';
export { DictionaryCopyModule } from './dictionary/dictionary-copy.module.js';
export { DICTIONARY_MIGRATIONS } from './dictionary/dictionary-tree.migration.js';
export { Broker } from './events/broker.js';
export { DurableConsumer } from './events/durable-consumer.js';
export { connectNats, ensureStream, type NatsSettings, streamManager } from './events/nats-connection.js';
export { On } from './events/on.decorator.js';
export { ProjectionLag } from './events/projection-lag.js';
export { CurrentActor, CurrentContext, Handles } from './http/handles.decorator.js';
export { decodeJson } from './http/json-body.js';
export { type TableColumn, tableFile } from './http/table-file.js';
export type { Upload } from './http/upload.js';
export { bilingualErrors, fieldErrors, validate } from './http/validation.js';
export { type Touched, undoInChunks, type UndoJob, undone } from './jobs/import-undo.js';
export type { Chunk, JobColumn, JobKind, RowError, RowFailure, RowResult, RunningJob } from './jobs/job-kind.js';
export { Jobs } from './jobs/jobs.js';
export { PeopleModule } from './people/people.module.js';
export { People } from './people/people.js';
export { People1763700000001 as PeopleMigration } from './people/people.migration.js';
export { Readiness, type ReadinessCheck } from './start/readiness.js';
export { startService } from './start/start-service.js';
export type { ServiceDefinition } from './start/service.module.js';
export { type Checked, type ImportBatch, importBatches, type ImportRow, openImport } from './table-file/import-file.js';
export { type CodeChoices, codeOf, pickCodes } from './table-file/row-codes.js';
export { fingerprintOf, numberOf, wordOf } from './table-file/row-values.js';
export type { TableFormat } from './table-file/table.js';
export { fold, foldName } from './text/fold.js';
export { formatMoney } from './text/format-money.js';
