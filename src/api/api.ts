import type { Endpoint } from './endpoint.ts';
import { getAudit } from './audit/read.ts';
import { getCertificate, listCertificates } from './certificates/read.ts';
import { deleteCertificateEndpoint, postCertificate } from './certificates/write.ts';
import { applyDefenseEndpoint, removeDefenseEndpoint, updateAllDefenseEndpoint } from './defense/write.ts';
import { getDrift } from './drift/read.ts';
import { postHeartbeat, postReceipts } from './fleet/gateway.ts';
import { getChange, getChanges } from './changes/read.ts';
import { getFleet } from './fleet/read.ts';
import { getFleetStream } from './fleet/stream.ts';
import { getHistory } from './history/read.ts';
import { getKeys, postRotate } from './keys/endpoints.ts';
import { livez, metrics, readyz } from './operations/endpoints.ts';
import { getRoute, listRoutes } from './routes/read.ts';
import { deleteRouteEndpoint, postRoute, putRoute } from './routes/write.ts';
import { getSyncStatus, postRefresh } from './sync/endpoints.ts';
import { getAllConfigs, getTenantConfig } from './tenants/read.ts';
import { deleteTenantConfigEndpoint, patchTenantConfigEndpoint, postTenantConfig } from './tenants/write.ts';
import { getToken, listTokens } from './tokens/read.ts';
import { deleteToken, postToken } from './tokens/write.ts';

/** Every operation of the Defense API. */
export const ENDPOINTS: readonly Endpoint[] = [
  getTenantConfig,
  postTenantConfig,
  patchTenantConfigEndpoint,
  deleteTenantConfigEndpoint,
  getAllConfigs,
  listRoutes,
  postRoute,
  getRoute,
  putRoute,
  deleteRouteEndpoint,
  listCertificates,
  postCertificate,
  getCertificate,
  deleteCertificateEndpoint,
  applyDefenseEndpoint,
  removeDefenseEndpoint,
  updateAllDefenseEndpoint,
  getSyncStatus,
  postRefresh,
  getDrift,
  getHistory,
  getFleet,
  getFleetStream,
  getChanges,
  getChange,
  postHeartbeat,
  postReceipts,
  listTokens,
  postToken,
  getToken,
  deleteToken,
  getAudit,
  getKeys,
  postRotate,
  livez,
  readyz,
  metrics,
];
