--- Counts of verdicts: in this worker for the control API, and through APISIX's Prometheus exporter where it runs.
local core = require("apisix.core")

local _M = {}

local counts = {}
local counter, exchanges

local function made(prometheus, name, help, labels)
  local ok, result = pcall(prometheus.counter, prometheus, name, help, labels)
  if ok then
    return result
  end
  core.log.error("cdn_defense: no Prometheus counter: ", result)
end

local function make()
  local ok, exporter = pcall(require, "apisix.plugins.prometheus.exporter")
  if not ok or type(exporter.get_prometheus) ~= "function" then
    return
  end
  local prometheus = exporter.get_prometheus()
  if prometheus and not counter then
    counter = made(prometheus, "cdn_defense_requests", "Requests by what was decided", { "tenant", "decided" })
    exchanges = made(
      prometheus,
      "cdn_defense_limits_exchanges",
      "Exchanges of counts by how they ended; lost: what was told before was no longer there",
      { "outcome" }
    )
  end
end

--- APISIX starts plugins in no certain order, so its exporter may start after this; both have once the worker runs.
function _M.init()
  make()
  if not counter then
    local ok, err = ngx.timer.at(0, make)
    if not ok then
      core.log.error("cdn_defense: no Prometheus counters: ", err)
    end
  end
end

function _M.count(tenant, decided)
  counts[decided] = (counts[decided] or 0) + 1
  if counter then
    counter:inc(1, { tenant, decided })
  end
end

--- @param outcome of an exchange of counts between gateways: done, failed or lost
function _M.exchange(outcome)
  if exchanges then
    exchanges:inc(1, { outcome })
  end
end

function _M.counts()
  return counts
end

return _M
