import { serviceSettings } from '#platform';
import { z } from 'zod';

export const ServiceConfig = z.object({ ...serviceSettings });
