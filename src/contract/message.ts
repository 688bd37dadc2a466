import type { Language } from './errors.ts';

/** What answers say of a change that was accepted: the seed's sentences, and the same in English. */
const MESSAGES = {
  config_updated: ['租户 {id} 的全局配置已更新', 'The global config of tenant {id} has been updated'],
  config_deleted: ['租户 {id} 的全局配置已删除', 'The global config of tenant {id} has been deleted'],
  route_created: ['路由 {id} 已创建', 'Route {id} has been created'],
  route_updated: ['路由 {id} 已更新', 'Route {id} has been updated'],
  route_deleted: ['路由 {id} 已删除', 'Route {id} has been deleted'],
  certificate_uploaded: ['SSL证书已上传', 'The SSL certificate has been uploaded'],
  certificate_deleted: ['SSL证书已删除', 'The SSL certificate has been deleted'],
  defense_applied: ['防御插件已应用到路由 {id}', 'The defense plugin has been applied to route {id}'],
  defense_removed: ['防御插件已从路由 {id} 移除', 'The defense plugin has been removed from route {id}'],
  defense_updated_all: ['所有防御配置已更新', 'All defense configs have been updated'],
  token_created: [
    '访问令牌 {id} 已创建，请立即保存，它不会再次显示',
    'Token {id} has been made; keep it now, it is not shown again',
  ],
  token_revoked: ['访问令牌 {id} 已吊销', 'Token {id} has been revoked'],
  keys_rotating: ['正在以主密钥 {id} 重新加密', 'Everything is being sealed anew with master key {id}'],
  gateway_lacks_plugin: [
    '以下网关没有加载 cdn_defense，会不加防御地提供服务：{id}',
    'These gateways have not loaded cdn_defense and serve without it: {id}',
  ],
  no_gateway_reports: [
    '没有网关上报，无法得知网关实际使用的配置',
    'No gateway reports, so it is not known what gateways serve',
  ],
  own_cache_behind: [
    '更改已提交，但本节点的缓存尚未收到；读取时请使用 min_revision',
    'The change is committed, but the cache of this node has not got it yet; read with min_revision',
  ],
  node_refreshed: ['节点 {id} 已重新同步', 'Node {id} has been synchronised anew'],
} as const;

export type MessageCode = keyof typeof MESSAGES;

export const message = (code: MessageCode, language: Language, id = ''): string =>
  MESSAGES[code][language === 'zh' ? 0 : 1].replace('{id}', () => id);
