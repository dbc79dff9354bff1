/**
 * Works on events of different records side by side, so that their statements go to the database together; the events of one record,
 * and those that are not independent, one after the other.
 */
export class SideBySide {
  private readonly records = new Set<string>();
  private readonly running: Array<Promise<void>> = [];

  /** @throws the first error of any, when none works any more */
  async run(record: string, independent: boolean, work: () => Promise<void>): Promise<void> {
    if (!independent || this.records.has(record)) await this.settled();
    this.records.add(record);
    const running = work();
    // It is heard of when all have settled; until then Node would take a failure for one that nobody hears of, and end the process.
    running.catch(() => undefined);
    this.running.push(running);
    if (!independent) await this.settled();
  }

  /** A failure waits for the others: a statement of theirs must not come after the rollback. */
  async settled(): Promise<void> {
    const results = await Promise.allSettled(this.running.splice(0));
    this.records.clear();
    for (const result of results) if (result.status === 'rejected') throw result.reason as Error;
  }
}
