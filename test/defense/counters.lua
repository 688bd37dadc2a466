-- The plugin's counters by themselves, in luajit: against an exporter that starts before the plugin, after it, or never. Prints
-- what was counted.
local root, starts = arg[1], arg[2]
package.path = root .. "/?.lua;" .. package.path

local exporter = { running = starts == "before" }
local counted, timers = {}, {}

local registry = {}
function registry.counter(_, name)
  assert(counted[name] == nil, "registered twice: " .. name)
  counted[name] = 0
  return {
    inc = function(_, by)
      counted[name] = counted[name] + by
    end,
  }
end

package.loaded["apisix.core"] = { log = { error = error } }
package.loaded["apisix.plugins.prometheus.exporter"] = {
  get_prometheus = function()
    return exporter.running and registry or nil
  end,
}
_G.ngx = {
  timer = {
    at = function(_, run)
      timers[#timers + 1] = run
      return true
    end,
  },
}

local metrics = require("apisix.plugins.cdn_defense.metrics")
metrics.init()
metrics.count("acme", "pass")
exporter.running = starts ~= "never"
for _, run in ipairs(timers) do
  run(false)
end
metrics.count("acme", "block")
-- As on a reload of the plugins.
metrics.init()
metrics.count("acme", "block")
metrics.exchange("done")
io.write(counted.cdn_defense_requests or 0, " ", counted.cdn_defense_limits_exchanges or 0, " ", metrics.counts().pass)
