import {
  ChurnAlertLost,
  ChurnAlertMoved,
  ChurnAlertPostponed,
  ChurnAlertRaised,
  ChurnAlertRecovered,
  type ChurnAlertStatus,
  ChurnMeasureAdded,
  CrmError,
  type DataOf,
  type NewEvent,
} from '#contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { v7 } from 'uuid';
import { MOVES, type Move, periodStart } from './churn.rules.js';

/** What was done to keep the customer, and when. */
interface Taken {
  readonly date: string;
  readonly measure: string;
}

/** A customer has bought nothing for too long (客户流失预警). Whose it is says the customer: its owner. */
@Entity('churn_alert')
export class ChurnAlert {
  @PrimaryColumn('uuid') readonly id!: string;
  @Column('uuid') readonly customerId!: string;
  @Column('int') readonly version!: number;
  @Column('text') readonly status!: ChurnAlertStatus;
  /** When the alert was raised; null: never ordered. */
  @Column('date', { nullable: true }) readonly lastOrderDate!: string | null;
  /** Counted from here: the last order, or the day they became a customer. */
  @Column('date') readonly since!: string;
  @Column('date') readonly asOf!: string;
  /** An order from this day on, up to now, recovers the alert (CHU-4). */
  @Column('date') readonly periodStart!: string;
  @Column('timestamptz') readonly raisedAt!: Date;
  @Column('text', { nullable: true }) readonly reason!: string | null;
  @Column('timestamptz', { nullable: true }) readonly lostAt!: Date | null;
  @Column('timestamptz', { nullable: true }) readonly recoveredAt!: Date | null;

  static raise(
    counted: Pick<ChurnAlert, 'customerId' | 'lastOrderDate' | 'since'>,
    asOf: string,
    months: number,
  ): ChurnAlert {
    return Object.assign(new ChurnAlert(), counted, {
      id: v7(),
      version: 1,
      status: 'warning',
      asOf,
      periodStart: periodStart(asOf, months),
      raisedAt: new Date(),
      reason: null,
      lostAt: null,
      recoveredAt: null,
    });
  }

  raised(ownerId: string | null): NewEvent {
    return ChurnAlertRaised.of(this.id, this.facts(ownerId));
  }

  /** The loss is put off by a measure (暂缓流失). */
  postpone(taken: Taken, ownerId: string | null): NewEvent {
    this.move('postpone');
    return ChurnAlertPostponed.of(this.id, { ...this.facts(ownerId), ...taken });
  }

  addMeasure(taken: Taken, ownerId: string | null): NewEvent {
    this.move('add-measure');
    return ChurnMeasureAdded.of(this.id, { ...this.facts(ownerId), ...taken });
  }

  /** The customer is lost, and somebody says why (确认流失). */
  confirm(reason: string, ownerId: string | null): NewEvent {
    this.move('confirm', { reason, lostAt: new Date() });
    return ChurnAlertLost.of(this.id, this.facts(ownerId));
  }

  /** The customer has ordered again. */
  recover(recoveredAt: Date, ownerId: string | null): NewEvent {
    this.move('recover', { recoveredAt });
    return ChurnAlertRecovered.of(this.id, this.facts(ownerId));
  }

  /** By a merge, or by undoing one. */
  moveTo(customerId: string, ownerId: string | null): NewEvent {
    Object.assign(this, { customerId });
    return ChurnAlertMoved.of(this.id, this.facts(ownerId));
  }

  get isOpen(): boolean {
    return MOVES[this.status].confirm !== undefined;
  }

  private move(move: Move, changes: object = {}): void {
    const status = MOVES[this.status][move];
    if (!status) {
      const allowed = Object.keys(MOVES[this.status]).filter((each) => each !== 'recover');
      throw new CrmError('illegal-transition', { move, state: this.status, allowed });
    }
    Object.assign(this, { status, ...changes });
  }

  private facts(ownerId: string | null): DataOf<typeof ChurnAlertRaised> {
    const { id, customerId, status, lastOrderDate, since, asOf, raisedAt, reason, lostAt, recoveredAt } = this;
    return {
      alertId: id,
      customerId,
      ownerId,
      status,
      lastOrderDate,
      since,
      asOf,
      raisedAt: raisedAt.toISOString(),
      reason,
      lostAt: lostAt?.toISOString() ?? null,
      recoveredAt: recoveredAt?.toISOString() ?? null,
    };
  }
}
