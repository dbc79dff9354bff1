import { type Transfer, TransferRoutes, type Transfers } from '#contracts';
import { Handles, CurrentContext, type RequestContext } from '#platform';
import { Body, Controller, Param } from '@nestjs/common';
import { TransferService } from './transfer.service.js';

@Controller()
export class TransferController {
  constructor(private readonly transfers: TransferService) {}

  @Handles(TransferRoutes.transferCustomer)
  transfer(@CurrentContext() context: RequestContext, @Param('id') id: string, @Body() body: Transfer) {
    return this.transfers.transfer(context, id, body.ownerId);
  }

  @Handles(TransferRoutes.transferCustomers)
  transferMany(@CurrentContext() context: RequestContext, @Body() body: Transfers) {
    return this.transfers.transferMany(context, body);
  }
}
