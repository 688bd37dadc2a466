--- What lua-resty-string and lua-resty-hmac offer in APISIX's OpenResty, over libcrypto: Debian's nginx has neither.
local ffi = require("ffi")

ffi.cdef([[
unsigned char *SHA256(const char *d, size_t n, unsigned char *md);
unsigned char *HMAC(const void *evp_md, const void *key, int key_len, const char *d, size_t n, unsigned char *md, unsigned int *md_len);
const void *EVP_sha256(void);
]])
local crypto = ffi.load("crypto.so.3")
local digest = ffi.new("unsigned char[32]")

local hex = {}
for byte = 0, 255 do
  hex[string.char(byte)] = string.format("%02x", byte)
end

local function to_hex(bytes)
  return (bytes:gsub(".", hex))
end

return {
  to_hex = to_hex,
  sha256 = function(text)
    crypto.SHA256(text, #text, digest)
    return ffi.string(digest, 32)
  end,
  hmac = function(key, text)
    crypto.HMAC(crypto.EVP_sha256(), key, #key, text, #text, digest, nil)
    return ffi.string(digest, 32)
  end,
}
