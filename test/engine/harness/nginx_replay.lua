--- The replay inside nginx: its matcher through the plugin's own host, a clock that the vectors move.
local hosts = require("apisix.plugins.cdn_defense.host")
local judge = require("judge")

local _M = {}

function _M.run(policies, vectors)
  local clock = { now = 0 }
  local counts = {}
  -- Counters that do not expire: the vectors' time is not nginx's.
  local dict = {
    get = function(_, key)
      return counts[key]
    end,
    incr = function(_, key, delta)
      counts[key] = (counts[key] or 0) + delta
      return counts[key]
    end,
  }
  local host = hosts.new(dict)
  host.now = function()
    return clock.now
  end
  local lines = {}
  judge.run(host, clock, dofile(policies), vectors, function(line)
    lines[#lines + 1] = line
  end)
  return table.concat(lines, "\n") .. "\n"
end

return _M
