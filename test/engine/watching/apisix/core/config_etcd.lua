--- A harness, not APISIX: directories kept equal to etcd, with the fields of APISIX 3.18's objects and its order of calls
-- (checker, `upgrade_version`, value, filter, `conf_version`). One watch a process over the whole prefix, as there.
-- Unlike there, nothing is read before the workers start: directories are empty for the first moments.
local etcd = require("apisix.core.etcd_json")
local schema = require("apisix.core.schema")
local semaphore = require("ngx.semaphore")
local local_conf = require("apisix.core.config_local")

local _M = { type = "etcd", local_conf = local_conf.local_conf }
local Object = { __index = _M }

local created = {}
local watching = false
local ENDPOINT_PAUSE_S = 0.1

local at = 1
local function endpoint()
  return local_conf.local_conf().etcd.host[at]
end

local function next_endpoint()
  at = at % #local_conf.local_conf().etcd.host + 1
  ngx.sleep(ENDPOINT_PAUSE_S)
end

function _M.upgrade_version(self, version)
  version = tonumber(version)
  if version and version > self.prev_index then
    self.prev_index = version
  end
end

function _M.get(self, id)
  local index = self.values_hash and self.values_hash[tostring(id)]
  return index and self.values[index]
end

function _M.fetch_created_obj(path)
  return created[path]
end

local function is_valid(self, item)
  local ok, err = true, nil
  if type(item.value) ~= "table" then
    ok, err = false, "it should be an object"
  end
  if ok and self.item_schema then
    ok, err = schema.check(self.item_schema, item.value)
  end
  if ok and self.checker then
    ok, err = self.checker(item.value, item.key)
  end
  if not ok then
    ngx.log(ngx.ERR, "failed to check item data of [", self.key, "] err:", err)
  end
  return ok
end

local function load(self)
  local kvs, revision = etcd.range(endpoint(), self.key .. "/")
  if not kvs then
    next_endpoint()
    return
  end
  local before, before_hash = self.values, self.values_hash or {}
  self.values, self.values_hash = {}, {}
  for _, item in ipairs(kvs) do
    local id = item.key:sub(#self.key + 2)
    local previous = before[before_hash[id]]
    local kept = previous
    if id ~= "" and not (previous and previous.modifiedIndex == item.modifiedIndex) and is_valid(self, item) then
      item.value.id = id
      kept = item
    end
    if id ~= "" and kept then
      self.values[#self.values + 1] = kept
      self.values_hash[id] = #self.values
      if kept == item and self.filter then
        self.filter(item)
      end
    end
    self:upgrade_version(item.modifiedIndex)
  end
  self.prev_index = revision
  self:upgrade_version(revision)
  self.conf_version = self.conf_version + 1
  self.need_reload = false
end

local function put_in(self, item)
  local id = item.key:sub(#self.key + 2)
  local index = self.values_hash[id]
  if item.value then
    item.value.id = id
    index = index or #self.values + 1
    self.values[index], self.values_hash[id] = item, index
  elseif index then
    self.values[index], self.values_hash[id] = false, nil
  end
end

local function apply(self, item)
  local ok = item.value == nil or is_valid(self, item)
  self:upgrade_version(item.modifiedIndex)
  if not ok then
    return
  end
  put_in(self, item)
  if self.filter then
    self.filter(item)
  end
  self.conf_version = self.conf_version + 1
end

local function follow(self)
  if self.need_reload then
    load(self)
    return
  end
  if not self.arrived:wait(60) then
    return
  end
  local responses = self.queue
  self.queue = {}
  for _, response in ipairs(responses) do
    if response.compacted then
      self.need_reload = true
    elseif response.revision > self.prev_index then
      for _, item in ipairs(response.events) do
        if item.key:sub(1, #self.key + 1) == self.key .. "/" then
          apply(self, item)
        end
      end
    end
  end
end

local function deliver(response)
  for _, object in pairs(created) do
    object.queue[#object.queue + 1] = response
    object.arrived:post()
  end
end

local function forever(turn)
  local function run(premature)
    local ends = ngx.now() + 60
    while not premature and not ngx.worker.exiting() and ngx.now() < ends do
      local ok, err = pcall(turn)
      if not ok then
        ngx.log(ngx.ERR, "failed to fetch data from etcd: ", err)
        ngx.sleep(0.5)
      end
    end
    if not premature and not ngx.worker.exiting() then
      assert(ngx.timer.at(0, run))
    end
  end
  assert(ngx.timer.at(0, run))
end

-- The watch starts before any directory is read, so that nothing falls in between.
local function watch()
  local next_revision
  local prefix = local_conf.local_conf().etcd.prefix .. "/"
  forever(function()
    if not next_revision then
      local _, revision = etcd.range(endpoint(), prefix)
      if not tonumber(revision) then
        next_endpoint()
        return
      end
      next_revision = revision + 1
      for _, object in pairs(created) do
        object.may_load:post()
      end
    end
    local ended = etcd.watch(endpoint(), prefix, next_revision, function(revision, events)
      if revision >= next_revision then
        next_revision = revision + 1
      end
      deliver({ revision = revision, events = events })
      return not ngx.worker.exiting()
    end)
    if ended == "compacted" then
      next_revision = nil
      deliver({ compacted = true })
    elseif ended ~= "timeout" then
      next_endpoint()
    end
  end)
end

function _M.new(path, options)
  local self = setmetatable({
    key = local_conf.local_conf().etcd.prefix .. path,
    item_schema = options.item_schema,
    checker = options.checker,
    filter = options.filter,
    conf_version = 0,
    values = {},
    need_reload = true,
    prev_index = 0,
    queue = {},
    arrived = semaphore.new(),
    may_load = semaphore.new(),
  }, Object)
  created[path] = self
  if not watching then
    watching = true
    watch()
  end
  local may = false
  forever(function()
    may = may or self.may_load:wait(1)
    if may then
      follow(self)
    end
  end)
  return self
end

return _M
