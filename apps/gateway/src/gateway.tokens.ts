export const GATEWAY_CONFIG = Symbol('GATEWAY_CONFIG');
export const NEIGHBOURS = Symbol('NEIGHBOURS');
