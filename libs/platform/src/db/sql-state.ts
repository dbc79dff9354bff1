/** The SQLSTATE of a PostgreSQL error, wherever the driver put it. */
export function sqlStateOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, driverError } = error as { code?: unknown; driverError?: unknown };
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return code;
  return driverError ? sqlStateOf(driverError) : undefined;
}

export const hasSqlState = (error: unknown, ...states: string[]): boolean => states.includes(sqlStateOf(error) ?? '');

/** The name of the constraint that refused a row. */
export function constraintOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { constraint, driverError } = error as { constraint?: unknown; driverError?: unknown };
  return typeof constraint === 'string' ? constraint : driverError ? constraintOf(driverError) : undefined;
}

/** A deadlock or a serialization failure: PostgreSQL's way of saying "once more". */
export const isConflict = (error: unknown): boolean => hasSqlState(error, '40P01', '40001');

/** PostgreSQL is away, full, overloaded, slow, or chose this transaction to give way: the same request may work in a moment. */
export const isUnavailable = (error: unknown): boolean => {
  if (isConflict(error)) return true;
  const state = sqlStateOf(error);
  if (state) return /^(08|53|57P|55P03|57014|25P03)/.test(state);
  const code =
    (error as { code?: unknown } | null)?.code ??
    (error as { driverError?: { code?: unknown } } | null)?.driverError?.code;
  if (typeof code === 'string' && /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_)/.test(code)) return true;
  return (
    error instanceof Error &&
    /Connection terminated|Query read timeout|timeout exceeded when trying to connect|Client has encountered a connection error/.test(
      error.message,
    )
  );
};
