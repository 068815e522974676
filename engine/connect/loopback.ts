/** Hosts that nobody reaches from another machine. Pure. */

const loopback = /^(localhost|\[?::1\]?|127(\.\d{1,3}){3})$/i;

/** Whether only this machine is reached there, or reaches what listens there. Other names may lead anywhere. */
export const isLoopback = (host: string): boolean => loopback.test(host);
