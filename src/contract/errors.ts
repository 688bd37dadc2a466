/**
 * The error catalogue: every code that an answer may carry. `docs/errors.md` lists the same codes; a test
 * compares both. `{name}` in a sentence is filled from the error's parameters.
 */
export const ERRORS = {
  malformed_json: [400, '请求体不是合法的 JSON：{reason}', 'The body is not valid JSON: {reason}.'],
  duplicate_field: [400, '字段 {field} 出现了不止一次', 'The field {field} appears more than once.'],
  forbidden_field: [400, '不允许使用字段名 {field}', 'The field name {field} is not allowed.'],
  nesting_too_deep: [400, '请求体嵌套超过 {max} 层', 'The body is nested more than {max} levels deep.'],
  invalid_utf8: [400, '请求体不是合法的 UTF-8', 'The body is not valid UTF-8.'],
  body_required: [400, '需要 JSON 请求体', 'A JSON body is required.'],
  unknown_field: [400, '未知字段 {field}', 'Unknown field {field}.'],
  read_only_field: [
    400,
    '字段 {field} 由系统维护，不能写入',
    'The field {field} is kept by Lockstep and cannot be set.',
  ],
  missing_field: [400, '缺少字段 {field}', 'The field {field} is missing.'],
  invalid_value: [400, '{field} 的值无效：{reason}', 'The value of {field} is not valid: {reason}.'],
  invalid_identifier: [
    400,
    '标识 {field} 无效：只能使用 1–64 个字母、数字、- _ .',
    'The identifier {field} is not valid: use 1–64 letters, digits, - _ or .',
  ],
  tenant_required: [400, '缺少请求头 X-Tenant-ID', 'The header X-Tenant-ID is missing.'],
  tenant_repeated: [
    400,
    '请求头 X-Tenant-ID 只能出现一次',
    'The header X-Tenant-ID must appear exactly once.',
  ],
  malformed_request: [400, '无法解析该 HTTP 请求', 'The HTTP request can not be parsed.'],
  unauthenticated: [401, '需要有效的访问令牌', 'A valid access token is required.'],
  token_expired: [401, '访问令牌已过期', 'The access token has expired.'],
  forbidden: [403, '该访问令牌无权执行此操作', 'This access token does not permit this.'],
  too_many_failed_logins: [
    429,
    '登录失败次数过多，请在 {seconds} 秒后重试',
    'Too many logins have failed; try again in {seconds} seconds.',
  ],
  cross_site_request: [
    403,
    '未启用认证的节点不接受其他网站页面发起的请求',
    'A node without authentication takes no requests from pages of other sites.',
  ],
  not_found: [404, '没有这个地址', 'There is nothing at this address.'],
  config_not_found: [404, '租户 {tenant} 没有全局配置', 'The tenant {tenant} has no config.'],
  route_not_found: [404, '路由 {id} 不存在', 'The route {id} does not exist.'],
  certificate_not_found: [404, '证书 {id} 不存在', 'The certificate {id} does not exist.'],
  defense_not_applied: [404, '路由 {id} 没有启用防御插件', 'The route {id} has no defense plugin.'],
  history_not_found: [404, '没有 {kind}/{id} 的历史记录', 'There is no history of {kind}/{id}.'],
  change_not_found: [404, '没有版本 {revision} 的变更记录', 'There is no change of revision {revision}.'],
  token_not_found: [404, '访问令牌 {id} 不存在', 'There is no access token {id}.'],
  gateway_not_found: [
    404,
    '该节点没有收到过网关 {id} 的心跳',
    'This node has had no heartbeat of this instance of the gateway {id}.',
  ],
  method_not_allowed: [
    405,
    '该地址不支持 {method}，可用：{allowed}',
    'This address does not take {method}; it takes {allowed}.',
  ],
  route_id_taken: [409, '路由标识 {id} 已被使用', 'The route id {id} is taken.'],
  domain_taken: [409, '域名 {domain} 不可用：{reason}', 'The domain {domain} is not available: {reason}.'],
  path_taken: [
    409,
    '未限定域名的路径 {path} 不可用：其他租户的路由使用了与其重叠的路径（不论方法），请为路由设置 hosts',
    'The path {path} is not available to a route without hosts: another tenant’s overlaps with it, whatever their methods. Give the route hosts.',
  ],
  hostless_conflict: [
    409,
    '另一租户的路由未限定域名，在任何域名下都应答；在它设置 hosts 之前，其他租户不能使用域名',
    'Another tenant has a route without hosts, which answers on every host; until it has hosts, no other tenant can have any.',
  ],
  master_key_not_everywhere: [
    409,
    '以下节点尚未以主密钥 {kid} 加密：{nodes}；没有任何更改',
    'These nodes do not seal with master key {kid} yet: {nodes}. Nothing has changed.',
  ],
  gateway_lacks_plugin: [
    409,
    '以下网关没有加载 cdn_defense，会不加防御地提供服务：{gateways}；没有任何更改',
    'These gateways have not loaded cdn_defense and would serve without it: {gateways}. Nothing has changed.',
  ],
  gateway_id_conflict: [
    409,
    '网关标识 {id} 已被另一个后启动的实例使用',
    'Another instance that started later uses the gateway id {id}.',
  ],
  too_many_gateways: [
    503,
    '该节点已连接 {max} 个网关，请使用其他节点',
    'This node hears {max} gateways already; use another node.',
  ],
  busy: [503, '该对象同时被多方修改，请重试', 'Too many writers change this at once; try again.'],
  precondition_failed: [
    412,
    '对象已被修改，当前 ETag 为 {etag}',
    'The object has changed; its ETag is now {etag}.',
  ],
  body_too_large: [413, '请求体超过 {max} 字节', 'The body is larger than {max} bytes.'],
  unsupported_media_type: [
    415,
    '请求体须为未压缩的 UTF-8 编码 application/json',
    'The body must be application/json in UTF-8, not compressed.',
  ],
  headers_too_large: [431, '请求头过大', 'The headers are too large.'],
  request_timeout: [408, '请求未在规定时间内发送完毕', 'The request was not sent in time.'],
  hosts_required: [422, '路由须设置 hosts：{reason}', 'The route needs hosts: {reason}.'],
  wildcard_too_wide: [
    422,
    '通配域名 {domain} 覆盖整个公共后缀 {suffix}，请至少再加一级',
    'The wildcard {domain} covers all of the public suffix {suffix}; name at least one label more.',
  ],
  upstream_invalid: [
    422,
    '上游地址 {upstream} 无效：{reason}',
    'The upstream {upstream} is not valid: {reason}.',
  ],
  upstream_forbidden: [
    422,
    '不允许使用上游地址 {upstream}：{reason}',
    'The upstream {upstream} is not allowed: {reason}.',
  ],
  certificate_invalid: [422, '无法解析证书：{reason}', 'The certificate can not be read: {reason}.'],
  private_key_invalid: [422, '无法解析私钥：{reason}', 'The private key can not be read: {reason}.'],
  certificate_key_mismatch: [422, '私钥与证书不匹配', 'The private key does not belong to the certificate.'],
  certificate_domain_mismatch: [422, '证书不包含域名 {domain}', 'The certificate does not cover {domain}.'],
  certificate_expired: [422, '证书已于 {not_after} 过期', 'The certificate expired at {not_after}.'],
  certificate_not_yet_valid: [
    422,
    '证书自 {not_before} 起才有效',
    'The certificate is not valid before {not_before}.',
  ],
  expires_at_mismatch: [
    422,
    'expires_at 与证书的到期时间 {not_after} 不一致',
    'expires_at differs from the end of the certificate, {not_after}.',
  ],
  record_too_large: [422, '对象过大，无法存储', 'The object is too large to be stored.'],
  idempotency_key_reused: [
    422,
    '该 Idempotency-Key 已用于另一个请求',
    'This Idempotency-Key was used for another request.',
  ],
  names_unresolvable_now: [
    503,
    '暂时无法解析域名，因此无法判断上游 {upstream} 通向何处；没有任何更改',
    'Names can not be resolved now, so where the upstream {upstream} leads can not be told; nothing has changed.',
  ],
  master_key_missing: [
    503,
    '该节点没有主密钥，不接受证书上传',
    'This node has no master key, so it takes no certificates.',
  ],
  sealed_with_other_key: [
    503,
    '该证书由另一个主密钥加密，本节点无法读取',
    'This certificate is sealed with another master key than this node’s.',
  ],
  etcd_unavailable: [
    503,
    'etcd 不可用，请求被拒绝，没有任何更改',
    'etcd is unavailable; the request was refused and nothing has changed.',
  ],
  record_unreadable: [
    503,
    '存储中的 {id} 无法读取：{reason}',
    'What is stored of {id} can not be read: {reason}.',
  ],
  history_unavailable: [
    503,
    'etcd 不可用，历史记录不在缓存中',
    'etcd is unavailable, and history is not cached.',
  ],
  etcd_refused: [503, 'etcd 拒绝了该请求：{reason}', 'etcd refused the request: {reason}.'],
  compacted_meanwhile: [
    503,
    'etcd 在读取期间压缩了历史，请重试',
    'etcd compacted its history while it was being read; try again.',
  ],
  outcome_unknown: [
    503,
    '无法确认写入结果；请用同一个 Idempotency-Key 重试以查明',
    'It is not known whether the write was applied; repeat it with the same Idempotency-Key to find out.',
  ],
  issuer_unavailable: [
    503,
    '暂时无法取得身份提供方的公钥，因此无法验证该令牌',
    'The identity provider’s keys can not be fetched, so this token can not be verified now.',
  ],
  not_ready: [
    503,
    '该节点尚未从 etcd 读到任何配置',
    'This node has not read any configuration from etcd yet.',
  ],
  revision_not_reached: [
    503,
    '该节点在规定时间内没有达到版本 {revision}',
    'This node did not reach revision {revision} in time.',
  ],
  internal: [500, '内部错误', 'Internal error.'],
} as const satisfies Record<string, readonly [status: number, zh: string, en: string]>;

export type ErrorCode = keyof typeof ERRORS;
export type Language = 'zh' | 'en';

/** The same said in every language. */
export type Text = Readonly<Record<Language, string>>;
/** What fills a `{name}` of a sentence. */
export type Params = Readonly<Record<string, string | number | Text>>;

/** Which part of the request an error is about; its pointer is relative to that part. */
export type Part = 'body' | 'header' | 'query' | 'path';

export interface RefusalOptions {
  readonly in?: Part;
  /** JSON pointer (RFC 6901) into the part. */
  readonly pointer?: string;
  /** Fill the `{name}`s of the sentence. Never hold secrets. */
  readonly params?: Params;
  /** More members for the answer, such as `pending`. */
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** A request that Lockstep will not or can not carry out, with the catalogue's reason. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: ErrorCode;
  readonly part: Part;
  readonly pointer: string;
  readonly params: Params;
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, options: RefusalOptions = {}) {
    super(sentence(code, 'en', options.params), options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.part = options.in ?? 'body';
    this.pointer = options.pointer ?? '';
    this.params = options.params ?? {};
    this.extra = options.extra ?? {};
  }

  get status(): number {
    return ERRORS[this.code][0];
  }
}

const fill = (template: string, language: Language, params: Params): string =>
  template.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name] ?? whole;
    return typeof value === 'object' ? value[language] : String(value);
  });

/** The catalogue's sentence for a code, in a language, with its parameters filled in. */
export const sentence = (code: ErrorCode, language: Language, params: Params = {}): string =>
  fill(ERRORS[code][language === 'zh' ? 1 : 2], language, params);

/** One step of a JSON pointer. */
export const pointerStep = (name: string | number): string =>
  `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;
