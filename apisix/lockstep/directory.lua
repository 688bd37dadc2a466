--- One watched directory in this process: which object is in force, how far the watch has come, why an object was refused.
-- APISIX runs an event's checker, then `upgrade_version`, then puts the value in, then the filter, then counts
-- `conf_version`, and does not yield in between. So whoever is woken by `upgrade_version` sees the whole step done.
local core = require("apisix.core")
local reasons = require("apisix.lockstep.reasons")

local Directory = {}
Directory.__index = Directory

-- More than a burst of events brings; beyond it, what is asked for is looked up.
local TOUCHED_MAX = 2048
local NOTED_MAX = 1024

local function nothing() end

--- @param name "routes", without a leading slash
function Directory.new(name)
  return setmetatable({
    name = name,
    path = "/" .. name,
    object = nil,
    wake = nothing,
    -- Notes of an earlier epoch are void: a reload drops objects without a word.
    epoch = 1,
    newest = 0,
    dirty = false,
    regressed = false,
    bypassed = false,
    touched = {},
    touched_count = 0,
    refused = {},
    refused_count = 0,
    failed = {},
  }, Directory)
end

function Directory:id_of(key)
  local prefix = core.config.local_conf().etcd.prefix
  return key and key:sub(#prefix + #self.path + 2)
end

function Directory:touch(id)
  self.dirty = true
  if self.touched_count >= TOUCHED_MAX then
    self:forget()
  elseif not self.touched[id] then
    self.touched[id] = true
    self.touched_count = self.touched_count + 1
  end
end

-- What was noted no longer counts.
function Directory:forget()
  self.epoch = self.epoch + 1
  self.touched, self.touched_count = {}, 0
  self.dirty = true
end

local function loading(self)
  return not self.object or self.object.need_reload
end

local function refuse(self, id, reason)
  if not self.refused[id] then
    if self.refused_count >= NOTED_MAX then
      self.refused, self.refused_count = {}, 0
    end
    self.refused_count = self.refused_count + 1
  end
  self.refused[id] = reasons.of(self.name, reason)
end

local function accept(self, id)
  if self.refused[id] then
    self.refused[id] = nil
    self.refused_count = self.refused_count - 1
  end
  self.failed[id] = nil
end

local function check(item_schema, checker, value, key)
  local ok, reason = true, nil
  if item_schema then
    ok, reason = core.schema.check(item_schema, value)
  end
  if ok and checker then
    ok, reason = checker(value, key)
  end
  return ok, reason
end

local function checker_of(self, item_schema, checker)
  return function(value, key)
    -- A checker that throws would stall its whole directory.
    local ran, ok, reason = pcall(check, item_schema, checker, value, key)
    if not ran then
      ok, reason = false, "its checker failed: " .. tostring(ok)
    end
    local id = self:id_of(key)
    if not ok and id then
      refuse(self, id, reason)
      if not loading(self) then
        self:touch(id)
      end
    end
    return ok, reason
  end
end

local function filter_of(self, filter)
  return function(item)
    local id = self:id_of(item.key)
    accept(self, id)
    if not loading(self) then
      self:touch(id)
    end
    if not filter then
      return
    end
    local ok, failure = pcall(filter, item)
    if not ok then
      -- `conf_version` is not counted then: what is built from the values goes on without this one.
      refuse(self, id, "it could not be prepared: " .. tostring(failure))
      self.failed[id] = self.object and self.object.conf_version or 0
      error(failure, 0)
    end
  end
end

local function look_into(self, target)
  target.checker = checker_of(self, target.item_schema, target.checker)
  target.item_schema = nil
  target.filter = filter_of(self, target.filter)
  return target
end

--- The options to open this directory with instead of the given ones, so that its first load is seen too.
function Directory:observed(options)
  self.object = nil
  self.looking = true
  local copy = {}
  for name, value in pairs(options or {}) do
    copy[name] = value
  end
  return look_into(self, copy)
end

local function upgraded(self, object)
  if object.prev_index < self.newest then
    -- etcd has gone back in time: what is loaded may be of a history that is no more.
    self.regressed = true
  end
  self.newest = object.prev_index
  if object.need_reload then
    self:forget()
  end
  self.dirty = true
  self.wake()
end

--- Has this process woken by every event of the directory, whether its object was accepted or not.
function Directory:attach(object)
  if not self.looking then
    look_into(self, object)
  end
  self.looking = false
  self.object = object
  self.newest = object.prev_index
  local upgrade_version = object.upgrade_version
  object.upgrade_version = function(each, version)
    upgrade_version(each, version)
    upgraded(self, object)
  end
  self:forget()
end

--- Finds the object if it was opened unseen, and sees to it that no event passes unseen.
function Directory:verify()
  local object = core.config.fetch_created_obj(self.path)
  if object and object ~= self.object then
    self.looking = false
    self:attach(object)
  end
  if self.object and self.object.prev_index ~= self.newest then
    if not self.bypassed then
      core.log.warn("lockstep: this APISIX does not call upgrade_version of ", self.path, ", which is polled instead")
    end
    self.bypassed = true
    self.newest = self.object.prev_index
    self:forget()
  end
end

--- @return number the newest revision this process has processed here; nil while it loads; -1 where nothing watches
function Directory:seen()
  if not self.object then
    return -1
  end
  if self.object.need_reload or not self.object.values_hash then
    return nil
  end
  return self.object.prev_index
end

--- @return number, string the `modifiedIndex` of the object in force, 0 for none, and why a newer one was refused
function Directory:loaded(id)
  local object = self.object
  local item = object and object:get(id)
  local loaded = item and tonumber(item.modifiedIndex) or 0
  local failed = self.failed[id]
  if failed then
    if failed == object.conf_version then
      loaded = 0
    else
      self.failed[id] = nil
    end
  end
  return loaded, self.refused[id]
end

return Directory
