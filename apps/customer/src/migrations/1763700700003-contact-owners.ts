import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whoever makes a contact together with its customer knows the owner; it is looked up for all others. */
export class ContactOwners1763700700003 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`DROP TRIGGER contact_owner ON contact`);
    await db.query(
      `CREATE TRIGGER contact_owner BEFORE INSERT ON contact FOR EACH ROW WHEN (NEW.owner_id IS NULL) EXECUTE FUNCTION copy_owner()`,
    );
    await db.query(
      `CREATE TRIGGER contact_owner_moved BEFORE UPDATE OF customer_id ON contact FOR EACH ROW EXECUTE FUNCTION copy_owner()`,
    );
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TRIGGER contact_owner_moved ON contact`);
    await db.query(`DROP TRIGGER contact_owner ON contact`);
    await db.query(
      `CREATE TRIGGER contact_owner BEFORE INSERT OR UPDATE OF customer_id ON contact FOR EACH ROW EXECUTE FUNCTION copy_owner()`,
    );
  }
}
