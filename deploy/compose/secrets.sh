#!/usr/bin/env bash
# Makes every secret of this deployment in ./secrets (or the directory given), once: nothing in it has a default.
# Needs openssl. What is already there is kept, so running it again only adds what is missing.
set -euo pipefail
umask 077

dir=${1:-"$(cd "$(dirname "$0")" && pwd)/secrets"}
mkdir -p "$dir"
chmod 700 "$dir"
cd "$dir"

DAYS_CA=3650
DAYS_LEAF=825

random_hex() { openssl rand -hex "$1"; }
# Sixteen characters, for AES-128.
random_key() { openssl rand -base64 12 | tr '+/' '-_'; }

# Files are made under another name first: one that was cut short is not taken for a whole one, and what is there may not be
# writable.
secret() { # NAME COMMAND…
  local name=$1
  shift
  [ -s "$name" ] && return
  "$@" > "$name.new"
  mv "$name.new" "$name"
}

authority() {
  [ -s ca.pem ] && return
  rm -f ca.key
  openssl ecparam -name prime256v1 -genkey -noout -out ca.key
  openssl req -x509 -new -key ca.key -sha256 -days "$DAYS_CA" -subj '/O=Lockstep/CN=Lockstep deployment CA' \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign -out ca.pem
}

# NAME SUBJECT USAGE SAN
certificate() {
  [ -s "$1.pem" ] && return
  rm -f "$1.key" "$1.csr" "$1.ext" "$1.ec" "$1.new"
  openssl ecparam -name prime256v1 -genkey -noout -out "$1.ec"
  openssl pkcs8 -topk8 -nocrypt -in "$1.ec" -out "$1.key"
  rm "$1.ec"
  openssl req -new -key "$1.key" -sha256 -subj "$2" -out "$1.csr"
  printf 'basicConstraints=critical,CA:FALSE\nextendedKeyUsage=%s\nsubjectAltName=%s\n' "$3" "$4" > "$1.ext"
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -set_serial "0x$(openssl rand -hex 16)" -sha256 -days "$DAYS_LEAF" \
    -extfile "$1.ext" -out "$1.new" 2> /dev/null
  mv "$1.new" "$1.pem"
  rm "$1.csr" "$1.ext"
}

authority
for i in 1 2 3; do
  # No common name: etcd's JSON gateway, which APISIX uses, calls etcd with this certificate, and a name would be a user.
  certificate "etcd-$i" '/O=Lockstep/OU=etcd' serverAuth,clientAuth "DNS:etcd-$i,DNS:localhost,IP:127.0.0.1"
  certificate "lockstep-$i" "/O=Lockstep/CN=lockstep-$i" serverAuth "DNS:lockstep-$i,DNS:localhost,IP:127.0.0.1"
done
certificate redis '/O=Lockstep/CN=redis' serverAuth DNS:redis,DNS:localhost,IP:127.0.0.1
certificate lockstep-client '/O=Lockstep/CN=lockstep' clientAuth DNS:lockstep
# etcd's JSON gateway refuses clients whose certificate has a common name.
certificate apisix-client '/O=Lockstep/OU=apisix' clientAuth DNS:apisix

secret master.key random_hex 32
secret root-token random_hex 32
secret redis-password random_hex 24
secret etcd-root-password random_hex 24
secret etcd-lockstep-password random_hex 24
secret etcd-apisix-password random_hex 24
# What private keys are encrypted with in APISIX's prefix.
secret apisix-keyring random_key

# Redis and APISIX take these only in their configuration or environment.
derived() { # NAME FORMAT VALUE…
  local name=$1
  shift
  # shellcheck disable=SC2059 # the format is one of the two below
  printf "$@" > "$name.new"
  mv -f "$name.new" "$name"
}
derived redis-auth.conf 'requirepass %s\n' "$(cat redis-password)"
derived apisix.env 'ETCD_APISIX_PASSWORD=%s\nAPISIX_KEYRING=%s\nREDIS_PASSWORD=%s\n' \
  "$(cat etcd-apisix-password)" "$(cat apisix-keyring)" "$(cat redis-password)"

# The containers run as users of their own and see these files one by one; the directory keeps everybody else out.
chmod 444 ./*
chmod 400 ca.key
echo "secrets are in $dir"
