import type { CustomerView, JobView, Transfers } from '#contracts';
import { Jobs, People, UnitOfWork, type RequestContext } from '#platform';
import { Injectable } from '@nestjs/common';
import { Customer } from '../customer/customer.entity.js';
import { recordCustomerActs } from '../timeline/customer.timeline.js';
import { TransferCustomers } from './transfer-job.js';

/** Customers go from one owner to another (CUS-7). What is derived from the owner, such as who handles an alert, goes with them. */
@Injectable()
export class TransferService {
  constructor(
    private readonly uow: UnitOfWork,
    private readonly people: People,
    private readonly jobs: Jobs,
  ) {}

  transfer(context: RequestContext, id: string, ownerId: string): Promise<CustomerView> {
    return this.uow.run(context, async (tx) => {
      const customer = await tx.load(Customer, id);
      await this.people.requireEligible(tx, 'ownerId', ownerId, 'customer.update');
      const from = customer.ownerId;
      tx.requireScope('customer.transfer', from);
      const transferred = customer.transfer(ownerId);
      if (!transferred) return customer.view();
      tx.publish(transferred);
      await tx.save(customer);
      await recordCustomerActs(tx, [{ recordId: id, act: 'transferred', details: { from, to: ownerId } }]);
      return customer.view();
    });
  }

  /** Many at once; the new owner must be able to take them, the old one may have left. */
  transferMany(context: RequestContext, transfers: Transfers): Promise<JobView> {
    return this.jobs.start(
      context,
      TransferCustomers,
      {
        parameters: transfers,
        columns: ['customerId'],
        ...(transfers.customerIds && { total: new Set(transfers.customerIds).size }),
      },
      (tx) => this.people.requireEligible(tx, 'toOwnerId', transfers.toOwnerId, 'customer.update'),
    );
  }
}
