import { type Transfer, TransferRoutes, type Transfers } from '#contracts';
import { Handles } from '#platform';
import { Body, Controller, Param } from '@nestjs/common';
import { TransferService } from './transfer.service.js';

@Controller()
export class TransferController {
  constructor(private readonly transfers: TransferService) {}

  @Handles(TransferRoutes.transferCustomer)
  transfer(@Param('id') id: string, @Body() body: Transfer) {
    return this.transfers.transfer(id, body.ownerId);
  }

  @Handles(TransferRoutes.transferCustomers)
  transferMany(@Body() body: Transfers) {
    return this.transfers.transferMany(body);
  }
}
