local crypto = require("resty.crypto")

local Sha256 = {}
Sha256.__index = Sha256

function Sha256:new()
  return setmetatable({ text = "" }, Sha256)
end

function Sha256:update(text)
  self.text = self.text .. text
end

function Sha256:final()
  return crypto.sha256(self.text)
end

return Sha256
