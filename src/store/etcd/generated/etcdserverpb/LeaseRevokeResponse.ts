// Original file: proto/etcd.proto


export interface LeaseRevokeResponse {
}

export interface LeaseRevokeResponse__Output {
}
