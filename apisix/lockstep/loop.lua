--- Work that a process does for as long as it lives, in nginx's timers.
local core = require("apisix.core")

local _M = {}

-- A timer's memory is freed at its end only, so each lasts a while and starts its successor.
local LIFE_S = 60
local AFTER_FAILURE_S = 1
local SAID_AGAIN_S = 30

local said = {}

--- Logs, but the same thing at most every half minute.
--- @param topic what is to be told apart from what
function _M.say(level, topic, ...)
  local now = ngx.now()
  if not said[topic] or now - said[topic] >= SAID_AGAIN_S then
    said[topic] = now
    core.log[level]("lockstep: ", ...)
  end
end

--- Calls `turn` over and over until the process exits. A turn that throws is logged and followed by a pause.
--- @param turn does some work and waits for more
function _M.forever(name, turn)
  local function run(premature)
    local ends = ngx.now() + LIFE_S
    while not premature and not ngx.worker.exiting() and ngx.now() < ends do
      local ok, failure = pcall(turn)
      if not ok then
        _M.say("error", name, name, " failed: ", failure)
        ngx.sleep(AFTER_FAILURE_S)
      end
    end
    if not premature and not ngx.worker.exiting() then
      local ok, err = ngx.timer.at(0, run)
      if not ok then
        core.log.error("lockstep: ", name, " has ended: ", err)
      end
    end
  end
  local ok, err = ngx.timer.at(0, run)
  if not ok then
    core.log.error("lockstep: ", name, " cannot start: ", err)
  end
end

return _M
