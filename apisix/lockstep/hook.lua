--- What APISIX loads at its start: `apisix.lua_module_hook: "apisix.lockstep.hook"` in config.yaml. It has the defense's
-- directories read before the first request, watches what every worker loads, and starts the agent that tells Lockstep.
-- Whatever fails in here is logged; APISIX starts and serves without it.
local apisix = require("apisix")
local constants = require("apisix.constants")
local core = require("apisix.core")
local directories = require("apisix.lockstep.directories")
local settings = require("apisix.lockstep.settings")
local start = require("apisix.lockstep.start")

local function random_name()
  local file = assert(io.open("/dev/urandom", "rb"))
  local bytes = file:read(8)
  file:close()
  return (bytes:gsub(".", function(byte)
    return string.format("%02x", byte:byte())
  end))
end

local function read_at_start()
  for _, name in ipairs(directories.OWN) do
    constants.HTTP_ETCD_DIRECTORY["/" .. name] = true
  end
  -- APISIX starts its watch where it read at the start only if something that it read then is left unused; otherwise at
  -- whatever is newest by then, and what was written in between is lost. Nobody opens this name, so it is left.
  constants.HTTP_ETCD_DIRECTORY["/stream_routes/"] = true
end

local function install()
  read_at_start()
  local configured, err = settings.read()
  if not configured then
    core.log.error("lockstep: no receipts from this gateway: ", err)
    return
  end
  directories.watch(core.config)
  -- Made before the workers are forked: a reload makes another, a worker started anew keeps it.
  local generation = random_name()
  local init_worker = apisix.http_init_worker
  apisix.http_init_worker = function(...)
    init_worker(...)
    local ok, failure = pcall(start.process, configured, generation)
    if not ok then
      core.log.error("lockstep: no receipts from this process: ", failure)
    end
  end
end

if ngx.config.subsystem == "http" then
  local ok, failure = pcall(install)
  if not ok then
    core.log.error("lockstep: not installed: ", failure)
  end
end
