#!/bin/sh
# Creates etcd's users with what each may do, then switches authentication on. Run once, again without harm.
# Reads ETCD_ENDPOINTS and SECRETS (the directory of secrets.sh).
set -eu

ctl() {
  etcdctl --endpoints "$ETCD_ENDPOINTS" --cacert "$SECRETS/ca.pem" --cert "$SECRETS/lockstep-client.pem" \
    --key "$SECRETS/lockstep-client.key" "$@"
}
as_root() { ctl --user "root:$(cat "$SECRETS/etcd-root-password")" "$@"; }

# With authentication on, nobody but root can list users.
if as_root user list > /dev/null 2>&1 && ! ctl user list > /dev/null 2>&1; then
  echo 'etcd: authentication is already on'
  exit 0
fi

user() { # NAME PASSWORD_FILE
  ctl user get "$1" > /dev/null 2>&1 || ctl user add "$1:$(cat "$SECRETS/$2")" > /dev/null
}
role() { ctl role get "$1" > /dev/null 2>&1 || ctl role add "$1" > /dev/null; }

user root etcd-root-password
user lockstep etcd-lockstep-password
user apisix etcd-apisix-password
role root
role lockstep
role apisix
# Nodes keep the source records and write what the gateways read; gateways read that, and nothing else. No slash ends
# the gateways' prefix: at its start APISIX reads the range of the bare word.
ctl role grant-permission lockstep readwrite --prefix /cdn-defense/
ctl role grant-permission lockstep readwrite --prefix /apisix/
ctl role grant-permission apisix read --prefix /apisix
ctl user grant-role root root
ctl user grant-role lockstep lockstep
ctl user grant-role apisix apisix
ctl auth enable
