return { to_hex = require("resty.crypto").to_hex }
