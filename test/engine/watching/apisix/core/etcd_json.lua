--- A harness, not APISIX: etcd through its JSON gateway, on nginx's sockets.
local http = require("resty.http")
local json = require("cjson.safe")

local _M = {}

local CALL_MS = 3000
local WATCH_MS = 50000

local function range_end_of(prefix)
  return prefix:sub(1, -2) .. string.char(prefix:byte(-1) + 1)
end

local function open(endpoint, read_ms)
  local client = assert(http.new())
  client:set_timeouts(CALL_MS, CALL_MS, read_ms)
  local scheme, host, port = unpack(assert(client:parse_uri(endpoint)))
  local ok, err = client:connect({ scheme = scheme, host = host, port = port, ssl_verify = false })
  return ok and client, err
end

local function request(client, path, message)
  return client:request({
    method = "POST",
    path = path,
    headers = { ["Content-Type"] = "application/json" },
    body = json.encode(message),
  })
end

local function kv_of(kv)
  return {
    key = ngx.decode_base64(kv.key),
    value = kv.value and json.decode(ngx.decode_base64(kv.value)),
    modifiedIndex = tonumber(kv.mod_revision),
  }
end

--- @return table, number what lies under the prefix, in the order of its keys, and the store's revision
function _M.range(endpoint, prefix)
  local client, err = open(endpoint, CALL_MS)
  if not client then
    return nil, err
  end
  local key, range_end = ngx.encode_base64(prefix), ngx.encode_base64(range_end_of(prefix))
  local response
  response, err = request(client, "/v3/kv/range", { key = key, range_end = range_end })
  if not response then
    return nil, err
  end
  local parts = {}
  for chunk in response.body_reader, 65536 do
    parts[#parts + 1] = chunk
  end
  local answer = json.decode(table.concat(parts))
  if response.status ~= 200 or not answer or not answer.header then
    return nil, "etcd answers " .. response.status
  end
  client:set_keepalive(10000)
  local kvs = {}
  for at, kv in ipairs(answer.kvs or {}) do
    kvs[at] = kv_of(kv)
  end
  return kvs, tonumber(answer.header.revision)
end

local function events_of(result)
  local events = {}
  for at, event in ipairs(result.events or {}) do
    events[at] = kv_of(event.kv)
    if event.type == "DELETE" then
      events[at].value = nil
    end
  end
  return events
end

--- Watches until the stream ends.
--- @param took is given the header's revision and the events of each response; returns false to end the watch
--- @return string why it ended; "compacted" when the revision is no longer to be had
function _M.watch(endpoint, prefix, from, took)
  local client, err = open(endpoint, WATCH_MS)
  if not client then
    return err
  end
  local response
  response, err = request(client, "/v3/watch", {
    create_request = {
      key = ngx.encode_base64(prefix),
      range_end = ngx.encode_base64(range_end_of(prefix)),
      start_revision = from,
    },
  })
  if not response then
    return err
  end
  local rest = ""
  while true do
    local chunk
    chunk, err = response.body_reader(65536)
    if not chunk then
      client:close()
      return err or "closed"
    end
    rest = rest .. chunk
    local line, after = rest:match("^(.-)\n(.*)$")
    while line do
      rest = after
      local result = (json.decode(line) or {}).result
      if not result or result.canceled then
        client:close()
        return result and result.compact_revision and "compacted" or "canceled"
      end
      if not result.created and not took(tonumber(result.header.revision), events_of(result)) then
        client:close()
        return "ended"
      end
      line, after = rest:match("^(.-)\n(.*)$")
    end
  end
end

return _M
