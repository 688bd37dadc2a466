--- Counts of verdicts: in this worker for the control API, and through APISIX's Prometheus exporter where it runs.
local core = require("apisix.core")

local _M = {}

local counts = {}
local counter

function _M.init()
  local ok, exporter = pcall(require, "apisix.plugins.prometheus.exporter")
  if not ok or type(exporter.get_prometheus) ~= "function" then
    return
  end
  local prometheus = exporter.get_prometheus()
  if prometheus and not counter then
    local made, result =
      pcall(prometheus.counter, prometheus, "cdn_defense_requests", "Requests by what was decided", { "tenant", "decided" })
    if made then
      counter = result
    else
      core.log.error("cdn_defense: no Prometheus counter: ", result)
    end
  end
end

function _M.count(tenant, decided)
  counts[decided] = (counts[decided] or 0) + 1
  if counter then
    counter:inc(1, { tenant, decided })
  end
end

function _M.counts()
  return counts
end

return _M
