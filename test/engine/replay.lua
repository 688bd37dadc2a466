--- luajit replay.lua <directory of engine.lua> <directory of this file> <policies.lua> <vectors>
package.path = arg[1] .. "/?.lua;" .. arg[2] .. "/?.lua;" .. package.path
local world = require("ffi_host")
require("judge").run(world.host, world.clock, dofile(arg[3]), arg[4], print)
