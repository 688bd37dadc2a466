local crypto = require("resty.crypto")

local Hmac = { ALGOS = { SHA256 = "sha256" } }
Hmac.__index = Hmac

function Hmac:new(key)
  return setmetatable({ key = key, text = "" }, Hmac)
end

function Hmac:update(text)
  self.text = self.text .. text
end

function Hmac:final(_, hex)
  local digest = crypto.hmac(self.key, self.text)
  return hex and crypto.to_hex(digest) or digest
end

function Hmac:reset()
  self.text = ""
end

return Hmac
