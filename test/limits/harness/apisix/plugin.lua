--- A harness, not APISIX: the plugin's attributes of `config.yaml`, from where the test puts them.
local cjson = require("cjson.safe")

return {
  plugin_attr = function()
    local file = assert(io.open(ngx.config.prefix() .. "attr.json"))
    local attr = assert(cjson.decode(file:read("*a")))
    file:close()
    return attr
  end,
}
