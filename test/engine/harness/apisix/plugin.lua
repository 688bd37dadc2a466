--- A harness, not APISIX: the plugin's attributes of `config.yaml`.
return {
  plugin_attr = function()
    return { shared_dict = "cdn_defense", trusted_proxies = { "127.0.0.0/8" } }
  end,
}
