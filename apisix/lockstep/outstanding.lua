--- The objects that a node wants proved, and what is known of them so far. The node judges; this only gathers facts.
local directories = require("apisix.lockstep.directories")

local Outstanding = {}
Outstanding.__index = Outstanding

-- What does not fit is sent again by the node.
local OBJECTS_MAX = 2000
-- Of one answer of a node.
local ANSWER_MAX = 500
local RECEIPTS_MAX = 200
local ASKS_MAX = 250
local ANSWERED_S = 0.25
-- A worker that has said nothing for this long is reported as missing.
local PARTIAL_S = 1
local ABANDONED_S = 30
-- An object that changes is noted without being asked for.
local ASKED_AFTER_S = 0.1

function Outstanding.new(board)
  -- A worker must not drop one answer to note the next.
  local asks_max = math.min(ASKS_MAX, math.floor(board.notes_max / 2))
  return setmetatable({ board = board, objects = {}, count = 0, asks_max = asks_max }, Outstanding)
end

local function is_proper(item)
  return type(item) == "table"
    and directories.named(item.directory)
    and type(item.id) == "string"
    and #item.id <= 256
    and type(item.revision) == "number"
    and (item.op == "put" or item.op == "delete")
end

local function object_of(item, now)
  return {
    directory = item.directory,
    id = item.id,
    revision = item.revision,
    op = item.op,
    since = now,
    due = now,
  }
end

--- Merges what a node sent: of one object the newer revision. What it asks again is told again.
function Outstanding:add(items, now)
  for _, item in ipairs(items) do
    if is_proper(item) then
      local key = item.directory .. "/" .. item.id
      local known = self.objects[key]
      if known and known.revision == item.revision then
        known.told, known.due = nil, now
      elseif known and known.revision < item.revision then
        self.objects[key] = object_of(item, now)
      elseif not known and self.count < OBJECTS_MAX then
        self.objects[key] = object_of(item, now)
        self.count = self.count + 1
      end
    end
  end
end

--- Whether another answer of a node fits.
function Outstanding:has_room()
  return self.count + ANSWER_MAX <= OBJECTS_MAX
end

local function drop(self, key)
  if self.objects[key] then
    self.objects[key] = nil
    self.count = self.count - 1
  end
end

--- Everything is forgotten, for instance because it was said to a node that is gone.
function Outstanding:clear()
  self.objects, self.count = {}, 0
end

-- Whether this worker's facts will not change any more for what is asked.
local function is_settled(object, seen, loaded)
  if seen >= object.revision then
    return true
  end
  return loaded > object.revision or (loaded == object.revision and object.op == "put")
end

-- What one worker has to say, or nil and whether it must be asked.
local function testimony(self, object, worker, age)
  local seen, loaded, reason = self.board:facts(worker, object.directory, object.id)
  if seen == -1 then
    local facts = { id = worker.id, pid = worker.pid, loaded = 0, seen = 0 }
    return facts, true, "this directory is not watched: cdn_defense is not loaded"
  elseif not loaded then
    return nil, not seen or seen >= object.revision or age > ASKED_AFTER_S
  end
  return { id = worker.id, pid = worker.pid, loaded = loaded, seen = seen }, is_settled(object, seen, loaded), reason
end

--- @param void why nothing that is loaded proves anything, if so
--- @return table, boolean, boolean the receipt, whether every worker has its final say, whether a worker must be asked
local function receipt_of(self, object, workers, void, age)
  local receipt = {
    directory = object.directory,
    id = object.id,
    revision = object.revision,
    op = object.op,
    workers = {},
    reason = void,
  }
  local settled, unknown = #workers > 0, false
  for _, worker in ipairs(workers) do
    local said, final, reason = testimony(self, object, worker, age)
    settled = settled and said ~= nil and final
    unknown = unknown or (said == nil and final)
    if said and void then
      said.loaded, said.seen = 0, 0
    end
    receipt.workers[#receipt.workers + 1] = said
    receipt.reason = receipt.reason or reason
  end
  return receipt, settled, unknown
end

local function signature_of(receipt)
  local parts = { receipt.revision, receipt.reason or "" }
  for _, said in ipairs(receipt.workers) do
    parts[#parts + 1] = said.pid .. " " .. said.loaded .. " " .. said.seen
  end
  return table.concat(parts, ";")
end

-- Seconds until an object is worth another look.
local function pause_of(object, now)
  local age = now - object.since
  if age < 0.05 then
    return 0.001
  end
  local is_awaited = age < PARTIAL_S or (object.asked and now - object.asked < ANSWERED_S)
  return is_awaited and 0.005 or 0.1
end

--- Looks at what is due.
--- @return table, table, number the receipts to send, what to ask the workers, seconds until there is more to look at
function Outstanding:gather(workers, now, void)
  local receipts, asks, wait = {}, {}, 1
  for key, object in pairs(self.objects) do
    local age = now - object.since
    if object.due <= now and #receipts < RECEIPTS_MAX then
      object.due = now + pause_of(object, now)
      local receipt, settled, unknown = receipt_of(self, object, workers, void, age)
      local signature = signature_of(receipt)
      if (settled or age >= PARTIAL_S) and #receipt.workers > 0 and signature ~= object.told then
        object.told = signature
        receipts[#receipts + 1] = receipt
      end
      object.unknown = unknown
    end
    if object.unknown and #asks < self.asks_max then
      asks[#asks + 1] = { directory = object.directory, id = object.id }
      if not object.asked then
        object.asked, object.due = now, now
      end
    end
    wait = math.min(wait, math.max(0, object.due - now))
    if age > ABANDONED_S then
      drop(self, key)
    end
  end
  return receipts, asks, wait
end

--- What the node made of receipts it was sent: whatever it does not wait for any longer is done.
--- @param states one of each receipt; nil where they did not arrive and are to be sent again
function Outstanding:judged(receipts, states)
  for at, receipt in ipairs(receipts) do
    local key = receipt.directory .. "/" .. receipt.id
    local object = self.objects[key]
    if object and object.revision == receipt.revision then
      if not states then
        object.told = nil
      elseif states[at] ~= "pending" then
        drop(self, key)
      end
    end
  end
end

return Outstanding
