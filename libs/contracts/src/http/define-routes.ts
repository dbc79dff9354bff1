import type { z } from 'zod';
import type { Right } from '../access/rights.js';
import type { ListDefinition } from './list.js';

export type ServiceName = 'auth' | 'marketing' | 'customer' | 'service' | 'reporting';
/** Never reordered: a service's place is part of its jobs' ids. */
export const SERVICES: readonly ServiceName[] = ['auth', 'marketing', 'customer', 'service', 'reporting'];

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** `public`: anybody. `signed-in`: anybody with a valid token. `gateway`: only the gateway itself. Everything else is a right. */
export type Access = Right | 'public' | 'signed-in' | 'gateway';

/** One address of the API: what it needs, what goes in, what comes out. */
export interface Route {
  readonly method: Method;
  /** Below `/api/v1`, with `:name` places. */
  readonly path: string;
  readonly access: Access;
  /** Further rights, which decide what the answer shows. */
  readonly shownBy?: readonly Right[];
  readonly summary: string;
  readonly body?: z.ZodType;
  readonly query?: z.ZodType;
  readonly list?: ListDefinition;
  /** The shape of a successful answer; none for 204. */
  readonly response?: z.ZodType;
  /** Default: 204 without a response, else 200. */
  readonly status?: 200 | 201 | 202 | 204;
  /** The kind of record that the path names; a missing one answers 404 before the body is looked at. */
  readonly record?: string;
  /** The handler itself answers with the record that took this one's place, so nobody has to look for it before. */
  readonly followsSuccessor?: boolean;
  /** The answer holds a secret: it is never stored for an Idempotency-Key. */
  readonly secret?: boolean;
  /** Passwords can be guessed here: it is held to the rate of logins. */
  readonly guesses?: boolean;
  /** Also for those who have to change their password first. */
  readonly beforePasswordChange?: boolean;
  /** Bytes that a body may have, where it is not the general 1 MiB. */
  readonly bodyLimit?: number;
  /** The body is a file of one of these types, which streams through. */
  readonly upload?: readonly string[];
  /** The answer is a file of this type. */
  readonly file?: string;
  /** Every service with jobs serves it, for the jobs of its own. */
  readonly ofJob?: boolean;
}

export interface ServiceRoute extends Route {
  readonly name: string;
  readonly service: ServiceName;
  readonly tag: string;
}

/** Declares the routes of one service; the key is the operation's name. */
export function defineRoutes<const T extends Record<string, Route>>(
  service: ServiceName,
  tag: string,
  routes: T,
): { readonly [K in keyof T]: T[K] & ServiceRoute } {
  return Object.fromEntries(
    Object.entries(routes).map(([name, route]) => [name, { ...route, name, service, tag }]),
  ) as never;
}
