import {
  ContactAdded,
  ContactRemoved,
  ContactUpdated,
  CustomerCreated,
  CustomerDeleted,
  CustomerMerged,
  CustomerMergeUndone,
  CustomerRestored,
  CustomerTransferred,
  CustomerUpdated,
  type EventDefinition,
  OrderRecorded,
  SERVICES,
} from '#contracts';
import type { Cluster } from './cluster.js';

/** A table that a consumer keeps, and the events of which each makes exactly one write to a row of it. */
export interface KeptTable {
  readonly service: string;
  readonly table: string;
  readonly publisher: string;
  readonly types: readonly string[];
}

const CUSTOMER_EVENTS = [
  CustomerCreated,
  CustomerUpdated,
  CustomerDeleted,
  CustomerRestored,
  CustomerMerged,
  CustomerMergeUndone,
];
const kept = (service: string, table: string, ...events: EventDefinition[]): KeptTable => ({
  service,
  table,
  publisher: events[0]!.publisher,
  types: events.map(({ type }) => type),
});
export const KEPT_TABLES: readonly KeptTable[] = [
  kept('service', 'customer', ...CUSTOMER_EVENTS),
  kept('reporting', 'customer', ...CUSTOMER_EVENTS, CustomerTransferred),
  kept('reporting', 'customer_order', OrderRecorded),
  kept('service', 'contact', ContactAdded, ContactUpdated, ContactRemoved),
];

/** Not part of the CRM: making statistics of the notes under load would be measured with it. */
const ASIDE = 'WITH (autovacuum_enabled = false)';

/**
 * Notes in the database itself what happens to the tables of events, in the transaction in which it happens: each effect of an
 * event, each step of a consumer, each row that a relay marks. So what is rolled back leaves no note, and no service knows of it.
 */
export async function startRecording({ database }: Cluster): Promise<void> {
  await database.query(`
    CREATE SCHEMA recorder;
    CREATE TABLE recorder.effect (id bigserial PRIMARY KEY, place text NOT NULL, record text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp()) ${ASIDE};
    CREATE TABLE recorder.step (id bigserial PRIMARY KEY, consumer text NOT NULL, record text NOT NULL, before bigint NOT NULL, after bigint NOT NULL,
      at timestamptz NOT NULL DEFAULT clock_timestamp()) ${ASIDE};
    CREATE TABLE recorder.reign (id bigserial PRIMARY KEY, service text NOT NULL, epoch bigint NOT NULL, backend int NOT NULL,
      at timestamptz NOT NULL DEFAULT clock_timestamp()) ${ASIDE};
    CREATE TABLE recorder.mark (id bigserial PRIMARY KEY, service text NOT NULL, event uuid NOT NULL, usurped boolean NOT NULL,
      at timestamptz NOT NULL DEFAULT clock_timestamp()) ${ASIDE};
    CREATE FUNCTION recorder.note_effect() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN INSERT INTO recorder.effect (place, record) VALUES (TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME, NEW.id::text); RETURN NULL; END $$;
    CREATE FUNCTION recorder.note_step() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN
        IF TG_OP = 'INSERT' THEN
          IF NEW.sequence > 0 THEN
            INSERT INTO recorder.step (consumer, record, before, after) VALUES (NEW.consumer, NEW.aggregate_id, 0, NEW.sequence);
          END IF;
        ELSIF NEW.sequence <> OLD.sequence THEN
          INSERT INTO recorder.step (consumer, record, before, after) VALUES (NEW.consumer, NEW.aggregate_id, OLD.sequence, NEW.sequence);
        END IF;
        RETURN NULL;
      END $$;
    CREATE FUNCTION recorder.note_reign() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN INSERT INTO recorder.reign (service, epoch, backend) VALUES (TG_TABLE_SCHEMA, NEW.epoch, pg_backend_pid()); RETURN NULL; END $$;
    CREATE FUNCTION recorder.note_mark() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      DECLARE ruler int;
      BEGIN
        SELECT backend INTO ruler FROM recorder.reign WHERE service = TG_TABLE_SCHEMA ORDER BY epoch DESC LIMIT 1;
        INSERT INTO recorder.mark (service, event, usurped) VALUES (TG_TABLE_SCHEMA, NEW.event_id, ruler IS NOT NULL AND ruler <> pg_backend_pid());
        RETURN NULL;
      END $$;`);
  for (const { service, table } of KEPT_TABLES)
    await database.query(
      `CREATE TRIGGER recorder AFTER INSERT OR UPDATE ON ${service}.${table} FOR EACH ROW EXECUTE FUNCTION recorder.note_effect()`,
    );
  for (const service of SERVICES)
    await database.query(`
      CREATE TRIGGER recorder AFTER INSERT OR UPDATE ON ${service}.consumer_position FOR EACH ROW EXECUTE FUNCTION recorder.note_step();
      CREATE TRIGGER recorder AFTER UPDATE ON ${service}.relay_epoch FOR EACH ROW EXECUTE FUNCTION recorder.note_reign();
      CREATE TRIGGER recorder AFTER UPDATE OF published_at ON ${service}.outbox FOR EACH ROW WHEN (NEW.published_at IS NOT NULL) EXECUTE FUNCTION recorder.note_mark();`);
}
