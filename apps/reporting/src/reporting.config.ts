import { serviceSettings } from '#platform';
import { z } from 'zod';

export const ReportingConfig = z.object({ ...serviceSettings });
