import { Injectable } from '@nestjs/common';

/** "There is a job to be done": said after commit, heard by the runner of this process. */
@Injectable()
export class JobSignal {
  private said = false;
  private wake?: () => void;

  notify(): void {
    this.said = true;
    this.wake?.();
  }

  /** Until it is said, at most so long; what was said before counts. */
  async wait(milliseconds: number): Promise<void> {
    if (!this.said)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    this.said = false;
    this.wake = undefined;
  }
}
