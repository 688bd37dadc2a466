#!/bin/sh
# Makes a token for the gateways and puts it into the file given, unless it is there.
set -eu
file=$1
[ -s "$file" ] && exit 0
node /lockstep/bin/lockstep.js token create --role gateway --description 'gateways of this deployment' > "$file.new"
mv "$file.new" "$file"
