--- A host for the engine in plain LuaJIT: PCRE2 and libcrypto through FFI, counters in a table.
-- Stands in for nginx where only the engine is measured or compared. Patterns are compiled
-- once, with JIT, and "$" is the very end only.
local ffi = require("ffi")

ffi.cdef([[
typedef struct pcre2_real_code_8 pcre2_code_8;
typedef struct pcre2_real_match_data_8 pcre2_match_data_8;
pcre2_code_8 *pcre2_compile_8(const char *, size_t, uint32_t, int *, size_t *, void *);
int pcre2_jit_compile_8(pcre2_code_8 *, uint32_t);
pcre2_match_data_8 *pcre2_match_data_create_8(uint32_t, void *);
int pcre2_match_8(const pcre2_code_8 *, const char *, size_t, size_t, uint32_t, pcre2_match_data_8 *, void *);
unsigned char *SHA256(const char *d, size_t n, unsigned char *md);
unsigned char *HMAC(const void *evp_md, const void *key, int key_len, const char *d, size_t n, unsigned char *md, unsigned int *md_len);
const void *EVP_sha256(void);
]])

local pcre = ffi.load("pcre2-8.so.0")
local crypto = ffi.load("crypto.so.3")
local DOLLAR_ENDONLY = 0x10
local NO_MATCH = -1

local compiled = {}
local match_data = pcre.pcre2_match_data_create_8(1, nil)

local function compile(pattern)
  local err, at = ffi.new("int[1]"), ffi.new("size_t[1]")
  local code = pcre.pcre2_compile_8(pattern, #pattern, DOLLAR_ENDONLY, err, at, nil)
  if code == nil then
    error("PCRE refuses at " .. tonumber(at[0]) .. ": " .. pattern)
  end
  pcre.pcre2_jit_compile_8(code, 1)
  compiled[pattern] = code
  return code
end

local function match(pattern, subject)
  local code = compiled[pattern] or compile(pattern)
  return pcre.pcre2_match_8(code, subject, #subject, 0, 0, match_data, nil) ~= NO_MATCH
end

local digest = ffi.new("unsigned char[32]")
local HEX = {}
for byte = 0, 255 do
  HEX[byte] = string.format("%02x", byte)
end

local function hex()
  local out = {}
  for i = 0, 31 do
    out[i + 1] = HEX[digest[i]]
  end
  return table.concat(out)
end

local counts = {}
local clock = { now = 0 }

local host = {
  now = function()
    return clock.now
  end,
  hmac_sha256 = function(key, message)
    crypto.HMAC(crypto.EVP_sha256(), key, #key, message, #message, digest, nil)
    return hex()
  end,
  sha256 = function(message)
    crypto.SHA256(message, #message, digest)
    return hex()
  end,
  match = match,
  lower = string.lower,
  counter_get = function(scope, key)
    return counts[scope .. " " .. key] or 0
  end,
  counter_incr = function(scope, key, delta)
    local count = (counts[scope .. " " .. key] or 0) + delta
    counts[scope .. " " .. key] = count
    return count
  end,
}

return { host = host, clock = clock }
