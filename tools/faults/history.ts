/** How a write ended for whoever asked: `unknown` when no answer came, or one that leaves it open. */
export type Outcome = 'ok' | 'failed' | 'unknown';

/** One write as the client saw it, after its repetitions under the same Idempotency-Key. */
export interface Operation {
  readonly kind:
    | 'opportunity'
    | 'assign'
    | 'plan'
    | 'result'
    | 'win'
    | 'customer'
    | 'update'
    | 'contact'
    | 'ticket'
    | 'orders';
  /** By this name the record is found again: unique among all operations of its kind that make a record. */
  readonly marker: string;
  /** The marker of the record that was changed. */
  readonly of?: string;
  /** What an update wrote. */
  readonly value?: string;
  readonly person: string;
  /** Milliseconds since the workload began. */
  readonly invokedAt: number;
  readonly endedAt: number;
  readonly outcome: Outcome;
  readonly attempts: number;
}

/** One answer, or the lack of one. */
export interface Answer {
  readonly at: number;
  readonly ms: number;
  /** 0: no answer. */
  readonly status: number;
  readonly service: string;
  readonly method: string;
  readonly problem?: string;
}

/** Whether an answer says for certain that nothing was done. */
export const outcomeOf = (status: number): Outcome => {
  if (status >= 200 && status < 300) return 'ok';
  if (status >= 400 && status < 500 && status !== 408) return 'failed';
  return 'unknown';
};
