--- Why an object was refused, in words that may leave this machine: short, printable, never key material.
local _M = {}

-- The node takes 500 characters.
local LENGTH_MAX = 300
local SECRET = { ["ssls"] = true, ["cdn_defense/keyring"] = true }

--- @param directory the object's, as Lockstep names it
--- @param reason whatever the checker has said
function _M.of(directory, reason)
  local text = tostring(reason)
  if SECRET[directory] then
    -- A validator may quote what it refuses. Only the name of a field is safe to pass on.
    local field = text:match('property "([%w_]+)"')
    return (field and 'property "' .. field .. '" is not valid' or "not valid") .. "; see the gateway's error log"
  end
  text = text:gsub("[^\32-\126]", "?")
  return #text > LENGTH_MAX and text:sub(1, LENGTH_MAX) .. "..." or text
end

return _M
