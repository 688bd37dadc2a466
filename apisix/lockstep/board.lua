--- What the processes of one gateway tell each other, in a shared dictionary: who lives, what each has loaded, what is asked.
-- The one home of that dictionary's keys. They carry the generation, since the dictionary outlives a reload, and the pid,
-- since a worker that was started anew has loaded nothing of what its predecessor had.
local json = require("cjson.safe")
local loop = require("apisix.lockstep.loop")

local Board = {}
Board.__index = Board

-- Notes are read within milliseconds. Whatever is asked for after that is noted again.
local NOTE_S = 15
-- A full dictionary refuses larger values however many small ones it could drop, so notes never fill more than half of it.
local NOTE_BYTES = 512
local NOTES_MAX = 2048
local NOTES_MIN = 64

function Board.new(dict, generation)
  local fitting = math.floor(dict:capacity() / 2 / NOTE_BYTES / ngx.worker.count())
  return setmetatable({
    dict = dict,
    generation = generation,
    known = {},
    notes_max = math.max(NOTES_MIN, math.min(NOTES_MAX, fitting)),
    noted = {},
    oldest = 1,
    newest = 0,
  }, Board)
end

local function store(self, key, value, life_s)
  local ok, err = self.dict:set(key, value, life_s)
  if not ok then
    loop.say("error", "dictionary", "the shared dictionary takes nothing more (", err, "), make it larger")
  end
end

-- Deletes the oldest of this process's notes where there are too many.
local function make_room(self, key)
  if self.noted[key] then
    return
  end
  self.newest = self.newest + 1
  self.noted[self.newest], self.noted[key] = key, true
  if self.newest - self.oldest >= self.notes_max then
    local old = self.noted[self.oldest]
    self.dict:delete(old)
    self.noted[self.oldest], self.noted[old] = nil, nil
    self.oldest = self.oldest + 1
  end
end

function Board:key(kind, worker, rest)
  return self.generation .. kind .. worker .. "/" .. (rest or "")
end

--- A worker says that it lives. No end of life: a frozen worker still counts, and must not be forgotten.
--- @param plugin the version of `cdn_defense` it has loaded, or nil
function Board:register(worker, pid, plugin)
  store(self, self:key("w", worker), pid .. " " .. (plugin or ""))
end

--- @return table the workers that have registered, as {id, pid, plugin?}, in the order of their ids
function Board:workers()
  local list = {}
  for id = 0, ngx.worker.count() - 1 do
    -- A full dictionary may have dropped the line, the worker is still there.
    local line = self.dict:get(self:key("w", id)) or self.known[id]
    self.known[id] = line
    if line then
      local pid, plugin = line:match("^(%d+) (.*)$")
      list[#list + 1] = { id = id, pid = tonumber(pid), plugin = plugin ~= "" and plugin or nil }
    end
  end
  return list
end

--- Notes what a worker has of one object. Always before `saw`, whose reader relies on it.
function Board:note(worker, pid, directory, id, loaded, reason)
  local value = string.format("%d %d %.0f %s", pid, directory.epoch, loaded, reason or "")
  local key = self:key("n", worker, directory.name .. "/" .. id)
  make_room(self, key)
  store(self, key, value, NOTE_S)
end

--- Says how far a worker's watch of a directory has come.
function Board:saw(worker, pid, directory, seen)
  store(self, self:key("s", worker, directory.name), string.format("%d %d %.0f", pid, directory.epoch, seen))
end

--- What a worker is known to have of an object.
--- @return number, number, string seen, loaded and the reason of a refusal; `seen` alone where nothing is noted of the
--- object (-1: the worker does not watch the directory); nil where nothing is known
function Board:facts(worker, directory, id)
  local pid, epoch, seen = (self.dict:get(self:key("s", worker.id, directory)) or ""):match("^(%d+) (%d+) (%-?%d+)$")
  if tonumber(pid) ~= worker.pid then
    return nil
  end
  local note = self.dict:get(self:key("n", worker.id, directory .. "/" .. id)) or ""
  local of_pid, of_epoch, loaded, reason = note:match("^(%d+) (%d+) (%d+) (.*)$")
  if of_pid ~= pid or of_epoch ~= epoch then
    return tonumber(seen)
  end
  return tonumber(seen), tonumber(loaded), reason ~= "" and reason or nil
end

--- Asks every worker to note what it has of these objects; an empty list ends the asking.
--- @param list of {directory, id}
function Board:ask(list)
  local key = self:key("a", "")
  if #list == 0 then
    self.dict:delete(key)
  else
    store(self, key, json.encode(list))
  end
end

--- @return string what is asked, to be told apart from what was asked before; nil when nothing is
function Board:asked()
  return self.dict:get(self:key("a", ""))
end

--- Remembers which store's history this generation has loaded: the first one a node has named.
--- @return boolean whether the one now named is that one
function Board:is_of(cluster_id)
  local key = self:key("c", "")
  self.dict:add(key, cluster_id)
  return self.dict:get(key) == cluster_id
end

--- A worker has seen etcd go back: nothing this generation has loaded proves anything any more.
function Board:regressed(worker)
  store(self, self:key("r", ""), worker)
end

function Board:has_regressed()
  return self.dict:get(self:key("r", "")) ~= nil
end

return Board
