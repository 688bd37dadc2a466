// Original file: proto/etcd.proto


export interface AuthenticateResponse {
  'token'?: (string);
}

export interface AuthenticateResponse__Output {
  'token': (string);
}
