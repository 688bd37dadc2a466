--- A harness, not APISIX: where third parties name the directories that are to be read at the start.
return { HTTP_ETCD_DIRECTORY = { ["/routes"] = true, ["/ssls"] = true } }
