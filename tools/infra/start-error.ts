/** A problem the user can solve; the launcher prints the message, one line that says how, and no stack. */
export class StartError extends Error {
  readonly expected = true;
}
