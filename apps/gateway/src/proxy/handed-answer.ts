import { type OutgoingHttpHeaders, ServerResponse } from 'node:http';

interface Passing {
  /** Is given the head that the service writes, and gives the headers that the client gets, as a flat list. */
  head(status: number, headers: OutgoingHttpHeaders): string[];
  /** The service has given all of its answer, or it is not heard any more. */
  end(): void;
}

const { prototype } = ServerResponse;

/** The answer to a client in the hands of a service of this process: its head and its end pass by here. */
export class HandedAnswer {
  private over = false;
  private takenBack = false;

  constructor(
    private readonly answer: ServerResponse,
    private readonly passing: Passing,
  ) {
    answer.writeHead = (...given: unknown[]) => {
      if (this.takenBack) return prototype.writeHead.apply(answer, given as Parameters<typeof answer.writeHead>);
      const [status, ...rest] = given as [number, ...unknown[]];
      // Of a stream the headers have been set one by one.
      const headers = { ...answer.getHeaders(), ...(rest.at(-1) as OutgoingHttpHeaders | undefined) };
      this.forgetHeaders();
      return prototype.writeHead.call(answer, status, passing.head(status, headers));
    };
    answer.end = (...given: unknown[]) => {
      const ended = prototype.end.apply(answer, given as Parameters<typeof answer.end>);
      this.finish();
      return ended;
    };
    answer.destroy = (error?: Error) => {
      // One that waits for its turn on the connection would take the connection with it.
      if (this.takenBack) return answer;
      this.finish();
      return prototype.destroy.call(answer, error);
    };
  }

  /** What the service does with it from now on is nobody's business; what it has set is not sent. */
  takeBack(): void {
    this.takenBack = true;
    if (!this.answer.headersSent) this.forgetHeaders();
    this.finish();
  }

  /** `connection` is between the client and the gateway. */
  private forgetHeaders(): void {
    for (const name of this.answer.getHeaderNames()) if (name !== 'connection') this.answer.removeHeader(name);
  }

  private finish(): void {
    if (this.over) return;
    this.over = true;
    this.passing.end();
  }
}
