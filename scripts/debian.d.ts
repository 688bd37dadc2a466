export class ToolMissingError extends Error {}
export function ensureDebianTool(name: 'etcd' | 'etcdctl' | 'redis-server' | 'lua-nginx-redis'): string;
export function ensureDebianCommands(names: ('curl' | 'jq' | 'chromium' | 'luajit')[]): void;
export function ensureEtcd35(): { path: string } | { missing: string };
