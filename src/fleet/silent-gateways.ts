import type { GatewayView } from './gateway-view.ts';

/**
 * Gateways that fell silent while somebody waits for them. One that stays silent is taken off the list in the end, which
 * proves nothing: it may be serving by the old configuration still. One that leaves in good order is never silent.
 */
export class SilentGateways {
  private readonly silent = new Map<string, GatewayView>();

  /** @param lacking the gateways that lack what is waited for, as they are now */
  note(lacking: readonly GatewayView[]): void {
    for (const view of lacking) {
      if (view.state === 'stale' || view.state === 'disconnected') this.silent.set(view.gateway_id, view);
      else this.silent.delete(view.gateway_id);
    }
  }

  /** Those that nobody knows any more. @param all the gateways of this moment */
  gone(all: readonly GatewayView[]): GatewayView[] {
    if (this.silent.size === 0) return [];
    const known = new Set(all.map(({ gateway_id }) => gateway_id));
    return [...this.silent.values()].filter(({ gateway_id }) => !known.has(gateway_id));
  }
}
