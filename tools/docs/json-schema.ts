import { z } from 'zod';

export type JsonSchema = Record<string, unknown>;

/**
 * The JSON schema of what is published. Objects stay open, as readers must be: fields may be added within a version.
 * @param target AsyncAPI takes draft 7, everybody else the current draft
 */
export function publishedSchema(
  schema: z.ZodType,
  target: 'draft-7' | 'draft-2020-12' = 'draft-2020-12',
  io: 'input' | 'output' = 'output',
): JsonSchema {
  const { $schema: _, ...published } = z.toJSONSchema(schema, {
    io,
    target,
    unrepresentable: 'any',
    reused: 'inline',
    override: ({ jsonSchema }) => {
      // A format says more than the regular expression behind it.
      if (jsonSchema.format) delete jsonSchema.pattern;
      if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  return published;
}
