export class ToolMissingError extends Error {}
export function ensureDebianTool(name: 'etcd' | 'etcdctl'): string;
export function ensureEtcd35(): { path: string } | { missing: string };
