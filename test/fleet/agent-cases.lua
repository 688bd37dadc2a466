--- The agent's parts by themselves, against an APISIX that misbehaves in ways that a real one rarely does. Runs the case named
--- by its argument, in luajit; fails with a trace.
local root, name = arg[1], arg[2]
package.path = root .. "/?.lua;" .. package.path

local opened = {}
local warnings = {}

package.loaded["apisix.core"] = {
  config = {
    local_conf = function()
      return { etcd = { prefix = "/apisix" } }
    end,
    fetch_created_obj = function(path)
      return opened[path]
    end,
  },
  schema = {
    check = function(schema, value)
      return schema(value)
    end,
  },
  log = {
    warn = function(...)
      warnings[#warnings + 1] = table.concat({ ... })
    end,
  },
}

local Directory = require("apisix.lockstep.directory")
local Outstanding = require("apisix.lockstep.outstanding")
local reasons = require("apisix.lockstep.reasons")

local function equal(found, expected, what)
  if found ~= expected then
    error((what or "value") .. ": expected " .. tostring(expected) .. ", found " .. tostring(found), 2)
  end
end

-- An object as APISIX's config module makes one, and its ways of changing it.
local Object = {}
Object.__index = Object

function Object.upgrade_version(self, version)
  if version > self.prev_index then
    self.prev_index = version
  end
end

function Object.get(self, id)
  local at = self.values_hash and self.values_hash[id]
  return at and self.values[at]
end

local function open(options)
  local object = setmetatable({
    key = "/apisix/routes",
    item_schema = options.item_schema,
    checker = options.checker,
    filter = options.filter,
    values = {},
    conf_version = 0,
    prev_index = 0,
    need_reload = true,
  }, Object)
  opened["/routes"] = object
  return object
end

local function load(object, revision, items)
  object.values, object.values_hash = {}, {}
  for id, modified in pairs(items) do
    object.values[#object.values + 1] = { key = object.key .. "/" .. id, value = {}, modifiedIndex = modified }
    object.values_hash[id] = #object.values
  end
  object.prev_index = revision
  object:upgrade_version(revision)
  object.conf_version = object.conf_version + 1
  object.need_reload = false
end

local function event(object, id, revision, value)
  local item = { key = object.key .. "/" .. id, value = value, modifiedIndex = revision }
  local ok = value == nil or object.checker(value, item.key)
  object:upgrade_version(revision)
  if not ok then
    return
  end
  local at = object.values_hash[id] or #object.values + 1
  object.values[at] = value and item or false
  object.values_hash[id] = value and at or nil
  object.filter(item)
  object.conf_version = object.conf_version + 1
end

local function watched(options)
  local directory = Directory.new("routes")
  local object = open(directory:observed(options or {}))
  directory:attach(object)
  return directory, object
end

local function facts(directory, id)
  local loaded, reason = directory:loaded(id)
  return directory:seen(), loaded, reason
end

local cases = {}

function cases.throwing_checker()
  local directory, object = watched({
    checker = function(value)
      if value.bad then
        error("boom")
      end
      return true
    end,
  })
  load(object, 10, { a = 4 })
  event(object, "a", 11, { bad = true })
  local seen, loaded, reason = facts(directory, "a")
  equal(seen, 11)
  equal(loaded, 4)
  equal(reason:match("its checker failed"), "its checker failed")
  event(object, "a", 12, {})
  seen, loaded, reason = facts(directory, "a")
  equal(seen, 12)
  equal(loaded, 12)
  equal(reason, nil)
end

function cases.schema_then_checker()
  local asked = 0
  local directory, object = watched({
    item_schema = function(value)
      return not value.wrong, "wrong is wrong"
    end,
    checker = function()
      asked = asked + 1
      return nil, "never"
    end,
  })
  load(object, 1, {})
  event(object, "a", 2, { wrong = true })
  equal(asked, 0, "checker behind a failed schema")
  equal(select(2, directory:loaded("a")), "wrong is wrong")
  event(object, "a", 3, {})
  equal(select(2, directory:loaded("a")), "never")
end

function cases.failing_filter()
  local directory, object = watched({
    filter = function(item)
      if item.value.bad then
        error("cannot prepare")
      end
    end,
  })
  load(object, 5, { a = 5 })
  equal(pcall(event, object, "a", 6, { bad = true }), false, "APISIX hears of the failure")
  -- The value is in, but what was built from the values does not know it.
  equal(object:get("a").modifiedIndex, 6)
  local _, loaded, reason = facts(directory, "a")
  equal(loaded, 0)
  equal(reason:match("cannot prepare"), "cannot prepare")
  event(object, "b", 7, {})
  equal((directory:loaded("a")), 6, "in force once everything is built anew")
end

function cases.reload()
  local woken = 0
  local directory, object = watched()
  directory.wake = function()
    woken = woken + 1
  end
  load(object, 10, { a = 4, b = 5 })
  event(object, "a", 11, {})
  local epoch = directory.epoch
  object.need_reload = true
  equal(directory:seen(), nil, "while it loads")
  load(object, 20, { b = 5 })
  equal(directory.epoch > epoch, true, "earlier notes are void")
  equal(directory:seen(), 20)
  equal((directory:loaded("a")), 0)
  equal((directory:loaded("b")), 5)
  equal(woken, 3)
end

function cases.back_in_time()
  local directory, object = watched()
  load(object, 10, { a = 4 })
  equal(directory.regressed, false)
  object.need_reload = true
  load(object, 7, { a = 4 })
  equal(directory.regressed, true)
end

function cases.bypassed()
  local directory, object = watched()
  load(object, 10, { a = 4 })
  directory:verify()
  equal(directory.bypassed, false)
  directory.dirty = false
  rawset(object, "prev_index", 12)
  local epoch = directory.epoch
  directory:verify()
  equal(directory.bypassed, true)
  equal(directory.dirty, true)
  equal(directory.epoch > epoch, true, "notes are not kept up")
  equal(#warnings, 1)
end

function cases.opened_unseen()
  local directory = Directory.new("routes")
  equal(directory:seen(), -1)
  local object = open({
    checker = function(value)
      return not value.bad, "is bad"
    end,
  })
  load(object, 10, { a = 4 })
  directory:verify()
  equal(directory:seen(), 10)
  event(object, "a", 11, { bad = true })
  equal(select(2, directory:loaded("a")), "is bad")
  event(object, "a", 12, {})
  equal((directory:loaded("a")), 12)
  directory:verify()
  equal(directory.bypassed, false)
end

function cases.bounds()
  local directory, object = watched({
    checker = function()
      return false, "no"
    end,
  })
  load(object, 1, {})
  local epoch = directory.epoch
  for n = 1, 5000 do
    event(object, "id-" .. n, n + 1, {})
  end
  local refused = 0
  for _ in pairs(directory.refused) do
    refused = refused + 1
  end
  equal(refused <= 1024, true, "reasons kept")
  equal(directory.touched_count <= 2048, true, "ids noted")
  equal(directory.epoch > epoch, true, "what was not noted is asked for")
  equal(directory:seen(), 5001)
end

function cases.reasons()
  equal(reasons.of("routes", "a\nb\r\0c\200"), "a?b??c?")
  equal(#reasons.of("routes", ("x"):rep(9000)) <= 500, true)
  local quoted = 'property "key" validation failed: failed to match pattern with "-----BEGIN PRIVATE KEY-----MII"'
  equal(reasons.of("ssls", quoted), 'property "key" is not valid; see the gateway\'s error log')
  equal(reasons.of("cdn_defense/keyring", "MII"), "not valid; see the gateway's error log")
  equal(reasons.of("routes", nil), "nil")
end

-- Workers whose facts the case sets.
local function board_of(known)
  return {
    notes_max = 64,
    facts = function(_, worker, _, id)
      local said = known[worker.pid] and known[worker.pid][id]
      if said then
        return said.seen, said.loaded, said.reason
      end
    end,
  }
end

local WORKERS = { { id = 0, pid = 100 }, { id = 1, pid = 101 } }

local function tenant(id, revision, op)
  return { directory = "cdn_defense/tenants", id = id, revision = revision, op = op or "put" }
end

function cases.waits_for_all()
  local known = { [100] = { a = { seen = 5, loaded = 5 } }, [101] = { a = { seen = 4, loaded = 3 } } }
  local outstanding = Outstanding.new(board_of(known))
  outstanding:add({ tenant("a", 5) }, 0)
  equal(#outstanding:gather(WORKERS, 0), 0, "one worker is behind")
  known[101].a = { seen = 5, loaded = 5 }
  local receipts = outstanding:gather(WORKERS, 0.002)
  equal(#receipts, 1)
  equal(#receipts[1].workers, 2)
  equal(#outstanding:gather(WORKERS, 0.004), 0, "said once")
  outstanding:add({ tenant("a", 5) }, 0.006)
  equal(#outstanding:gather(WORKERS, 0.006), 1, "asked again, said again")
  outstanding:judged(receipts, { "applied" })
  equal(outstanding.count, 0)
end

function cases.says_again_what_did_not_arrive()
  local known = { [100] = { a = { seen = 5, loaded = 5 } }, [101] = { a = { seen = 5, loaded = 5 } } }
  local outstanding = Outstanding.new(board_of(known))
  outstanding:add({ tenant("a", 5) }, 0)
  local receipts = outstanding:gather(WORKERS, 0)
  outstanding:judged(receipts)
  equal(#outstanding:gather(WORKERS, 0.01), 1)
  outstanding:judged(receipts, { "pending" })
  equal(outstanding.count, 1)
  equal(#outstanding:gather(WORKERS, 0.02), 0)
end

function cases.names_who_is_missing()
  local known = { [100] = { a = { seen = 5, loaded = 5 } } }
  local outstanding = Outstanding.new(board_of(known))
  outstanding:add({ tenant("a", 5) }, 0)
  local receipts, asks = outstanding:gather(WORKERS, 0)
  equal(#receipts, 0)
  equal(#asks, 1)
  receipts = outstanding:gather(WORKERS, 1.1)
  equal(#receipts, 1)
  equal(receipts[1].workers[1].pid, 100)
  equal(#receipts[1].workers, 1)
  outstanding:gather(WORKERS, 40)
  equal(outstanding.count, 0, "given up, the node asks again")
end

function cases.newest_of_each()
  local known = { [100] = {}, [101] = {} }
  local outstanding = Outstanding.new(board_of(known))
  outstanding:add({ tenant("a", 5), tenant("a", 9, "delete"), tenant("a", 7) }, 0)
  equal(outstanding.count, 1)
  equal(outstanding.objects["cdn_defense/tenants/a"].revision, 9)
  known[100].a, known[101].a = { seen = 9, loaded = 0 }, { seen = 9, loaded = 0 }
  equal(outstanding:gather(WORKERS, 0)[1].op, "delete")
end

function cases.improper_items()
  local outstanding = Outstanding.new(board_of({}))
  outstanding:add({
    "text",
    { directory = "services", id = "a", revision = 1, op = "put" },
    { directory = "routes", id = 7, revision = 1, op = "put" },
    { directory = "routes", id = "a", revision = "1", op = "put" },
    { directory = "routes", id = "a", revision = 1, op = "burn" },
  }, 0)
  equal(outstanding.count, 0)
  for n = 1, 5000 do
    outstanding:add({ tenant("t" .. n, n) }, 0)
  end
  equal(outstanding.count, 2000, "bounded")
end

assert(cases[name], "no case " .. tostring(name))()
