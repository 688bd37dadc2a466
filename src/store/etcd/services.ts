/** The gRPC clients for the part of etcd's API in `proto/etcd.proto`, generated at run time. */
import { fileURLToPath } from 'node:url';
import { loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { ProtoGrpcType } from './generated/etcd.ts';

// The same depth from src/store/etcd and dist/store/etcd.
const PROTO = fileURLToPath(new URL('../../../proto/etcd.proto', import.meta.url));

const load = (): ProtoGrpcType['etcdserverpb'] => {
  const definition = loadSync(PROTO, {
    keepCase: true,
    // Lease ids use all 64 bits, so no number holds them; revisions are converted where they are read.
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
  });
  return (loadPackageDefinition(definition) as unknown as ProtoGrpcType).etcdserverpb;
};

export const services = load();
