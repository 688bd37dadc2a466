--- The one process of a gateway that talks to Lockstep: a long poll brings what is to be proved, receipts go back at once.
local Nodes = require("apisix.lockstep.nodes")
local Outstanding = require("apisix.lockstep.outstanding")
local core = require("apisix.core")
local json = require("cjson.safe")
local loop = require("apisix.lockstep.loop")
local semaphore = require("ngx.semaphore")

local Agent = {}
Agent.__index = Agent

local HOLD_MS = 1000
-- Beyond the hold. A node that is frozen is left before the others call this gateway stale.
local GRACE_MS = 750
local RECEIPT_MS = 1000
local BACKOFF_S = { 0.05, 2 }
local ROOM_S = 0.5
-- What workers are given to register before the first word. One that comes later starts the proofs anew.
local ROLL_CALL_S = 5

function Agent.new(settings, board, generation)
  return setmetatable({
    settings = settings,
    board = board,
    instance = generation,
    nodes = Nodes.new(settings),
    outstanding = Outstanding.new(board),
    wake = semaphore.new(),
    proved = json.null,
    proved_by = "",
    backoff_s = BACKOFF_S[1],
    connected = false,
    first_word_at = ngx.now() + ROLL_CALL_S,
  }, Agent)
end

local function now_s()
  ngx.update_time()
  return ngx.now()
end

local function listed(workers)
  local list, names = {}, {}
  for at, worker in ipairs(workers) do
    list[at] = { id = worker.id, pid = worker.pid }
    names[at] = worker.id .. ":" .. worker.pid
  end
  return list, table.concat(names, " ")
end

-- Loaded means loaded by every worker, all of the same version.
local function plugin_of(workers)
  local version
  for _, worker in ipairs(workers) do
    if not worker.plugin or (version and version ~= worker.plugin) then
      return { loaded = false, version = worker.plugin or version }
    end
    version = worker.plugin
  end
  return { loaded = version ~= nil, version = version }
end

local function heartbeat_of(self)
  local workers = self.board:workers()
  local list, names = listed(workers)
  if names ~= self.proved_by then
    -- Whatever was proved was proved of others.
    self.proved, self.proved_by = json.null, names
  end
  return {
    gateway_id = self.settings.gateway_id or core.id.get(),
    instance = self.instance,
    kind = "apisix",
    version = core.version.VERSION,
    plugin = plugin_of(workers),
    workers = list,
    proved = self.proved,
    hold_ms = HOLD_MS,
  }, names
end

local function grant(self, proved, names)
  if names == self.proved_by then
    self.proved = type(proved) == "table" and proved or json.null
  end
end

local function failed(self, problem)
  loop.say("error", self.nodes:url(), "no word with the control plane: ", problem)
  self.connected = false
  self.outstanding:clear()
  self.nodes:next()
  ngx.sleep(self.backoff_s * (0.5 + math.random() / 2))
  self.backoff_s = math.min(self.backoff_s * 2, BACKOFF_S[2])
end

local function is_roll_called(self)
  local count = #self.board:workers()
  return count >= ngx.worker.count() or (count > 0 and now_s() >= self.first_word_at)
end

local function poll(self)
  if not is_roll_called(self) then
    ngx.sleep(0.01)
    return
  end
  -- A long checklist is taken in as it is worked off, but never in silence.
  local patient_until = now_s() + ROOM_S
  while not self.outstanding:has_room() and now_s() < patient_until do
    ngx.sleep(0.005)
  end
  local heartbeat, names = heartbeat_of(self)
  local answer, problem = self.nodes:post("/fleet/heartbeat", heartbeat, HOLD_MS + GRACE_MS)
  if not answer then
    failed(self, problem)
    return
  end
  self.backoff_s, self.connected = BACKOFF_S[1], true
  if type(answer.cluster_id) == "string" then
    self.of_this_store = self.board:is_of(answer.cluster_id)
  end
  grant(self, answer.proved, names)
  if type(answer.prove) == "table" then
    self.outstanding:add(answer.prove, now_s())
  end
  if self.wake:count() < 1 then
    self.wake:post()
  end
end

-- Why nothing that was loaded counts, if so.
local function void_of(self)
  if self.of_this_store == false then
    return "loaded from another etcd cluster than the one the control plane uses now; restart this gateway"
  elseif self.board:has_regressed() then
    return "etcd has gone back to an earlier revision under this gateway; restart it"
  end
end

local function ask(self, asks)
  local text = #asks > 0 and json.encode(asks) or ""
  if text ~= self.asking then
    self.asking = text
    self.board:ask(asks)
  end
end

local function report(self)
  if not self.connected or self.outstanding.count == 0 then
    ask(self, {})
    self.wake:wait(1)
    return
  end
  local workers = self.board:workers()
  local receipts, asks, wait_s = self.outstanding:gather(workers, now_s(), void_of(self))
  ask(self, asks)
  if #receipts == 0 then
    self.wake:wait(math.max(wait_s, 0.001))
    return
  end
  local _, names = listed(workers)
  local message = { gateway_id = self.settings.gateway_id or core.id.get(), instance = self.instance, receipts = receipts }
  local answer, problem = self.nodes:post("/fleet/receipts", message, RECEIPT_MS)
  if not answer then
    loop.say("error", "receipts", "receipts were not taken: ", problem)
    self.outstanding:judged(receipts)
    -- The long poll finds out whether the node is gone.
    self.wake:wait(0.1)
    return
  end
  grant(self, answer.proved, names)
  self.outstanding:judged(receipts, type(answer.states) == "table" and answer.states or {})
end

--- Polls and reports for as long as this process lives.
function Agent:start()
  loop.forever("the heartbeat", function()
    poll(self)
  end)
  loop.forever("the report", function()
    report(self)
  end)
end

return Agent
