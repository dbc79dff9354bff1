import type { ServiceName } from '../http/define-routes.js';
import * as auth from './auth.events.js';
import * as customer from './customer.events.js';
import type { EventDefinition } from './define-event.js';
import * as marketing from './marketing.events.js';
import * as service from './service.events.js';

export interface Flow {
  readonly event: EventDefinition;
  readonly to: readonly ServiceName[];
}
const flow = (event: EventDefinition, ...to: ServiceName[]): Flow => ({ event, to });

/** Who listens to what. A service refuses to boot when its handlers differ from this page. */
export const TOPOLOGY: readonly Flow[] = [
  flow(auth.UserCreated, 'marketing', 'customer', 'service'),
  flow(auth.UserUpdated, 'marketing', 'customer', 'service'),
  flow(auth.RoleCreated, 'marketing', 'customer', 'service'),
  flow(auth.RoleUpdated, 'marketing', 'customer', 'service'),
  flow(auth.RoleDeleted, 'marketing', 'customer', 'service'),
  flow(auth.SessionRevoked),

  flow(marketing.OpportunityCreated, 'customer'),
  flow(marketing.OpportunityUpdated, 'customer'),
  flow(marketing.OpportunityAssigned),
  flow(marketing.OpportunityWon, 'customer'),
  flow(marketing.OpportunityLost),
  flow(marketing.OpportunityDeleted),
  flow(marketing.OpportunityLinked),
  flow(marketing.PlanItemAdded),
  flow(marketing.PlanItemChanged),
  flow(marketing.PlanItemRemoved),
  flow(marketing.PlanItemExecuted),

  flow(customer.CustomerCreated, 'marketing', 'service', 'reporting'),
  flow(customer.CustomerUpdated, 'service', 'reporting'),
  flow(customer.CustomerDeleted, 'service', 'reporting'),
  flow(customer.CustomerRestored, 'service', 'reporting'),
  flow(customer.CustomerOpportunityLinked, 'marketing'),
  flow(customer.CustomerMerged, 'marketing', 'service', 'reporting'),
  flow(customer.CustomerMergeUndone, 'marketing', 'service', 'reporting'),
  flow(customer.CustomerTransferred, 'reporting'),
  flow(customer.ContactAdded, 'service'),
  flow(customer.ContactUpdated, 'service'),
  flow(customer.ContactRemoved, 'service'),
  flow(customer.ActivityRecorded),
  flow(customer.ActivityUpdated),
  flow(customer.ActivityRemoved),
  flow(customer.ProductRecorded),
  flow(customer.StockRecorded),
  flow(customer.OrderRecorded, 'reporting'),
  flow(customer.ChurnAlertRaised),
  flow(customer.ChurnAlertPostponed),
  flow(customer.ChurnMeasureAdded),
  flow(customer.ChurnAlertMoved),
  flow(customer.ChurnAlertLost),
  flow(customer.ChurnAlertRecovered),
  flow(customer.DictionaryEntryAdded, 'marketing', 'service'),
  flow(customer.DictionaryEntryUpdated, 'marketing', 'service'),
  flow(customer.DictionaryEntryRemoved, 'marketing', 'service'),

  flow(service.TicketCreated, 'customer'),
  flow(service.TicketUpdated, 'customer'),
  flow(service.TicketWithdrawn, 'customer'),
  flow(service.TicketAssigned, 'customer'),
  flow(service.TicketHandled, 'customer'),
  flow(service.TicketReturned, 'customer'),
  flow(service.TicketArchived, 'customer'),
  flow(service.TicketMoved, 'customer'),
];

/** One durable consumer: all events of one kind of record of one publisher, for one service. */
export interface ConsumerDefinition {
  readonly name: string;
  readonly publisher: ServiceName;
  readonly aggregate: string;
  readonly filterSubject: string;
}

/** The durables of a service, `<service>-<publisher>-<aggregate>`. */
export function consumersOf(listener: ServiceName): ConsumerDefinition[] {
  const consumers = new Map<string, ConsumerDefinition>();
  for (const { event, to } of TOPOLOGY) {
    if (!to.includes(listener)) continue;
    const { publisher, aggregate } = event;
    const name = `${listener}-${publisher}-${aggregate}`;
    consumers.set(name, { name, publisher, aggregate, filterSubject: `crm.${publisher}.${aggregate}.>` });
  }
  return [...consumers.values()];
}

/** The types of event that a service handles. */
export const handledBy = (listener: ServiceName): EventDefinition[] =>
  TOPOLOGY.filter(({ to }) => to.includes(listener)).map(({ event }) => event);
