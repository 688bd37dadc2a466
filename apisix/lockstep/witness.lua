--- A worker's testimony: what it has loaded of the watched directories, noted whenever that changes and when asked.
local directories = require("apisix.lockstep.directories")
local loop = require("apisix.lockstep.loop")
local json = require("cjson.safe")
local plugin = require("apisix.plugin")
local semaphore = require("ngx.semaphore")

local Witness = {}
Witness.__index = Witness

-- Events wake at once; only what is asked for out of the blue is found by looking.
local IDLE_S = 0.5
local ASKED_S = 0.005
local POLLED_S = 0.005
-- A long checklist is asked for in parts; after this long without another part, looking is left to chance again.
local ASKED_AGAIN_S = 1
local ANSWER_S = 5

function Witness.new(board)
  return setmetatable({
    board = board,
    id = ngx.worker.id(),
    pid = ngx.worker.pid(),
    wake = semaphore.new(),
    asked_at = -ASKED_AGAIN_S,
    answered_at = -ANSWER_S,
    answered_in = {},
  }, Witness)
end

-- Only a plugin that also watches its directories protects anything.
local function plugin_version()
  local loaded = plugin.plugins_hash and plugin.plugins_hash.cdn_defense
  for _, name in ipairs(directories.OWN) do
    if directories.named(name):seen() == -1 then
      return nil
    end
  end
  return loaded and tostring(loaded.version)
end

function Witness:register()
  local version = plugin_version()
  if not self.registered or version ~= self.version then
    self.board:register(self.id, self.pid, version)
    self.registered, self.version = true, version
  end
end

function Witness:note(directory, id)
  local loaded, reason = directory:loaded(id)
  self.board:note(self.id, self.pid, directory, id, loaded, reason)
end

local function publish(self, directory)
  directory.dirty = false
  local touched = directory.touched
  directory.touched, directory.touched_count = {}, 0
  for id in pairs(touched) do
    self:note(directory, id)
  end
  self.board:saw(self.id, self.pid, directory, directory:seen() or 0)
  if directory.regressed then
    self.board:regressed(self.id)
  end
end

-- Answers are void after a reload, and notes do not last.
local function is_answered(self, asked)
  if asked ~= self.answered or ngx.now() - self.answered_at > ANSWER_S then
    return false
  end
  for _, directory in ipairs(directories.all()) do
    if directory.epoch ~= self.answered_in[directory.name] then
      return false
    end
  end
  return true
end

local function answer(self)
  local asked = self.board:asked()
  if not asked then
    return
  end
  if is_answered(self, asked) then
    return
  end
  if asked ~= self.answered then
    self.asked_at = ngx.now()
  end
  for _, each in ipairs(json.decode(asked) or {}) do
    local directory = directories.named(each.directory)
    -- What is still being read is answered once it is there.
    if directory and directory:seen() then
      self:note(directory, each.id)
    end
  end
  for _, directory in ipairs(directories.all()) do
    publish(self, directory)
    self.answered_in[directory.name] = directory:seen() and directory.epoch
  end
  self.answered, self.answered_at = asked, ngx.now()
end

local function patience_of(self)
  for _, directory in ipairs(directories.all()) do
    if directory.bypassed then
      return POLLED_S
    end
  end
  return ngx.now() - self.asked_at < ASKED_AGAIN_S and ASKED_S or IDLE_S
end

local function turn(self)
  for _, directory in ipairs(directories.all()) do
    directory:verify()
    if directory.dirty then
      publish(self, directory)
    end
  end
  answer(self)
  self:register()
  self.wake:wait(patience_of(self))
end

--- Registers before this worker takes its first request, and goes on for as long as it lives.
function Witness:start()
  local function wake()
    if self.wake:count() < 1 then
      self.wake:post()
    end
  end
  for _, directory in ipairs(directories.all()) do
    directory.wake = wake
  end
  self:register()
  loop.forever("the witness", function()
    turn(self)
  end)
end

return Witness
