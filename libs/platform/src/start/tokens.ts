/** Names of what the platform hands out by injection and that has no class of its own. */
export const LOGGER = Symbol('LOGGER');
export const SERVICE_CONFIG = Symbol('SERVICE_CONFIG');
export const SERVICE_NAME = Symbol('SERVICE_NAME');
export const RECORD_POLICIES = Symbol('RECORD_POLICIES');
export const EVENT_HANDLERS = Symbol('EVENT_HANDLERS');
export const JOB_CLASSES = Symbol('JOB_CLASSES');

export const API_PREFIX = 'api/v1';
