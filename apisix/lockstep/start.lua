--- What each process of the gateway does for the receipts: workers say what they have loaded, one process tells Lockstep.
local Agent = require("apisix.lockstep.agent")
local Board = require("apisix.lockstep.board")
local Witness = require("apisix.lockstep.witness")
local process = require("ngx.process")

local _M = {}

--- @param settings as `settings.read` gives them
--- @param generation names this start or reload of the gateway
function _M.process(settings, generation)
  local kind = process.type()
  local board = Board.new(ngx.shared[settings.shared_dict], generation)
  if kind == "worker" or kind == "single" then
    Witness.new(board):start()
  end
  local worker_speaks = kind == "single" or (settings.agent == "worker" and ngx.worker.id() == 0)
  if worker_speaks or (settings.agent == "privileged" and kind == "privileged agent") then
    Agent.new(settings, board, generation):start()
  end
end

return _M
