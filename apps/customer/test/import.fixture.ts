import { Imports as AnyImports } from '#testing';
import type { World } from './customer.fixture.js';

export { CSV, XLSX } from '#testing';

/** What imports of customers and contacts do, as people who import see it. */
export class Imports extends AnyImports {
  constructor({ service, manager }: World, path: '/customers/imports' | '/contacts/imports' = '/customers/imports') {
    super(service, path, manager);
  }
}
