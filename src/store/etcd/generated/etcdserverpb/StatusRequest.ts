// Original file: proto/etcd.proto


export interface StatusRequest {
}

export interface StatusRequest__Output {
}
