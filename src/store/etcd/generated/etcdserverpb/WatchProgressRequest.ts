// Original file: proto/etcd.proto


export interface WatchProgressRequest {
}

export interface WatchProgressRequest__Output {
}
