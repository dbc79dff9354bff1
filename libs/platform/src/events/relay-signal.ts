import { EventEmitter } from 'node:events';
import { Injectable } from '@nestjs/common';

/** "There is something in the outbox": said after commit, heard by the relay of this process. */
@Injectable()
export class RelaySignal {
  private readonly emitter = new EventEmitter();

  notify(): void {
    this.emitter.emit('written');
  }

  listen(listener: () => void): () => void {
    this.emitter.on('written', listener);
    return () => this.emitter.off('written', listener);
  }
}
