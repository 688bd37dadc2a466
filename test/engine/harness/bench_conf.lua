--- One configuration, the same table for every request, as APISIX keeps it.
return { tenant = "t1", route = "r1" }
