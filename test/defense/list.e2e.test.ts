import { describe } from 'vitest';
import { unpackedNginx } from '../engine/nginx.ts';
import { embeddedGateway, nginxGateway } from './gateway.ts';
import { defenseList } from './list/list.ts';

const nginx = unpackedNginx();
if (nginx === undefined) {
  process.stderr.write(
    'SKIPPED: the defense list on nginx: Debian’s nginx with Lua could not be unpacked here\n',
  );
}

describe('the defense list, on the embedded gateway and on nginx with LuaJIT', () => {
  defenseList(nginx === undefined ? [embeddedGateway] : [embeddedGateway, nginxGateway]);
});
