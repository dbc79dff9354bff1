import { Inject, Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { JOB_CLASSES } from '../start/tokens.js';
import type { JobKind } from './job-kind.js';

export type JobClass<P = never> = Type<JobKind<P, never>>;

/** The kinds of job that this service runs, by name. */
@Injectable()
export class JobKinds implements OnModuleInit {
  private readonly byName = new Map<string, JobKind>();

  constructor(
    @Inject(JOB_CLASSES) private readonly classes: readonly Type<JobKind>[],
    private readonly modules: ModuleRef,
  ) {}

  onModuleInit(): void {
    for (const each of this.classes) {
      const kind = this.modules.get(each, { strict: false });
      if (this.byName.has(kind.kind)) throw new Error(`Two kinds of job are named ${kind.kind}`);
      this.byName.set(kind.kind, kind);
    }
  }

  of(kind: JobClass): JobKind {
    return this.modules.get<JobKind>(kind as unknown as Type<JobKind>, { strict: false });
  }

  get names(): string[] {
    return [...this.byName.keys()];
  }

  /** Undefined for a kind that only a newer or older version of the service knows. */
  find(name: string): JobKind | undefined {
    return this.byName.get(name);
  }
}
