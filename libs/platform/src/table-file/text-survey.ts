import { isAscii } from 'node:buffer';

/** What is looked at to tell the encoding: enough text that an accident is out of the question. */
const SAMPLE = 256 * 1024;
const LF = 10;

/** What a file shows while it comes in: where it stops to be plain ASCII, and how many lines it has. */
export class TextSurvey {
  private readonly pieces: Buffer[] = [];
  private sampled = 0;
  private breaks = 0;
  private lastByte = LF;

  see(piece: Buffer): void {
    for (let at = piece.indexOf(LF); at !== -1; at = piece.indexOf(LF, at + 1)) this.breaks++;
    this.lastByte = piece.at(-1) ?? this.lastByte;
    if (this.sampled >= SAMPLE) return;
    if (this.sampled === 0 && isAscii(piece)) return;
    const from = this.sampled > 0 ? 0 : piece.findIndex((byte) => byte > 0x7f);
    const part = Buffer.from(piece.subarray(from, from + SAMPLE - this.sampled));
    this.pieces.push(part);
    this.sampled += part.length;
  }

  /** The first bytes from where it is not ASCII on; empty where all is. */
  get sample(): Buffer {
    return Buffer.concat(this.pieces);
  }

  get lines(): number {
    return this.breaks + (this.lastByte === LF ? 0 : 1);
  }
}
