-- The decision core of cdn_defense, compiled from src/engine/ by scripts/engine-lua.js. Do not edit.
-- luacheck: ignore

local ____modules = {}
local ____moduleCache = {}
local ____originalRequire = require
local function require(file, ...)
    if ____moduleCache[file] then
        return ____moduleCache[file].value
    end
    if ____modules[file] then
        local module = ____modules[file]
        local value = nil
        if (select("#", ...) > 0) then value = module(...) else value = module(file) end
        ____moduleCache[file] = { value = value }
        return value
    else
        if ____originalRequire then
            return ____originalRequire(file)
        else
            error("module '" .. file .. "' not found")
        end
    end
end
____modules = {
["lualib_bundle"] = function(...)
local function __TS__StringCharCodeAt(self, index)
    if index ~= index then
        index = 0
    end
    if index < 0 then
        return 0 / 0
    end
    return string.byte(self, index + 1) or 0 / 0
end

local function __TS__StringSlice(self, start, ____end)
    if start == nil or start ~= start then
        start = 0
    end
    if ____end ~= ____end then
        ____end = 0
    end
    if start >= 0 then
        start = start + 1
    end
    if ____end ~= nil and ____end < 0 then
        ____end = ____end - 1
    end
    return string.sub(self, start, ____end)
end

return {
  __TS__StringCharCodeAt = __TS__StringCharCodeAt,
  __TS__StringSlice = __TS__StringSlice
}
 end,
["text.text"] = function(...)
local ____lualib = require("lualib_bundle")
local __TS__StringCharCodeAt = ____lualib.__TS__StringCharCodeAt
local __TS__StringSlice = ____lualib.__TS__StringSlice
local ____exports = {}
local isSpace
function isSpace(code)
    return code == 32 or code == 9
end
--- Small reading of byte strings. Offsets are never negative.
local BYTE_ORDER_MARK = (string.char(239) .. string.char(187)) .. string.char(191)
local DIGIT_0 = 48
local DIGIT_9 = 57
--- The whole number that the text spells in 1–14 digits, or -1: no sign, no space, nothing else.
function ____exports.parseDecimal(text)
    local length = #text
    if length == 0 or length > 14 then
        return -1
    end
    local value = 0
    do
        local i = 0
        while i < length do
            local code = __TS__StringCharCodeAt(text, i)
            if code < DIGIT_0 or code > DIGIT_9 then
                return -1
            end
            value = value * 10 + (code - DIGIT_0)
            i = i + 1
        end
    end
    return value
end
--- 0–15, or -1.
function ____exports.hexDigit(code)
    if code >= 48 and code <= 57 then
        return code - 48
    end
    if code >= 97 and code <= 102 then
        return code - 87
    end
    if code >= 65 and code <= 70 then
        return code - 55
    end
    return -1
end
function ____exports.startsWith(text, prefix)
    return __TS__StringSlice(text, 0, #prefix) == prefix
end
function ____exports.contains(text, part)
    return (string.find(text, part, nil, true) or 0) - 1 >= 0
end
--- Without spaces and tabs at either end.
function ____exports.trim(text)
    local from = 0
    local to = #text
    while from < to and isSpace(__TS__StringCharCodeAt(text, from)) do
        from = from + 1
    end
    while to > from and isSpace(__TS__StringCharCodeAt(text, to - 1)) do
        to = to - 1
    end
    return from == 0 and to == #text and text or __TS__StringSlice(text, from, to)
end
--- A space, a tab, a line break.
function ____exports.isBlank(code)
    return code == 32 or code >= 9 and code <= 13
end
--- Without blanks and line breaks at either end, and without a mark of bytes' order before them.
function ____exports.withoutMargin(text)
    local from = ____exports.startsWith(text, BYTE_ORDER_MARK) and 3 or 0
    local to = #text
    while from < to and ____exports.isBlank(__TS__StringCharCodeAt(text, from)) do
        from = from + 1
    end
    while to > from and ____exports.isBlank(__TS__StringCharCodeAt(text, to - 1)) do
        to = to - 1
    end
    return from == 0 and to == #text and text or __TS__StringSlice(text, from, to)
end
--- Parts between separators, at most `max`: the rest stays in the last one. An empty text has one empty part.
function ____exports.split(text, separator, max)
    local parts = {}
    local from = 0
    while #parts < max - 1 do
        local at = (string.find(
            text,
            separator,
            math.max(from + 1, 1),
            true
        ) or 0) - 1
        if at < 0 then
            break
        end
        parts[#parts + 1] = __TS__StringSlice(text, from, at)
        from = at + #separator
    end
    parts[#parts + 1] = __TS__StringSlice(text, from)
    return parts
end
--- Whether two texts of secrets are equal, in a time that depends on their lengths only.
function ____exports.sameSecret(a, b)
    if #a ~= #b then
        return false
    end
    local differences = 0
    do
        local i = 0
        while i < #a do
            if __TS__StringCharCodeAt(a, i) ~= __TS__StringCharCodeAt(b, i) then
                differences = differences + 1
            end
            i = i + 1
        end
    end
    return differences == 0
end
return ____exports
 end,
["address"] = function(...)
local ____lualib = require("lualib_bundle")
local __TS__StringCharCodeAt = ____lualib.__TS__StringCharCodeAt
local __TS__StringSlice = ____lualib.__TS__StringSlice
local ____exports = {}
local ____text_2Ets = require("text.text")
local hexDigit = ____text_2Ets.hexDigit
local parseDecimal = ____text_2Ets.parseDecimal
local DOT = 46
local HEX = "0123456789abcdef"
local function parseV4(text)
    local bytes = {}
    local value = -1
    local first = 0
    do
        local i = 0
        while i <= #text do
            local code = i < #text and __TS__StringCharCodeAt(text, i) or DOT
            if code == DOT then
                if value < 0 or #bytes == 4 then
                    return nil
                end
                bytes[#bytes + 1] = value
                value = -1
            elseif code >= 48 and code <= 57 then
                if value < 0 then
                    value = code - 48
                    first = code
                else
                    if first == 48 then
                        return nil
                    end
                    value = value * 10 + (code - 48)
                    if value > 255 then
                        return nil
                    end
                end
            else
                return nil
            end
            i = i + 1
        end
    end
    return #bytes == 4 and bytes or nil
end
--- The bytes of colon-separated groups (the last may be dotted IPv4), or nothing. An empty text has none.
local function parseGroups(text)
    local bytes = {}
    if text == "" then
        return bytes
    end
    local from = 0
    while from <= #text do
        local colon = (string.find(
            text,
            ":",
            math.max(from + 1, 1),
            true
        ) or 0) - 1
        local to = colon < 0 and #text or colon
        local group = __TS__StringSlice(text, from, to)
        if colon < 0 and (string.find(group, ".", nil, true) or 0) - 1 >= 0 then
            local v4 = parseV4(group)
            if v4 == nil then
                return nil
            end
            for ____, byte in ipairs(v4) do
                bytes[#bytes + 1] = byte
            end
            return bytes
        end
        if #group == 0 or #group > 4 then
            return nil
        end
        local value = 0
        do
            local i = 0
            while i < #group do
                local digit = hexDigit(__TS__StringCharCodeAt(group, i))
                if digit < 0 then
                    return nil
                end
                value = value * 16 + digit
                i = i + 1
            end
        end
        local high = math.floor(value / 256)
        bytes[#bytes + 1] = high
        bytes[#bytes + 1] = value - high * 256
        if colon < 0 then
            return bytes
        end
        from = colon + 1
    end
    return nil
end
local function parseV6(text)
    local gap = (string.find(text, "::", nil, true) or 0) - 1
    if gap < 0 then
        local bytes = parseGroups(text)
        return bytes ~= nil and #bytes == 16 and bytes or nil
    end
    local head = parseGroups(__TS__StringSlice(text, 0, gap))
    local tailText = __TS__StringSlice(text, gap + 2)
    local tail = parseGroups(tailText)
    if head == nil or tail == nil or #head + #tail > 14 then
        return nil
    end
    if (string.find(
        __TS__StringSlice(text, 0, gap),
        ".",
        nil,
        true
    ) or 0) - 1 >= 0 then
        return nil
    end
    local bytes = head
    local zeros = 16 - #head - #tail
    do
        local i = 0
        while i < zeros do
            bytes[#bytes + 1] = 0
            i = i + 1
        end
    end
    for ____, byte in ipairs(tail) do
        bytes[#bytes + 1] = byte
    end
    return bytes
end
local function isMapped(bytes)
    do
        local i = 0
        while i < 10 do
            if bytes[i + 1] ~= 0 then
                return false
            end
            i = i + 1
        end
    end
    return bytes[11] == 255 and bytes[12] == 255
end
--- The bytes of an address, or nothing when the text is not exactly one. A zone (`%eth0`) makes it none.
function ____exports.parseAddress(text)
    if #text > 45 then
        return nil
    end
    if (string.find(text, ":", nil, true) or 0) - 1 < 0 then
        return parseV4(text)
    end
    local bytes = parseV6(text)
    if bytes == nil or not isMapped(bytes) then
        return bytes
    end
    local v4 = {}
    do
        local i = 12
        while i < 16 do
            v4[#v4 + 1] = bytes[i + 1] or 0
            i = i + 1
        end
    end
    return v4
end
--- `address` or `address/bits`; nothing when it is neither. Bits after the prefix are ignored.
function ____exports.parseCidr(text)
    local slash = (string.find(text, "/", nil, true) or 0) - 1
    local bytes = ____exports.parseAddress(slash < 0 and text or __TS__StringSlice(text, 0, slash))
    if bytes == nil then
        return nil
    end
    local width = #bytes * 8
    if slash < 0 then
        return {bytes = bytes, bits = width}
    end
    local bits = parseDecimal(__TS__StringSlice(text, slash + 1))
    if width == 32 and (string.find(text, ":", nil, true) or 0) - 1 >= 0 then
        bits = bits - 96
    end
    local ____temp_0
    if bits < 0 or bits > width then
        ____temp_0 = nil
    else
        ____temp_0 = {bytes = bytes, bits = bits}
    end
    return ____temp_0
end
local function isInside(address, cidr)
    if #address ~= #cidr.bytes then
        return false
    end
    local whole = math.floor(cidr.bits / 8)
    do
        local i = 0
        while i < whole do
            if address[i + 1] ~= cidr.bytes[i + 1] then
                return false
            end
            i = i + 1
        end
    end
    local rest = cidr.bits - whole * 8
    if rest == 0 then
        return true
    end
    local unit = 256
    do
        local i = 0
        while i < rest do
            unit = unit / 2
            i = i + 1
        end
    end
    return math.floor((address[whole + 1] or 0) / unit) == math.floor((cidr.bytes[whole + 1] or 0) / unit)
end
function ____exports.isInAny(address, cidrs)
    for ____, cidr in ipairs(cidrs) do
        if isInside(address, cidr) then
            return true
        end
    end
    return false
end
--- Who is counted together: one IPv4 address, or one IPv6 /64, which is what one customer gets. In hex.
function ____exports.clientKey(address)
    local key = ""
    local length = #address == 4 and 4 or 8
    do
        local i = 0
        while i < length do
            local byte = address[i + 1] or 0
            local high = math.floor(byte / 16)
            local low = byte - high * 16
            key = key .. __TS__StringSlice(HEX, high, high + 1) .. __TS__StringSlice(HEX, low, low + 1)
            i = i + 1
        end
    end
    return key
end
return ____exports
 end,
["request"] = function(...)
local ____exports = {}
local ____text_2Ets = require("text.text")
local contains = ____text_2Ets.contains
--- Headers with a grammar of their own, written by clients and proxies: free text in them is not theirs.
local STRUCTURED = {
    ["cache-control"] = 1,
    connection = 1,
    date = 1,
    dnt = 1,
    ["if-modified-since"] = 1,
    ["if-none-match"] = 1,
    ["keep-alive"] = 1,
    origin = 1,
    pragma = 1,
    priority = 1,
    ["sec-ch-ua"] = 1,
    ["sec-ch-ua-mobile"] = 1,
    ["sec-fetch-dest"] = 1,
    ["sec-fetch-site"] = 1,
    ["sec-fetch-user"] = 1,
    ["sec-gpc"] = 1,
    te = 1,
    ["upgrade-insecure-requests"] = 1
}
--- Two values of one header as one, whichever came first.
local function inOrder(a, b, between)
    return a < b and (a .. between) .. b or (b .. between) .. a
end
--- Another value of a header that has one: programs differ in which they take, so each is judged alone.
local function ____repeat(facts, header, before)
    facts.repeated = true
    local ____facts_repeats_0 = facts.repeats
    ____facts_repeats_0[#____facts_repeats_0 + 1] = {name = header.name, value = before}
    local ____facts_repeats_1 = facts.repeats
    ____facts_repeats_1[#____facts_repeats_1 + 1] = header
end
---
-- @param host as the client named it
local function place(facts, header, host)
    local value = header.value
    repeat
        local ____switch5 = header.name
        local ____cond5 = ____switch5 == "host"
        if ____cond5 then
            local ____facts_structured_2 = facts.structured
            ____facts_structured_2[#____facts_structured_2 + 1] = header
            return
        end
        ____cond5 = ____cond5 or ____switch5 == "user-agent"
        if ____cond5 then
            if facts.has_user_agent then
                ____repeat(facts, header, facts.user_agent)
            end
            facts.user_agent = facts.has_user_agent and inOrder(facts.user_agent, value, " ") or value
            facts.has_user_agent = true
            return
        end
        ____cond5 = ____cond5 or ____switch5 == "accept"
        if ____cond5 then
            facts.accept = value
            facts.has_accept = true
            local ____facts_structured_3 = facts.structured
            ____facts_structured_3[#____facts_structured_3 + 1] = header
            return
        end
        ____cond5 = ____cond5 or ____switch5 == "cookie"
        if ____cond5 then
            facts.cookie = facts.cookie == "" and value or (facts.cookie .. "; ") .. value
            return
        end
        ____cond5 = ____cond5 or ____switch5 == "x-forwarded-for"
        if ____cond5 then
            facts.forwarded_for = facts.forwarded_for == "" and value or (facts.forwarded_for .. ",") .. value
            local ____facts_structured_4 = facts.structured
            ____facts_structured_4[#____facts_structured_4 + 1] = header
            return
        end
        ____cond5 = ____cond5 or ____switch5 == "accept-language"
        if ____cond5 then
            facts.accept_language = value
            local ____facts_structured_5 = facts.structured
            ____facts_structured_5[#____facts_structured_5 + 1] = header
            return
        end
        ____cond5 = ____cond5 or ____switch5 == "accept-encoding"
        if ____cond5 then
            facts.accept_encoding = value
            local ____facts_structured_6 = facts.structured
            ____facts_structured_6[#____facts_structured_6 + 1] = header
            return
        end
        ____cond5 = ____cond5 or ____switch5 == "referer"
        if ____cond5 then
            if facts.referer == "" then
                facts.referer = value
            else
                ____repeat(facts, header, facts.referer)
            end
            return
        end
        ____cond5 = ____cond5 or ____switch5 == "content-type"
        if ____cond5 then
            facts.repeated = facts.repeated or facts.content_type ~= ""
            facts.content_type = facts.content_type == "" and value or inOrder(facts.content_type, value, "\n")
            local ____facts_structured_7 = facts.structured
            ____facts_structured_7[#____facts_structured_7 + 1] = header
            return
        end
        ____cond5 = ____cond5 or ____switch5 == "content-length"
        if ____cond5 then
            facts.repeated = facts.repeated or facts.content_length ~= ""
            facts.content_length = value
            return
        end
        ____cond5 = ____cond5 or ____switch5 == "transfer-encoding"
        if ____cond5 then
            facts.transfer_encoding = value
            return
        end
        ____cond5 = ____cond5 or ____switch5 == "sec-ch-ua-platform"
        if ____cond5 then
            facts.ua_platform = value
            local ____facts_structured_8 = facts.structured
            ____facts_structured_8[#____facts_structured_8 + 1] = header
            return
        end
        ____cond5 = ____cond5 or ____switch5 == "sec-fetch-mode"
        if ____cond5 then
            facts.fetch_mode = value
            local ____facts_structured_9 = facts.structured
            ____facts_structured_9[#____facts_structured_9 + 1] = header
            return
        end
        ____cond5 = ____cond5 or ____switch5 == "authorization"
        if ____cond5 then
            facts.repeated = facts.repeated or facts.authorization ~= ""
            facts.authorization = value
            local ____facts_others_10 = facts.others
            ____facts_others_10[#____facts_others_10 + 1] = header
            return
        end
        ____cond5 = ____cond5 or ____switch5 == "x-requested-with"
        if ____cond5 then
            facts.by_script = facts.by_script or contains(value, "XMLHttpRequest")
            local ____facts_others_11 = facts.others
            ____facts_others_11[#____facts_others_11 + 1] = header
            return
        end
        do
            if STRUCTURED[header.name] == 1 then
                local ____facts_structured_12 = facts.structured
                ____facts_structured_12[#____facts_structured_12 + 1] = header
            elseif header.name ~= "x-forwarded-host" or value ~= host then
                local ____facts_others_13 = facts.others
                ____facts_others_13[#____facts_others_13 + 1] = header
            end
        end
    until true
end
--- One pass over the headers.
function ____exports.gatherHeaders(headers)
    local facts = {
        accept = "",
        accept_encoding = "",
        accept_language = "",
        authorization = "",
        content_length = "",
        content_type = "",
        cookie = "",
        fetch_mode = "",
        forwarded_for = "",
        referer = "",
        transfer_encoding = "",
        ua_platform = "",
        user_agent = "",
        has_user_agent = false,
        has_accept = false,
        by_script = false,
        repeated = false,
        repeats = {},
        structured = {},
        others = {}
    }
    local host = ""
    for ____, header in ipairs(headers) do
        do
            if header.name ~= "host" then
                goto __continue12
            end
            facts.repeated = facts.repeated or host ~= ""
            host = header.value
        end
        ::__continue12::
    end
    for ____, header in ipairs(headers) do
        place(facts, header, host)
    end
    return facts
end
return ____exports
 end,
["binding"] = function(...)
local ____lualib = require("lualib_bundle")
local __TS__StringSlice = ____lualib.__TS__StringSlice
local ____exports = {}
--- The host without its port: cookies do not know ports.
function ____exports.hostName(host)
    if (string.byte(host, 1) or 0 / 0) == 91 then
        local ____end = (string.find(host, "]", nil, true) or 0) - 1
        return ____end < 0 and host or __TS__StringSlice(host, 0, ____end + 1)
    end
    local colon = (string.find(host, ":", nil, true) or 0) - 1
    return colon < 0 and host or __TS__StringSlice(host, 0, colon)
end
function ____exports.bindingOf(tenant, request, facts, lower)
    return {
        tenant = tenant,
        host = lower(____exports.hostName(request.host)),
        user_agent = facts.user_agent,
        language = facts.accept_language,
        platform = facts.ua_platform
    }
end
--- Length before each part, so that no two lists of parts give the same message.
function ____exports.message(parts)
    local out = {}
    for ____, part in ipairs(parts) do
        out[#out + 1] = tostring(#part) .. ":"
        out[#out + 1] = part
    end
    return table.concat(out, "")
end
return ____exports
 end,
["host"] = function(...)
local ____exports = {}
return ____exports
 end,
["challenge.keyring"] = function(...)
local ____exports = {}
--- A key shorter than this could be guessed; it is left out.
local MIN_SECRET_BYTES = 16
--- Keeps the keys that may verify; the last signing key in the given order signs.
function ____exports.compileKeyring(documents)
    local keys = {}
    local signing
    for ____, document in ipairs(documents) do
        do
            if document.state == "retired" or #document.secret < MIN_SECRET_BYTES then
                goto __continue3
            end
            local key = {id = document.id, secret = document.secret}
            keys[#keys + 1] = key
            if document.state == "signing" then
                signing = key
            end
        end
        ::__continue3::
    end
    return {signing = signing, keys = keys}
end
function ____exports.findKey(keyring, id)
    for ____, key in ipairs(keyring.keys) do
        if key.id == id then
            return key
        end
    end
    return nil
end
return ____exports
 end,
["challenge.challenge"] = function(...)
local ____lualib = require("lualib_bundle")
local __TS__StringCharCodeAt = ____lualib.__TS__StringCharCodeAt
local ____exports = {}
local ____binding_2Ets = require("binding")
local message = ____binding_2Ets.message
local ____keyring_2Ets = require("challenge.keyring")
local findKey = ____keyring_2Ets.findKey
local ____text_2Ets = require("text.text")
local contains = ____text_2Ets.contains
local hexDigit = ____text_2Ets.hexDigit
local parseDecimal = ____text_2Ets.parseDecimal
local sameSecret = ____text_2Ets.sameSecret
local split = ____text_2Ets.split
____exports.CHALLENGE_TTL_S = 300
--- About a quarter of a second in a Worker of a middling phone.
____exports.BASE_DIFFICULTY = 65536
local MAX_DIFFICULTY = ____exports.BASE_DIFFICULTY * 8
local WORD = 4294967296
local VERSION = "c1"
local function seal(host, key, binding, issued_s, difficulty, fingerprint)
    return host.hmac_sha256(
        key.secret,
        message({
            "challenge",
            VERSION,
            key.id,
            tostring(issued_s),
            tostring(difficulty),
            fingerprint and "f" or "p",
            binding.tenant,
            binding.host,
            binding.user_agent
        })
    )
end
--- The work doubles with every 15 points of score above the threshold, up to eightfold.
function ____exports.difficultyFor(score, threshold)
    local difficulty = ____exports.BASE_DIFFICULTY
    do
        local over = score - threshold
        while over >= 15 and difficulty < MAX_DIFFICULTY do
            difficulty = difficulty * 2
            over = over - 15
        end
    end
    return difficulty
end
--- `c1.{kid}.{issued}.{difficulty}.{f|p}.{hmac}`: nothing is kept, any gateway can check it.
function ____exports.issueChallenge(host, key, binding, difficulty, fingerprint)
    local issued_s = math.floor(host.now() / 1000)
    local mac = seal(
        host,
        key,
        binding,
        issued_s,
        difficulty,
        fingerprint
    )
    local token = (((((((((VERSION .. ".") .. key.id) .. ".") .. tostring(issued_s)) .. ".") .. tostring(difficulty)) .. ".") .. (fingerprint and "f" or "p")) .. ".") .. mac
    return {token = token, difficulty = difficulty, fingerprint = fingerprint}
end
--- Whether SHA-256 of `token.nonce`, its first 32 bits as a number, lies in the first 1/difficulty of them.
function ____exports.isSolved(host, token, nonce, difficulty)
    local digest = host.sha256((token .. ".") .. nonce)
    local word = 0
    do
        local i = 0
        while i < 8 do
            word = word * 16 + math.max(
                0,
                hexDigit(__TS__StringCharCodeAt(digest, i))
            )
            i = i + 1
        end
    end
    return word < math.floor(WORD / difficulty)
end
--- The language a browser prefers must be the one it sends, and it does not call itself automated.
local function judgeBrowser(host, binding, solution)
    if solution.webdriver then
        return "automated"
    end
    local first = host.lower(split(solution.languages, ",", 2)[1] or "")
    if first == "" or not contains(
        host.lower(binding.language),
        first
    ) then
        return "inconsistent"
    end
    if binding.platform ~= "" and binding.platform ~= ("\"" .. solution.platform) .. "\"" then
        return "inconsistent"
    end
    return nil
end
function ____exports.judgeSolution(host, keyring, binding, solution)
    local function refuse(refusal)
        return {refusal = refusal, fingerprinted = false, issued_s = 0}
    end
    if #solution.token > 256 or #solution.nonce > 32 or solution.nonce == "" then
        return refuse("malformed")
    end
    local parts = split(solution.token, ".", 7)
    if #parts ~= 6 or parts[1] ~= VERSION then
        return refuse("malformed")
    end
    local key = findKey(keyring, parts[2] or "")
    local issued_s = parseDecimal(parts[3] or "")
    local difficulty = parseDecimal(parts[4] or "")
    local fingerprint = parts[5] == "f"
    if key == nil or issued_s < 0 or difficulty < 1 or difficulty > MAX_DIFFICULTY then
        return refuse("forged")
    end
    local mac = seal(
        host,
        key,
        binding,
        issued_s,
        difficulty,
        fingerprint
    )
    if not fingerprint and parts[5] ~= "p" or not sameSecret(mac, parts[6] or "") then
        return refuse("forged")
    end
    local age_ms = host.now() - issued_s * 1000
    if age_ms > ____exports.CHALLENGE_TTL_S * 1000 or age_ms < -60000 then
        return refuse("expired")
    end
    if not ____exports.isSolved(host, solution.token, solution.nonce, difficulty) then
        return refuse("unsolved")
    end
    local ____fingerprint_0
    if fingerprint then
        ____fingerprint_0 = judgeBrowser(host, binding, solution)
    else
        ____fingerprint_0 = nil
    end
    local judged = ____fingerprint_0
    return {refusal = judged, fingerprinted = fingerprint and judged == nil, issued_s = issued_s}
end
return ____exports
 end,
["challenge.clearance"] = function(...)
local ____lualib = require("lualib_bundle")
local __TS__StringCharCodeAt = ____lualib.__TS__StringCharCodeAt
local __TS__StringSlice = ____lualib.__TS__StringSlice
local ____exports = {}
local seal, VERSION
local ____binding_2Ets = require("binding")
local message = ____binding_2Ets.message
local ____keyring_2Ets = require("challenge.keyring")
local findKey = ____keyring_2Ets.findKey
local ____text_2Ets = require("text.text")
local parseDecimal = ____text_2Ets.parseDecimal
local sameSecret = ____text_2Ets.sameSecret
local split = ____text_2Ets.split
function seal(host, key, binding, expires_s, fingerprinted)
    return host.hmac_sha256(
        key.secret,
        message({
            "clearance",
            VERSION,
            key.id,
            tostring(expires_s),
            binding.tenant,
            binding.host,
            binding.user_agent,
            fingerprinted and "f" or "p",
            fingerprinted and binding.language or "",
            fingerprinted and binding.platform or ""
        })
    )
end
--- A flag for the decision, never a pass: a cleared client is still limited and its requests are still read.
function ____exports.readClearance(host, keyring, binding, value)
    if value == "" then
        return "absent"
    end
    if #value > 256 then
        return "invalid"
    end
    local parts = split(value, ".", 6)
    if #parts ~= 5 or parts[1] ~= VERSION then
        return "invalid"
    end
    local key = findKey(keyring, parts[2] or "")
    local expires_s = parseDecimal(parts[3] or "")
    local kind = parts[4] or ""
    if key == nil or expires_s < 0 or kind ~= "f" and kind ~= "p" then
        return "invalid"
    end
    if not sameSecret(
        seal(
            host,
            key,
            binding,
            expires_s,
            kind == "f"
        ),
        parts[5] or ""
    ) then
        return "invalid"
    end
    if expires_s * 1000 <= host.now() then
        return "expired"
    end
    return kind == "f" and "fingerprinted" or "plain"
end
--- How long a solved challenge lasts, from when it was issued.
____exports.CLEARANCE_TTL_S = 1800
VERSION = "l1"
--- `__Host-` cookies need TLS; over plain HTTP (development) the name says that it proves less.
function ____exports.clearanceCookieName(scheme)
    return scheme == "https" and "__Host-lockstep-clearance" or "lockstep-clearance"
end
--- `l1.{kid}.{expires}.{f|p}.{hmac}`. Its life is counted from the challenge's issue, not from now: a solution that is
-- sent again gets the same clearance again, never a later one.
function ____exports.issueClearance(host, key, binding, issued_s, fingerprinted)
    local expires_s = issued_s + ____exports.CLEARANCE_TTL_S
    local mac = seal(
        host,
        key,
        binding,
        expires_s,
        fingerprinted
    )
    return (((((((VERSION .. ".") .. key.id) .. ".") .. tostring(expires_s)) .. ".") .. (fingerprinted and "f" or "p")) .. ".") .. mac
end
--- More cookies of one name than a browser has; each costs a signature to verify.
local MOST_TRIED = 4
--- The values of the first few cookies of this name.
function ____exports.cookieValues(cookie, name)
    local wanted = name .. "="
    local values = {}
    local from = 0
    while from < #cookie do
        local semicolon = (string.find(
            cookie,
            ";",
            math.max(from + 1, 1),
            true
        ) or 0) - 1
        local to = semicolon < 0 and #cookie or semicolon
        while from < to and __TS__StringCharCodeAt(cookie, from) == 32 do
            from = from + 1
        end
        if __TS__StringSlice(cookie, from, from + #wanted) == wanted then
            values[#values + 1] = __TS__StringSlice(cookie, from + #wanted, to)
            if #values >= MOST_TRIED then
                break
            end
        end
        from = to + 1
    end
    return values
end
local RANKS = {
    absent = 0,
    invalid = 1,
    expired = 2,
    plain = 3,
    fingerprinted = 4
}
--- The best clearance among the cookies: whoever can set one of the same name before it takes nothing away.
function ____exports.bestClearance(host, keyring, binding, cookie, scheme)
    local best = "absent"
    if cookie == "" then
        return best
    end
    for ____, value in ipairs(____exports.cookieValues(
        cookie,
        ____exports.clearanceCookieName(scheme)
    )) do
        local state = ____exports.readClearance(host, keyring, binding, value)
        if RANKS[state] > RANKS[best] then
            best = state
        end
    end
    return best
end
return ____exports
 end,
["client"] = function(...)
local ____lualib = require("lualib_bundle")
local __TS__StringSlice = ____lualib.__TS__StringSlice
local ____exports = {}
local ____address_2Ets = require("address")
local clientKey = ____address_2Ets.clientKey
local isInAny = ____address_2Ets.isInAny
local parseAddress = ____address_2Ets.parseAddress
local ____text_2Ets = require("text.text")
local split = ____text_2Ets.split
local trim = ____text_2Ets.trim
--- Proxies between the client and us that one request may name; more are not read.
local MAX_HOPS = 32
--- An address as proxies write it: possibly in brackets, possibly with a port.
local function parseHop(text)
    if (string.byte(text, 1) or 0 / 0) == 91 then
        local ____end = (string.find(text, "]", nil, true) or 0) - 1
        return ____end < 0 and text or __TS__StringSlice(text, 1, ____end)
    end
    local colon = (string.find(text, ":", nil, true) or 0) - 1
    return colon > 0 and (string.find(
        text,
        ":",
        math.max(colon + 1 + 1, 1),
        true
    ) or 0) - 1 < 0 and __TS__StringSlice(text, 0, colon) or text
end
--- The client behind trusted proxies: `X-Forwarded-For` is read from the right, and the first address that is
-- no trusted proxy is the client. An unreadable entry ends the walk: what stands left of it proves nothing.
function ____exports.identify(remote_ip, forwarded_for, trusted)
    local ip = remote_ip
    local address = parseAddress(remote_ip)
    if address == nil then
        return {address = address, key = "unknown", ip = ip}
    end
    if forwarded_for ~= "" and #trusted > 0 then
        local hops = split(forwarded_for, ",", 4096)
        local stop = math.max(0, #hops - MAX_HOPS)
        do
            local i = #hops - 1
            while i >= stop and isInAny(address, trusted) do
                local text = parseHop(trim(hops[i + 1] or ""))
                local hop = parseAddress(text)
                if hop == nil then
                    break
                end
                address = hop
                ip = text
                i = i - 1
            end
        end
    end
    return {
        address = address,
        key = clientKey(address),
        ip = ip
    }
end
return ____exports
 end,
["text.base64"] = function(...)
local ____lualib = require("lualib_bundle")
local __TS__StringCharCodeAt = ____lualib.__TS__StringCharCodeAt
local __TS__StringSlice = ____lualib.__TS__StringSlice
local ____exports = {}
local PADDING = 61
--- The six bits of a base64 digit, standard or URL-safe alphabet, or -1.
local function sextet(code)
    if code >= 65 and code <= 90 then
        return code - 65
    end
    if code >= 97 and code <= 122 then
        return code - 71
    end
    if code >= 48 and code <= 57 then
        return code + 4
    end
    if code == 43 or code == 45 then
        return 62
    end
    if code == 47 or code == 95 then
        return 63
    end
    return -1
end
--- The bytes that the text spells in base64, or an empty text when it is none. Padding may be missing.
function ____exports.decodeBase64(text)
    local length = #text
    while length > 0 and __TS__StringCharCodeAt(text, length - 1) == PADDING do
        length = length - 1
    end
    local rest = length - math.floor(length / 4) * 4
    if rest == 1 then
        return ""
    end
    local out = {}
    do
        local at = 0
        while at < length do
            local a = sextet(__TS__StringCharCodeAt(text, at))
            local b = sextet(__TS__StringCharCodeAt(text, at + 1))
            local c = at + 2 < length and sextet(__TS__StringCharCodeAt(text, at + 2)) or 0
            local d = at + 3 < length and sextet(__TS__StringCharCodeAt(text, at + 3)) or 0
            if a < 0 or b < 0 or c < 0 or d < 0 then
                return ""
            end
            local high = math.floor(b / 16)
            local middle = math.floor(c / 4)
            out[#out + 1] = string.char(a * 4 + high)
            if at + 2 < length then
                out[#out + 1] = string.char((b - high * 16) * 16 + middle)
            end
            if at + 3 < length then
                out[#out + 1] = string.char((c - middle * 4) * 64 + d)
            end
            at = at + 4
        end
    end
    return table.concat(out, "")
end
--- Whether bytes read as text: printable ASCII and line breaks, at most one in eight of anything else.
function ____exports.readsAsText(bytes)
    local odd = 0
    do
        local i = 0
        while i < #bytes do
            local code = __TS__StringCharCodeAt(bytes, i)
            if code < 32 and code ~= 9 and code ~= 10 and code ~= 13 or code > 126 then
                odd = odd + 1
            end
            i = i + 1
        end
    end
    return odd * 8 <= #bytes
end
local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
--- 2 to the power of a small whole number.
local function power(bits)
    local unit = 1
    do
        local i = 0
        while i < bits do
            unit = unit * 2
            i = i + 1
        end
    end
    return unit
end
--- The base64 digits that `bytes` fix completely when `offset` (0-2) unknown bytes stand before them in a group.
function ____exports.base64Core(bytes, offset)
    local shared = offset == 0 and 0 or 6 - offset * 2
    local core = ""
    local bits = 0
    local width = 0
    do
        local i = 0
        while i < #bytes do
            bits = bits * 256 + __TS__StringCharCodeAt(bytes, i)
            width = width + 8
            if i == 0 then
                width = width - shared
                bits = bits - math.floor(bits / power(width)) * power(width)
            end
            while width >= 6 do
                width = width - 6
                local digit = math.floor(bits / power(width))
                core = core .. __TS__StringSlice(ALPHABET, digit, digit + 1)
                bits = bits - digit * power(width)
            end
            i = i + 1
        end
    end
    return core
end
return ____exports
 end,
["rules.gate-patterns"] = function(...)
local ____lualib = require("lualib_bundle")
local __TS__StringSlice = ____lualib.__TS__StringSlice
local ____exports = {}
local ____base64_2Ets = require("text.base64")
local base64Core = ____base64_2Ets.base64Core
--- Whether anything can be in a lower-case text at all. Letters, digits, spaces and the punctuation of prose
-- and identifiers say nothing, unless they spell one of these words.
____exports.ANY_GATE = (("[0-9](?:or|and|union) |[0-9] (?:or|and) (?:true|false|null|not)|^gasv|^aaeaaad|[a-z]-[a-z]{1,20} [a-z0-9_-]{1,40}[.](?:exe|ps1|bat|dll|vbs)|[^a-z0-9 _.,:@+/\\x80-\\xff-]|[.]{2}|//|[.]/|/[.]|--|@@|:[/a-z]|0x|union|select|sleep|waitfor|having|procedure|java|" .. "closure|transformer|prototype|instantiate|templatesimpl|ysoserial|ro0ab|aced0005|h4sia|_proto|child_process|") .. "etc/|proc/|bin/|/sys/|/var/|/usr/|/opt/|/root/|_log|[.]log|[.]conf|[.]cnf|^net[a-z]{0,2} |[a-z] https?:|web-inf|meta-inf|passwd|id_rsa|ntuser|[.]ini|[.]php|[.][aj]spx?|[.]phtml|[.]phar|") .. " -[a-z]|^[a-z0-9.]{1,60} (?:/|http|install )|^if |^time |^for |nohup|strace|sudo|alias|xp_|pg_|utl_|_schema|exec|drop |delete |localhost|[.](?:internal|me)|process[.]|console[.]|module[.]|document|window|(?:org|com)[.][a-z]|^(?:and|or|xor) |:[(]|shutdown|script|getruntime|userpassword|objectclass|not |like |glob |between | in|(?:order|group) by [0-9]"
--- Whether a text is worth reading as SQL.
____exports.SQL_GATE = "['\"`;#*()|&:]|[0-9](?:or|and|union) |[0-9] (?:or|and) (?:true|false|null|not)|--|@@|[=<>]|union|select|sleep|waitfor|having|procedure|into|information_schema|drop|insert|delete|update|not |like |glob |between |(?:order|group) by [0-9]|pg_|xp_|utl_|^(?:and|or|xor) |drop "
--- How serialised Java objects begin.
local STREAM_MAGIC = ((string.char(172) .. string.char(237)) .. string.char(0)) .. string.char(5)
--- Exploit names and what they call: class names of known deserialisation chains, shells, lookups.
local NAMES = {
    STREAM_MAGIC,
    "ProcessBuilder",
    "processbuilder",
    "InvokerTransformer",
    "invokertransformer",
    "ConstantTransformer",
    "CloneTransformer",
    "clonetransformer",
    "InstantiateTransformer",
    "instantiatetransformer",
    "InstantiateFactory",
    "instantiatefactory",
    "PrototypeCloneFactory",
    "prototypeclonefactory",
    "PrototypeSerializationFactory",
    "prototypeserializationfactory",
    "ForClosure",
    "forclosure",
    "WhileClosure",
    "whileclosure",
    "java.lang.Runtime",
    "java.lang.runtime",
    "getRuntime",
    "/bin/bash",
    "/bin/sh -",
    "cmd.exe /c",
    "/etc/passwd",
    "jndi:ldap",
    "jndi:rmi",
    "<!ENTITY ",
    "child_process"
}
local function hiddenNames()
    local cores = {}
    for ____, name in ipairs(NAMES) do
        do
            local offset = 0
            while offset < 3 do
                local parts = {}
                local core = base64Core(name, offset)
                do
                    local i = 0
                    while i < #core do
                        local digit = __TS__StringSlice(core, i, i + 1)
                        parts[#parts + 1] = digit == "+" and "[+-]" or (digit == "/" and "[/_]" or digit)
                        i = i + 1
                    end
                end
                cores[#cores + 1] = table.concat(parts, "")
                offset = offset + 1
            end
        end
    end
    return table.concat(cores, "|")
end
--- The same names as base64 writes them, whatever stands before them. Case matters here.
____exports.HIDDEN_NAMES = hiddenNames()
--- Escapes that a second decoder would still read.
____exports.LAYERED = "%[0-9a-fA-FuU]|&[#a-zA-Z]|\\\\[xXuU]|[\\xc0\\xc1]|\\xef[\\xbb-\\xbd]|\\xe2[\\x80\\x81][\\x8b-\\x8f\\xa0]|[\\xe0\\xf0\\xf8\\xfc]\\x80"
--- Overlong and full-width forms of ASCII, signs of no width.
____exports.FOLDS = "[\\xc0\\xc1][./\\\\\\x80-\\xbf]|\\xef[\\xbb-\\xbd]|\\xe2[\\x80\\x81][\\x8b-\\x8f\\xa0]|[\\xe0\\xf0\\xf8\\xfc]\\x80"
--- A value that may be base64 as a whole.
____exports.NO_BASE64 = "[^A-Za-z0-9+/_=-]|=[^=]|={3}"
--- Four base64 digits that spell three ASCII bytes: one group in eight of random ones does.
local ASCII_GROUP = "[A-Za-f][A-HQ-Xg-nw-z0-3][ABEFIJMNQRUVYZcdghklopstwx014589][A-Za-z0-9+/_-]"
--- Base64 whose first six bytes are ASCII.
____exports.BASE64_TEXT = ("^(?:" .. ASCII_GROUP) .. "){2}"
--- Where a raw target or header may hold such a value.
____exports.BASE64_INSIDE = ("(?:^|[=/; ])(?:" .. ASCII_GROUP) .. "){2}"
--- Raw request targets that hold nothing to inspect: no escape of anything but letters, spaces and common
-- separators, no dot that hides a file, no words an attack could consist of.
____exports.TARGET_SUSPECT = "[^a-z0-9_.~/?=&,:@-]|[.]{2}|//|/[.]|[.]/|--|:/|%(?:0|1|2[0-9ab]|3[b-f]|[57][b-f]|60|25|u)|[?&][^=&]{0,60}[:/]|0x|java|select|closure|transformer|" .. "factory|ro0ab|aced0|_proto|etc/|proc/|bin/|/sys/|/usr/|/opt/|_log|order(?:[+]|%20)by|passwd|id_rsa|process[.]|console[.]|module[.]|document|(?:org|com)[.](?:[a-z]{1,60}[.])|sess|localhost|constructor|[+]or[+](?:true|not)|=(?:(?:and|or|xor)(?:[+]|%20)|https?:[0-9a-z])|xp_|pg_|utl_|[.](?:ini|internal|php|[aj]spx?|env|log|bak|old|sql|conf|config|ya?ml|json)|-inf|cgi-|phpmy|server-|actuator|script"
--- Signs in a raw cookie header. No alternative begins with a letter or a digit, so that a matcher skips those:
-- words are looked up apart, in `COOKIE_WORDS`.
____exports.COOKIE_SIGNS = "[^a-z0-9_.~/=&,:; @%+|!*?#()\\[\\]-]|[.]{2}|%(?:0|1|2[0-9ab]|3[bce]|[57][b-e]|60|u)|(?:/|%2f)[*.]|!ruby|[|;&(][ ]{0,8}[a-z]{1,20}[ ]{1,8}[/-]|--|[*][)(]|[(][)*|&!'\"0-9a-z][^ ;]{0,40}[)]|[=; ][a-z]:[/\\\\]|//[0-9\\[]"
____exports.COOKIE_WORDS = {
    "java.",
    "org.",
    "com.",
    "script",
    "select",
    "union",
    "closure",
    "transformer",
    "factory",
    "ro0ab",
    "aced0",
    "aaeaaad",
    "_proto",
    "passwd",
    "php:",
    "php%3a",
    "data:",
    "data%3a",
    "file:",
    "file%3a",
    "169.254",
    "gopher",
    "localhost",
    "etc/",
    "usr/",
    "_log",
    ".log",
    ".conf",
    "proc/",
    "bin/",
    " or ",
    " and "
}
--- What the name of a parameter does not have.
____exports.NO_NAME = "['\"`<>;|() ]"
--- How user agents begin: with a product and its version.
____exports.PRODUCT = "^[a-z0-9._ -]{1,40}/[0-9v]"
--- User agents, raw: signs of more than a product.
____exports.AGENT_SUSPECT = "[\"'<>|&`$\\\\*^{}%]|[.]{2}|[a-z] --?[a-z]|^[^a-z]{0,60};|;[ ]{0,8}[a-z]{1,60}[ ]{1,8}[-/+]|java[.]|/(?:etc|proc|bin|usr|root|var|sys)/|[(][ ]{0,8}[)]|on[a-z]{1,60}=|script|select |delete from|lo_[a-z]|pg_|sleep[(]|insert into|drop table|entity|url[(]|^[^a-z]?[a-z-]{1,60} [a-z]{1,60} -|::|^[a-z]{1,60} [a-z]{1,60}$|\\n|^[/.]|(?:or|and) [0-9'(]"
--- `%252e`: an escape of an escape.
____exports.DOUBLE_ESCAPE = "%25(?:25){0,4}[0-9a-fA-F]{2}"
--- A percent sign that starts no escape.
____exports.BAD_ESCAPE = "%(?![0-9a-fA-F]{2})"
--- NUL and other control bytes; tabs and line breaks are what forms send.
____exports.CONTROL_ESCAPE = "%0[0-8bceBCEfF]|%1[0-9a-fA-F]|%7[fF]"
--- A framework's session cookie as a query parameter. Names that payment and sign-in services use are not here.
____exports.SESSION_NAME = "[?&;](?:jsessionid|phpsessid|aspsessionid[a-z]{0,60}|asp[.]net_sessionid|cfid|cftoken|ci_session|connect[.]sid|koa[.]sess|rack[.]session|laravel_session|_rails_session|_flask_session|sails[.]sid|zend_session_id|meteor_login_token|__secure-next-auth[.]session-token|session-id|viewstate)="
--- Its common name, as frameworks write it: `sessionId` is what trackers and payment pages call an id of theirs.
____exports.SESSION_NAME_EXACT = "[?&;](?:sessionid|SESSIONID)="
--- More blanks in a row than patterns should have to cross.
____exports.BLANK_ROW = "[ \\t\\n\\x0b\\f\\r]{4}"
--- `+` for blanks that was encoded once too often, where an operator or a command stands.
____exports.PLUS_BLANKS = "[;|&'\"()`0-9][+]{0,2}[a-zA-Z]{1,12}[+]"
--- JSON that reaches for the prototype of every object.
____exports.JSON_PROTOTYPE = "\"constructor\"[ \\t\\r\\n]{0,8}:[ \\t\\r\\n]{0,8}[{][ \\t\\r\\n]{0,8}\"prototype\""
--- How browsers and clients write the type of a part: nothing to look at.
____exports.PART_TYPE = "^[a-z0-9/+._-]{1,100}(?:;[ ]{0,4}[a-z-]{1,20}=\"?[a-z0-9/+._-]{1,100}\"?){0,4}$"
--- What structured headers, such as accepted types, dates, entity tags and addresses, have no use for.
____exports.UNSTRUCTURED = "[$\\x60{}<>|'#^\\x00-\\x08\\x0e-\\x1f]|[.][.]/|[(][)]|/etc/|passwd|jndi|0x[0-9a-f]|[^a-z](?:and|or|union|select|sleep|waitfor|exec|system|eval)[^a-z;,=/+.\"-]|[0-9] ?[<>=]{1,2} ?[0-9]|;[ ]{0,8}(?:cat|id|ls|wget|curl|ping|sh|bash|nc|uname|whoami)(?:[^a-z0-9=-]|$)|@@|;--|%[0-9a-f]{2}"
return ____exports
 end,
["inspect.agent-patterns"] = function(...)
local ____exports = {}
--- Tools whose only use is to look for holes, by the names they give themselves.
____exports.SCANNER_AGENT = (("(?:^|[^a-z])(?:acunetix|arachni|burp(?:suite| collaborator)|dirbuster|dirsearch|feroxbuster|ffuf|fuzz faster|gobuster|" .. "havij|hydra|jaeles|jorgee|masscan|morfeus|nessus|netsparker|nikto|nmap|nuclei|openvas|paros|pangolin|") .. "qualys|skipfish|sqlmap|sqlninja|w3af|wapiti|webinspect|webshag|wfuzz|whatweb|wpscan|xsser|xspider|zaproxy|zgrab|zmeu)(?:[^a-z]|$)") .. "|(?:interact[.]sh|oast(?:ify)?[.](?:com|fun|live|me|online|pro|site)|burpcollaborator[.]net|interactsh[.]com)"
--- Libraries and tools that say honestly what they are.
____exports.DECLARED_TOOL = "^(?:curl|wget|python|go-http-client|java|okhttp|libwww-perl|lwp|ruby|php|axios|node|scrapy|httpie|aiohttp)[/ -]|headlesschrome|phantomjs|selenium|puppeteer|playwright"
return ____exports
 end,
["inspect.agent"] = function(...)
local ____exports = {}
local ____gate_2Dpatterns_2Ets = require("rules.gate-patterns")
local AGENT_SUSPECT = ____gate_2Dpatterns_2Ets.AGENT_SUSPECT
local PRODUCT = ____gate_2Dpatterns_2Ets.PRODUCT
local ____agent_2Dpatterns_2Ets = require("inspect.agent-patterns")
local DECLARED_TOOL = ____agent_2Dpatterns_2Ets.DECLARED_TOOL
local SCANNER_AGENT = ____agent_2Dpatterns_2Ets.SCANNER_AGENT
local ____text_2Ets = require("text.text")
local contains = ____text_2Ets.contains
local startsWith = ____text_2Ets.startsWith
local MOST_REMEMBERED = 512
local LONGEST_REMEMBERED = 400
--- A site sees the same few hundred user agents again and again; reading one costs more than all else.
local remembered = {}
local count = 0
local function kindOf(host, agent)
    if host.match(SCANNER_AGENT, agent) then
        return "scanner"
    end
    if host.match(DECLARED_TOOL, agent) then
        return "tool"
    end
    return startsWith(agent, "mozilla/5.0 (") and not contains(agent, "compatible;") and "browser" or "other"
end
--- A function of the user agent alone: the memory changes what it costs, never what it says.
function ____exports.readAgent(host, user_agent)
    local key = "=" .. user_agent
    local known = remembered[key]
    if known ~= nil then
        return known
    end
    local agent = host.lower(user_agent)
    local read = {
        kind = kindOf(host, agent),
        suspect = not host.match(PRODUCT, agent) or host.match(AGENT_SUSPECT, agent)
    }
    if #user_agent > LONGEST_REMEMBERED then
        return read
    end
    if count >= MOST_REMEMBERED then
        remembered = {}
        count = 0
    end
    remembered[key] = read
    count = count + 1
    return read
end
return ____exports
 end,
["signal"] = function(...)
local ____exports = {}
local PAYLOAD_CAP = 100
local EVASION_CAP = 60
local SCANNER_CAP = 80
local CONSISTENCY_CAP = 40
local BEHAVIOUR_CAP = 50
local REPUTATION_CAP = 60
--- Adds the points of each group up to its cap, and the groups up to 100.
function ____exports.scoreOf(signals)
    local payload = 0
    local evasion = 0
    local scanner = 0
    local consistency = 0
    local behaviour = 0
    local reputation = 0
    for ____, signal in ipairs(signals) do
        if signal.group == "payload" then
            payload = payload + signal.points
        elseif signal.group == "evasion" then
            evasion = evasion + signal.points
        elseif signal.group == "scanner" then
            scanner = scanner + signal.points
        elseif signal.group == "consistency" then
            consistency = consistency + signal.points
        elseif signal.group == "behaviour" then
            behaviour = behaviour + signal.points
        else
            reputation = reputation + signal.points
        end
    end
    payload = math.min(PAYLOAD_CAP, payload)
    local total = payload + math.min(EVASION_CAP, evasion) + math.min(SCANNER_CAP, scanner) + math.min(CONSISTENCY_CAP, consistency) + math.min(BEHAVIOUR_CAP, behaviour) + math.min(REPUTATION_CAP, reputation)
    return {
        total = math.min(100, total),
        payload = payload
    }
end
return ____exports
 end,
["inspect.consistency"] = function(...)
local ____exports = {}
local ____agent_2Ets = require("inspect.agent")
local readAgent = ____agent_2Ets.readAgent
local ____text_2Ets = require("text.text")
local contains = ____text_2Ets.contains
local function add(signals, id, group, points)
    signals[#signals + 1] = {id = id, group = group, points = points, place = "user_agent"}
end
--- The platform hint names what the user agent names, where a browser sends both.
local function platformAgrees(agent, hint)
    if hint == "\"Windows\"" then
        return contains(agent, "Windows")
    end
    if hint == "\"macOS\"" then
        return contains(agent, "Macintosh")
    end
    if hint == "\"Android\"" then
        return contains(agent, "Android") or contains(agent, "Linux")
    end
    if hint == "\"Linux\"" then
        return contains(agent, "Linux") or contains(agent, "X11")
    end
    return true
end
local function judgeBrowser(request, facts, signals)
    if facts.accept_language == "" then
        add(signals, "browser_without_language", "consistency", 10)
    end
    if facts.accept_encoding == "" then
        add(signals, "browser_without_encoding", "consistency", 5)
    end
    if facts.ua_platform ~= "" and not platformAgrees(facts.user_agent, facts.ua_platform) then
        add(signals, "platform_disagrees", "consistency", 20)
    end
    if request.scheme == "https" and facts.ua_platform ~= "" and facts.fetch_mode == "" then
        add(signals, "browser_without_fetch_metadata", "consistency", 10)
    end
end
--- Does the client look like what it says it is? Odd headers alone never reach a sane threshold: their group
-- is capped at 40. A tool that names itself as an attack scanner is another matter.
function ____exports.judgeClient(host, request, facts, signals)
    if facts.user_agent == "" then
        add(signals, "agent_missing", "consistency", 15)
        if not facts.has_accept then
            add(signals, "accept_missing", "consistency", 5)
        end
        return
    end
    local kind = readAgent(host, facts.user_agent).kind
    if kind == "scanner" then
        add(signals, "scanner_agent", "scanner", 80)
    elseif kind == "tool" then
        add(signals, "automation_agent", "consistency", 10)
    elseif kind == "browser" then
        judgeBrowser(request, facts, signals)
    end
    if not facts.has_accept then
        add(signals, "accept_missing", "consistency", 5)
    end
end
return ____exports
 end,
["text.binary"] = function(...)
local ____lualib = require("lualib_bundle")
local __TS__StringCharCodeAt = ____lualib.__TS__StringCharCodeAt
local __TS__StringSlice = ____lualib.__TS__StringSlice
local ____exports = {}
local ____text_2Ets = require("text.text")
local isBlank = ____text_2Ets.isBlank
local MOST_LOOKED_AT = 4096
local SHORTEST_RUN = 16
local MAX_RUNS = 2000
--- Whether bytes are no text: one in 32 of the first is a control byte that no text has.
function ____exports.isBinary(bytes)
    local limit = math.min(#bytes, MOST_LOOKED_AT)
    local controls = 0
    do
        local at = 0
        while at < limit do
            local code = __TS__StringCharCodeAt(bytes, at)
            if code < 9 or code > 13 and code < 32 or code == 127 then
                controls = controls + 1
            end
            at = at + 1
        end
    end
    return controls * 32 > limit
end
local function begins(bytes, a, b, c, d)
    return (string.byte(bytes, 1) or 0 / 0) == a and (string.byte(bytes, 2) or 0 / 0) == b and (string.byte(bytes, 3) or 0 / 0) == c and (string.byte(bytes, 4) or 0 / 0) == d
end
--- Whether bytes begin as a program, a font, a moving picture or a catalogue of messages does. No message of Protobuf or gRPC can:
-- field 0, types that there are not, lengths beyond any body that is read.
function ____exports.isFileFormat(bytes)
    return begins(
        bytes,
        127,
        69,
        76,
        70
    ) or begins(
        bytes,
        0,
        97,
        115,
        109
    ) or begins(
        bytes,
        79,
        84,
        84,
        79
    ) or begins(
        bytes,
        0,
        1,
        0,
        0
    ) and (string.byte(bytes, 5) or 0 / 0) == 0 or begins(
        bytes,
        71,
        73,
        70,
        56
    ) or begins(
        bytes,
        222,
        18,
        4,
        149
    )
end
local function isCompressed(bytes)
    return (string.byte(bytes, 1) or 0 / 0) == 31 and (string.byte(bytes, 2) or 0 / 0) == 139
end
--- The texts that a binary format carries, as far as they stand in it readably: rows of printable ASCII.
function ____exports.readRuns(bytes)
    local runs = {}
    if isCompressed(bytes) then
        return runs
    end
    local from = 0
    do
        local at = 0
        while at <= #bytes and #runs < MAX_RUNS do
            do
                local code = at < #bytes and __TS__StringCharCodeAt(bytes, at) or 0
                if code >= 32 and code < 127 then
                    goto __continue12
                end
                if at - from >= SHORTEST_RUN then
                    runs[#runs + 1] = __TS__StringSlice(bytes, from, at)
                end
                from = at + 1
            end
            ::__continue12::
            at = at + 1
        end
    end
    return runs
end
--- What JSON and XML open with: a bracket, a tag.
local function opensDocument(code)
    return code == 60 or code == 91 or code == 123
end
--- Whether a byte beside a NUL may be the first of a document in wide signs; blanks stand before one where another NUL follows.
local function opensWide(code, nextHigh)
    return opensDocument(code) or isBlank(code) and nextHigh == 0
end
--- Whether bytes begin as UTF-16 or UTF-32 do: with the mark of their order, or as JSON or XML with NULs beside its signs.
function ____exports.isWide(bytes)
    local a = string.byte(bytes, 1) or 0 / 0
    local b = string.byte(bytes, 2) or 0 / 0
    if a == 255 and b == 254 or a == 254 and b == 255 then
        return true
    end
    if a ~= 0 and b ~= 0 then
        return false
    end
    local c = string.byte(bytes, 3) or 0 / 0
    local d = string.byte(bytes, 4) or 0 / 0
    if a == 0 and b == 0 then
        return c == 0 and opensDocument(d) or c == 254 and d == 255
    end
    local ____temp_0
    if a == 0 then
        ____temp_0 = opensWide(b, c)
    else
        ____temp_0 = opensWide(a, d)
    end
    return ____temp_0
end
--- Such bytes without their NULs and marks: what they spell, as far as that is ASCII.
function ____exports.narrow(bytes)
    local parts = {}
    local from = 0
    do
        local at = 0
        while at < #bytes do
            do
                local code = __TS__StringCharCodeAt(bytes, at)
                if code ~= 0 and code < 254 then
                    goto __continue23
                end
                if at > from then
                    parts[#parts + 1] = __TS__StringSlice(bytes, from, at)
                end
                from = at + 1
            end
            ::__continue23::
            at = at + 1
        end
    end
    parts[#parts + 1] = __TS__StringSlice(bytes, from)
    return table.concat(parts, "")
end
return ____exports
 end,
["text.decode"] = function(...)
local ____lualib = require("lualib_bundle")
local __TS__StringCharCodeAt = ____lualib.__TS__StringCharCodeAt
local __TS__StringSlice = ____lualib.__TS__StringSlice
local ____exports = {}
local ____text_2Ets = require("text.text")
local hexDigit = ____text_2Ets.hexDigit
--- Decoders never fail: what is no valid escape stays as it is, which is also what lenient servers do.
local PERCENT = 37
local PLUS = 43
local BACKSLASH = 92
local AMPERSAND = 38
local SEMICOLON = 59
--- Signs that servers take for an ASCII one they look like: quotes, slashes.
local LOOKALIKES = {
    [697] = "'",
    [700] = "'",
    [8216] = "'",
    [8217] = "'",
    [8242] = "'",
    [8260] = "/",
    [8725] = "/",
    [8726] = "\\"
}
--- One code point as a byte, as ASCII where a full-width form or a lookalike stands for it, else as a byte no rule reads.
local function asByte(code)
    local alike = LOOKALIKES[code]
    if type(alike) == "string" then
        return alike
    end
    if code < 256 then
        return string.char(code)
    end
    if code >= 65281 and code <= 65374 then
        return string.char(code - 65248)
    end
    return string.char(255)
end
--- The number that `count` hex digits spell at `at`, or -1.
local function hexAt(text, at, count)
    local value = 0
    do
        local i = 0
        while i < count do
            local digit = hexDigit(__TS__StringCharCodeAt(text, at + i))
            if digit < 0 then
                return -1
            end
            value = value * 16 + digit
            i = i + 1
        end
    end
    return value
end
--- `%41` and IIS's `%u0041`; `+` too, as forms write spaces, when `plus` is set.
function ____exports.decodePercent(text, plus)
    if (string.find(text, "%", nil, true) or 0) - 1 < 0 and not (plus and (string.find(text, "+", nil, true) or 0) - 1 >= 0) then
        return text
    end
    local out = {}
    local length = #text
    local from = 0
    local at = 0
    while at < length do
        local code = __TS__StringCharCodeAt(text, at)
        local byte = ""
        local width = 1
        if code == PERCENT then
            local value = hexAt(text, at + 1, 2)
            if value >= 0 then
                byte = string.char(value)
                width = 3
            elseif __TS__StringCharCodeAt(text, at + 1) == 117 or __TS__StringCharCodeAt(text, at + 1) == 85 then
                local wide = hexAt(text, at + 2, 4)
                if wide >= 0 then
                    byte = asByte(wide)
                    width = 6
                end
            end
        elseif code == PLUS and plus then
            byte = " "
        end
        if byte ~= "" then
            if at > from then
                out[#out + 1] = __TS__StringSlice(text, from, at)
            end
            out[#out + 1] = byte
            from = at + width
        end
        at = at + width
    end
    if from < length then
        out[#out + 1] = __TS__StringSlice(text, from)
    end
    return table.concat(out, "")
end
--- The entities that markup filters have been passed with; the rest spell letters nobody hides behind.
local ENTITIES = {
    amp = "&",
    apos = "'",
    ast = "*",
    bsol = "\\",
    colon = ":",
    comma = ",",
    dollar = "$",
    equals = "=",
    excl = "!",
    grave = "`",
    gt = ">",
    lbrace = "{",
    lcub = "{",
    lpar = "(",
    lsqb = "[",
    lt = "<",
    newline = "\n",
    num = "#",
    percnt = "%",
    period = ".",
    quot = "\"",
    rcub = "}",
    rpar = ")",
    rsqb = "]",
    semi = ";",
    sol = "/",
    tab = "\t",
    vert = "|"
}
local function numericEntity(text, at)
    local i = at + 2
    local hex = __TS__StringCharCodeAt(text, i) == 120 or __TS__StringCharCodeAt(text, i) == 88
    if hex then
        i = i + 1
    end
    local value = 0
    local digits = 0
    while i < #text and digits < 8 do
        local digit = hexDigit(__TS__StringCharCodeAt(text, i))
        if digit < 0 or not hex and digit > 9 then
            break
        end
        value = value * (hex and 16 or 10) + digit
        digits = digits + 1
        i = i + 1
    end
    if digits == 0 then
        return nil
    end
    if __TS__StringCharCodeAt(text, i) == SEMICOLON then
        i = i + 1
    end
    return {
        byte = asByte(value),
        width = i - at
    }
end
local function entityAt(text, at, lower)
    if __TS__StringCharCodeAt(text, at + 1) == 35 then
        return numericEntity(text, at)
    end
    local ____end = (string.find(
        text,
        ";",
        math.max(at + 1 + 1, 1),
        true
    ) or 0) - 1
    if ____end < 0 or ____end - at > 9 then
        return nil
    end
    local known = ENTITIES[lower(__TS__StringSlice(text, at + 1, ____end))]
    return type(known) == "string" and ({byte = known, width = ____end + 1 - at}) or nil
end
--- `&lt;`, `&#60;`, `&#x3c;`, also without the semicolon where browsers accept that.
function ____exports.decodeEntities(text, lower)
    local at = (string.find(text, "&", nil, true) or 0) - 1
    if at < 0 then
        return text
    end
    local out = {}
    local from = 0
    while at >= 0 do
        local ____temp_0
        if __TS__StringCharCodeAt(text, at) == AMPERSAND then
            ____temp_0 = entityAt(text, at, lower)
        else
            ____temp_0 = nil
        end
        local escape = ____temp_0
        if escape ~= nil then
            out[#out + 1] = __TS__StringSlice(text, from, at)
            out[#out + 1] = escape.byte
            from = at + escape.width
            at = (string.find(
                text,
                "&",
                math.max(from + 1, 1),
                true
            ) or 0) - 1
        else
            at = (string.find(
                text,
                "&",
                math.max(at + 1 + 1, 1),
                true
            ) or 0) - 1
        end
    end
    out[#out + 1] = __TS__StringSlice(text, from)
    return table.concat(out, "")
end
local function escapeAt(text, at)
    local kind = __TS__StringCharCodeAt(text, at + 1)
    if kind == 120 or kind == 88 then
        local value = hexAt(text, at + 2, 2)
        local ____temp_1
        if value < 0 then
            ____temp_1 = nil
        else
            ____temp_1 = {
                byte = asByte(value),
                width = 4
            }
        end
        return ____temp_1
    end
    if kind == 117 or kind == 85 then
        if __TS__StringCharCodeAt(text, at + 2) == 123 then
            local ____end = (string.find(
                text,
                "}",
                math.max(at + 3 + 1, 1),
                true
            ) or 0) - 1
            local digits = ____end - at - 3
            local value = (____end < 0 or digits < 1 or digits > 6) and -1 or hexAt(text, at + 3, digits)
            local ____temp_2
            if value < 0 then
                ____temp_2 = nil
            else
                ____temp_2 = {
                    byte = asByte(value),
                    width = ____end + 1 - at
                }
            end
            return ____temp_2
        end
        local value = hexAt(text, at + 2, 4)
        local ____temp_3
        if value < 0 then
            ____temp_3 = nil
        else
            ____temp_3 = {
                byte = asByte(value),
                width = 6
            }
        end
        return ____temp_3
    end
    return nil
end
--- `\x3c`, `\u003c`, `\u{3c}`: what scripts and JSON inside JSON write.
function ____exports.decodeEscapes(text)
    local at = (string.find(text, "\\", nil, true) or 0) - 1
    if at < 0 then
        return text
    end
    local out = {}
    local from = 0
    while at >= 0 do
        local ____temp_4
        if __TS__StringCharCodeAt(text, at) == BACKSLASH then
            ____temp_4 = escapeAt(text, at)
        else
            ____temp_4 = nil
        end
        local escape = ____temp_4
        if escape ~= nil then
            out[#out + 1] = __TS__StringSlice(text, from, at)
            out[#out + 1] = escape.byte
            from = at + escape.width
            at = (string.find(
                text,
                "\\",
                math.max(from + 1, 1),
                true
            ) or 0) - 1
        else
            at = (string.find(
                text,
                "\\",
                math.max(at + 2 + 1, 1),
                true
            ) or 0) - 1
        end
    end
    out[#out + 1] = __TS__StringSlice(text, from)
    return table.concat(out, "")
end
--- The ASCII byte that an overlong form at `at` spells in two to six bytes, as decoders read it that do not check.
local function overlongAt(text, at, lead)
    if lead == 192 or lead == 193 then
        local next = __TS__StringCharCodeAt(text, at + 1)
        if next >= 128 and next < 192 then
            return {
                text = string.char((lead - 192) * 64 + (next - 128)),
                width = 2
            }
        end
        return (next == 46 or next == 47 or next == 92) and ({
            text = string.char(next),
            width = 2
        }) or nil
    end
    local width = lead == 224 and 3 or (lead == 240 and 4 or (lead == 248 and 5 or (lead == 252 and 6 or 0)))
    if width == 0 then
        return nil
    end
    do
        local i = 1
        while i < width - 2 do
            if __TS__StringCharCodeAt(text, at + i) ~= 128 then
                return nil
            end
            i = i + 1
        end
    end
    local high = __TS__StringCharCodeAt(text, at + width - 2)
    local low = __TS__StringCharCodeAt(text, at + width - 1)
    local spells = (high == 128 or high == 129) and low >= 128 and low < 192
    return spells and ({
        text = string.char((high - 128) * 64 + (low - 128)),
        width = width
    }) or nil
end
--- What three bytes of UTF-8 pass for: full-width forms for ASCII, signs of no width for nothing.
local function wideAt(text, at, lead)
    local middle = __TS__StringCharCodeAt(text, at + 1)
    local last = __TS__StringCharCodeAt(text, at + 2)
    if lead == 226 then
        if middle == 128 and last >= 139 and last <= 143 then
            return {text = "", width = 3}
        end
        return middle == 129 and last == 160 and ({text = "", width = 3}) or nil
    end
    if lead ~= 239 then
        return nil
    end
    if middle == 187 and last == 191 then
        return {text = "", width = 3}
    end
    local code = (middle - 188) * 64 + (last - 128)
    local spells = (middle == 188 or middle == 189) and last >= 128 and last < 192 and code >= 1 and code <= 94
    return spells and ({
        text = string.char(code + 32),
        width = 3
    }) or nil
end
--- Overlong UTF-8 (`C0 AF` for `/`), full-width forms (`EF BC 9C` for `<`) and signs of no width as what they pass for.
function ____exports.foldUnicode(text)
    local out = {}
    local length = #text
    local from = 0
    local at = 0
    while at < length do
        do
            local lead = __TS__StringCharCodeAt(text, at)
            local ____temp_5
            if lead < 192 then
                ____temp_5 = nil
            else
                ____temp_5 = overlongAt(text, at, lead) or wideAt(text, at, lead)
            end
            local fold = ____temp_5
            if fold == nil then
                at = at + 1
                goto __continue57
            end
            out[#out + 1] = __TS__StringSlice(text, from, at)
            out[#out + 1] = fold.text
            at = at + fold.width
            from = at
        end
        ::__continue57::
    end
    if from == 0 then
        return text
    end
    out[#out + 1] = __TS__StringSlice(text, from)
    return table.concat(out, "")
end
return ____exports
 end,
["text.parameter"] = function(...)
local ____lualib = require("lualib_bundle")
local __TS__StringCharCodeAt = ____lualib.__TS__StringCharCodeAt
local __TS__StringSlice = ____lualib.__TS__StringSlice
local ____exports = {}
local joinPieces, MAX_PIECES
local ____decode_2Ets = require("text.decode")
local decodePercent = ____decode_2Ets.decodePercent
local ____text_2Ets = require("text.text")
local isBlank = ____text_2Ets.isBlank
function joinPieces(pieces)
    local parts = {}
    do
        local number = 0
        while number < MAX_PIECES do
            local piece = pieces[number]
            if piece ~= nil then
                parts[#parts + 1] = piece
            end
            number = number + 1
        end
    end
    return #parts > 1 and table.concat(parts, "") or ""
end
MAX_PIECES = 32
local MAX_PIECE_BYTES = 256
local QUOTE = 34
local APOSTROPHE = 39
local STAR = 42
local EQUALS = 61
local BACKSLASH = 92
--- Adds a text to a list that it is not yet in.
function ____exports.addText(list, text)
    if text == "" then
        return
    end
    for ____, known in ipairs(list) do
        if known == text then
            return
        end
    end
    list[#list + 1] = text
end
--- Where the quoted text that opens at `from` ends: at its closing quote, or with the header.
function ____exports.closingQuote(header, from)
    local quote = __TS__StringCharCodeAt(header, from)
    local at = from + 1
    while at < #header and __TS__StringCharCodeAt(header, at) ~= quote do
        at = at + (__TS__StringCharCodeAt(header, at) == BACKSLASH and 2 or 1)
    end
    return math.min(at, #header)
end
--- Without the backslashes before what they escape.
local function unescape(text)
    local at = (string.find(text, "\\", nil, true) or 0) - 1
    if at < 0 then
        return text
    end
    local parts = {}
    local from = 0
    while at >= 0 do
        parts[#parts + 1] = __TS__StringSlice(text, from, at)
        from = at + 1
        at = (string.find(
            text,
            "\\",
            math.max(from + 1 + 1, 1),
            true
        ) or 0) - 1
    end
    parts[#parts + 1] = __TS__StringSlice(text, from)
    return table.concat(parts, "")
end
--- A parameter's value as the standards read it: without double quotes and the escapes in them.
function ____exports.bareValue(value)
    if (string.byte(value, 1) or 0 / 0) ~= QUOTE then
        return value
    end
    return unescape(__TS__StringSlice(
        value,
        1,
        ____exports.closingQuote(value, 0)
    ))
end
local function upTo(header, from, mark)
    local ____end = (string.find(
        header,
        mark,
        math.max(from + 1, 1),
        true
    ) or 0) - 1
    local to = ____end < 0 and #header or ____end
    while to > from and isBlank(__TS__StringCharCodeAt(header, to - 1)) do
        to = to - 1
    end
    return __TS__StringSlice(header, from, to)
end
local function word(header, from)
    local to = from
    while to < #header and __TS__StringCharCodeAt(header, to) ~= QUOTE and not isBlank(__TS__StringCharCodeAt(header, to)) do
        to = to + 1
    end
    return __TS__StringSlice(header, from, to)
end
local function skipBlanks(header, from)
    local at = from
    while at < #header and isBlank(__TS__StringCharCodeAt(header, at)) do
        at = at + 1
    end
    return at
end
--- `UTF-8''x%2ephp`: without its charset and escapes.
local function extended(value)
    local charset = (string.find(value, "''", nil, true) or 0) - 1
    return decodePercent(
        charset < 0 and value or __TS__StringSlice(value, charset + 2),
        false
    )
end
--- The parameter whose name ends at `from`, unless it is none.
local function parameterAt(header, from)
    local starred = __TS__StringCharCodeAt(header, from) == STAR
    local at = from
    local number = 0
    while starred do
        local digit = __TS__StringCharCodeAt(header, at) - 48
        if digit >= 0 and digit <= 9 then
            number = math.min(MAX_PIECES, number * 10 + digit)
        elseif __TS__StringCharCodeAt(header, at) ~= STAR then
            break
        end
        at = at + 1
    end
    at = skipBlanks(header, at)
    if __TS__StringCharCodeAt(header, at) ~= EQUALS then
        return nil
    end
    return {
        from = skipBlanks(header, at + 1),
        starred = starred,
        number = number
    }
end
--- All that a value may be read as; returns what most would take.
local function readValue(header, from, out)
    local code = __TS__StringCharCodeAt(header, from)
    local field = code == QUOTE and "" or upTo(header, from, ";")
    local quoted = code == QUOTE or code == APOSTROPHE
    local value = quoted and unescape(__TS__StringSlice(
        header,
        from + 1,
        ____exports.closingQuote(header, from)
    )) or upTo(field, 0, ",")
    ____exports.addText(out, value)
    if quoted then
        ____exports.addText(
            out,
            upTo(header, from + 1, code == QUOTE and "\"" or "'")
        )
    end
    ____exports.addText(out, field)
    ____exports.addText(
        out,
        word(field, 0)
    )
    return value
end
--- Every text that some server may take for the value of a parameter: wherever its name stands, in quotes, in another's quotes, given
-- twice, in pieces, with its charset.
--
-- @param lowered the header in lower case
-- @param most of several so many are read, and the last one: servers take the first or the last
function ____exports.spellingsOf(header, lowered, name, most)
    local found = {}
    local pieces = {}
    local at = (string.find(lowered, name, nil, true) or 0) - 1
    while at >= 0 do
        local parameter = parameterAt(header, at + #name)
        if parameter ~= nil then
            local from = parameter.from
            local starred = parameter.starred
            local number = parameter.number
            if #found <= most then
                found[#found + 1] = parameter
            else
                found[most + 1] = parameter
            end
            if starred then
                pieces[number] = readValue(
                    __TS__StringSlice(header, from, from + MAX_PIECE_BYTES),
                    0,
                    {}
                )
            end
        end
        at = (string.find(
            lowered,
            name,
            math.max(at + #name + 1, 1),
            true
        ) or 0) - 1
    end
    local out = {}
    for ____, ____value in ipairs(found) do
        local from = ____value.from
        local starred = ____value.starred
        local value = readValue(header, from, out)
        if starred then
            ____exports.addText(
                out,
                extended(value)
            )
        end
    end
    local joined = joinPieces(pieces)
    ____exports.addText(out, joined)
    ____exports.addText(
        out,
        extended(joined)
    )
    return out
end
return ____exports
 end,
["inspect.content-type"] = function(...)
local ____exports = {}
local ____parameter_2Ets = require("text.parameter")
local spellingsOf = ____parameter_2Ets.spellingsOf
local ____text_2Ets = require("text.text")
local contains = ____text_2Ets.contains
local split = ____text_2Ets.split
local startsWith = ____text_2Ets.startsWith
local trim = ____text_2Ets.trim
--- What is said of a body of no known type.
____exports.UNTYPED = {
    multipart = false,
    form = false,
    json = false,
    xml = false,
    text = true,
    medium = false,
    boundaries = {}
}
local MAX_TYPES = 8
local MAX_BOUNDARIES = 8
local function isMedium(____type)
    return startsWith(____type, "image/") or startsWith(____type, "font/") or startsWith(____type, "audio/") or startsWith(____type, "video/")
end
--- Reads the content types of a request or a part, one a line: the media type is what stands before the parameters.
function ____exports.readTypes(contentTypes, lower)
    local lowered = lower(contentTypes)
    local media = {}
    local text = false
    local medium = true
    for ____, header in ipairs(split(lowered, "\n", MAX_TYPES)) do
        for ____, one in ipairs(split(header, ",", MAX_TYPES)) do
            local ____type = trim(split(one, ";", 2)[1] or "")
            media[#media + 1] = ____type
            text = text or contains(____type, "text/")
            medium = medium and isMedium(____type)
        end
    end
    local all = table.concat(media, "\n")
    local multipart = contains(all, "multipart/")
    return {
        multipart = multipart,
        form = contains(all, "x-www-form-urlencoded"),
        json = contains(all, "json"),
        xml = contains(all, "xml"),
        text = text or all == "",
        medium = medium,
        boundaries = multipart and spellingsOf(contentTypes, lowered, "boundary", MAX_BOUNDARIES) or ({})
    }
end
return ____exports
 end,
["inspect.disposition"] = function(...)
local ____lualib = require("lualib_bundle")
local __TS__StringCharCodeAt = ____lualib.__TS__StringCharCodeAt
local __TS__StringSlice = ____lualib.__TS__StringSlice
local ____exports = {}
local ____parameter_2Ets = require("text.parameter")
local addText = ____parameter_2Ets.addText
local bareValue = ____parameter_2Ets.bareValue
local closingQuote = ____parameter_2Ets.closingQuote
local spellingsOf = ____parameter_2Ets.spellingsOf
local ____text_2Ets = require("text.text")
local contains = ____text_2Ets.contains
local isBlank = ____text_2Ets.isBlank
local startsWith = ____text_2Ets.startsWith
local trim = ____text_2Ets.trim
--- More parameters than these are judged as one text.
local MAX_PARAMETERS = 64
--- Names of files that stand where a parameter should not: the proper ones are all read.
local MAX_ODD = 2
local QUOTE = 34
local APOSTROPHE = 39
local SEMICOLON = 59
--- A part of which nothing is said.
function ____exports.newDisposition()
    return {
        names = {},
        filenames = {},
        others = {},
        headers = 0,
        claims = 0,
        files = 0,
        doubts = 0
    }
end
--- Whether every server takes the part for a file.
function ____exports.isCertainFile(said)
    return said.files > 0 and said.doubts == 0 and said.headers == 1
end
--- Where the parameter that begins at `from` ends: at a semicolon outside of double quotes.
local function parameterEnd(header, from)
    local at = from
    while at < #header and __TS__StringCharCodeAt(header, at) ~= SEMICOLON do
        at = __TS__StringCharCodeAt(header, at) == QUOTE and closingQuote(header, at) + 1 or at + 1
    end
    return math.min(at, #header)
end
local function readParameter(parameter, lower, out)
    local equals = (string.find(parameter, "=", nil, true) or 0) - 1
    if equals < 0 then
        addText(
            out.others,
            trim(parameter)
        )
        return
    end
    local name = lower(trim(__TS__StringSlice(parameter, 0, equals)))
    local raw = trim(__TS__StringSlice(parameter, equals + 1))
    local value = bareValue(raw)
    if (string.byte(raw, 1) or 0 / 0) == APOSTROPHE then
        out.doubts = out.doubts + 1
    end
    if startsWith(name, "filename") and value ~= "" then
        out.claims = out.claims + 1
    end
    if name == "filename" then
        addText(out.filenames, value)
        if value ~= "" and not isBlank(__TS__StringCharCodeAt(parameter, equals - 1)) then
            out.files = out.files + 1
        else
            out.doubts = out.doubts + 1
        end
    elseif name == "name" then
        addText(out.names, value)
    elseif not startsWith(name, "filename*") then
        addText(out.others, name)
        addText(out.others, value)
    end
end
--- Adds what one header says, by its value.
function ____exports.readDisposition(header, lower, out)
    out.headers = out.headers + 1
    if contains(header, "\\\"") then
        out.doubts = out.doubts + 1
    end
    local at = parameterEnd(header, 0) + 1
    do
        local count = 0
        while at <= #header do
            if count >= MAX_PARAMETERS then
                out.doubts = out.doubts + 1
                local ____out_others_0 = out.others
                ____out_others_0[#____out_others_0 + 1] = __TS__StringSlice(header, at)
                break
            end
            local ____end = parameterEnd(header, at)
            readParameter(
                __TS__StringSlice(header, at, ____end),
                lower,
                out
            )
            at = ____end + 1
            count = count + 1
        end
    end
    local spellings = spellingsOf(
        header,
        lower(header),
        "filename",
        MAX_ODD
    )
    for ____, filename in ipairs(spellings) do
        addText(out.filenames, filename)
    end
end
return ____exports
 end,
["rules.finding"] = function(...)
local ____exports = {}
function ____exports.newFinding()
    return {ids = {}, points = {}, total = 0}
end
--- Adds a finding once; found again with more points, it counts the more.
function ____exports.raise(finding, id, points)
    do
        local i = 0
        while i < #finding.ids do
            if finding.ids[i + 1] == id then
                local known = finding.points[i + 1] or 0
                if points > known then
                    finding.points[i + 1] = points
                    finding.total = finding.total + (points - known)
                end
                return
            end
            i = i + 1
        end
    end
    local ____finding_ids_0 = finding.ids
    ____finding_ids_0[#____finding_ids_0 + 1] = id
    local ____finding_points_1 = finding.points
    ____finding_points_1[#____finding_points_1 + 1] = points
    finding.total = finding.total + points
end
--- The finding as signals of one place.
function ____exports.addFinding(signals, finding, place)
    do
        local i = 0
        while i < #finding.ids do
            signals[#signals + 1] = {id = finding.ids[i + 1] or "", group = "payload", points = finding.points[i + 1] or 0, place = place}
            i = i + 1
        end
    end
end
return ____exports
 end,
["rules.code-patterns"] = function(...)
local ____exports = {}
local BLANK = "[ \\t\\r\\n\\x0b]"
--- Code of the languages servers run, lower-case.
____exports.CODE_RULES = {
    {id = "java_lookup", points = 95, pattern = "[$]\\\\?[{][^}]{0,80}(?:jndi|[:-]{1,60}j|lower:|upper:|::-)[^}]{0,80}[:}]|jndi[ ]{0,8}:[ ]{0,8}(?:ldaps?|rmi|dns|iiop|corba|nds|nis|https?|\\$)"},
    {id = "java_runtime", points = 85, pattern = "java(?:x|fx)?[.][a-z.]{0,60}(?:runtime|processbuilder|scriptengine|classloader|filewriter|filereader|xmldecoder|objectinputstream|methodutil|unsafe)|getruntime[ ]{0,8}[(]|processbuilder[ ]{0,8}[(]|runtime[.]exec|[.]getclass[ ]{0,8}[(]|class[.]forname[ ]{0,8}[(]|[.]newinstance[ ]{0,8}[(]"},
    {id = "java_gadget", points = 85, pattern = "clonetransformer|forclosure|whileclosure|instantiatefactory|instantiatetransformer|invokertransformer|prototypeclonefactory|prototypeserializationfactory|constanttransformer|chainedtransformer|templatesimpl|badattributevalueexp|ysoserial|jdbcrowsetimpl|annotationinvocationhandler|com[.]sun[.]rowset"},
    {id = "java_stream", points = 85, pattern = "ro0ab[a-z0-9]|aced0005|\\xac\\xed\\x00\\x05|h4siaaaaaaaa[a-z0-9+/]{20}"},
    {id = "java_expression", points = 85, pattern = "[%$#][{][^{}]{0,200}(?:#[a-z_]{1,60}[.\\[=]|@java|t[(]java|getclass|\\.class\\.|runtime|new java|memberaccess|context\\[)|#_memberaccess|@java[.]lang|allowstaticmethodaccess|ognl[.]|xwork[.]|opensymphony"},
    {id = "java_binding", points = 80, pattern = "class[.]module[.]classloader|(?:^|[.\\[])class(?:\\[['\"]?|[.])classloader|class[.](?:protectiondomain|module[.])"},
    {id = "java_package", points = 70, pattern = "(?:^|[^a-z0-9 ])(?:org[.](?:omg[.]corba|apache[.]commons)(?:[^a-z]|$)|com[.](?:opensymphony|sun[.]org)[.a-z]|java[.](?:lang|io|util|nio|net|beans|rmi|security)[.][a-z0-9.]{1,60}(?:[^a-z0-9. :]|$)|javax[.](?:script|naming|management|el)[.]|org[.](?:springframework|apache[.](?:commons|struts|xalan|catalina|wicket))[.]|com[.](?:sun|bea)[.][a-z.]|sun[.](?:misc|reflect)[.])"},
    {id = "php_tag", points = 80, pattern = "<[?](?:php|=)|<[?][ \\t\\r\\n]{1,8}[$a-z@]|\\[/?php\\]|<script[^>]{1,300}language[ ]{0,8}=[ \"']{0,8}php"},
    {id = "php_superglobal", points = 80, pattern = "[$][{'\"]{0,60}_[ ]{0,8}(?:get|post|request|cookie|server|files|session|env)(?:[^a-z]|$)|[$]globals|[$]http_(?:raw_post_data|get_vars|post_vars|cookie_vars|server_vars)|[$]_s[ ]{0,8}erver"},
    {id = "php_stream", points = 80, pattern = "(?:^|[^a-z])(?:php|phar|expect|zip|glob|ogg|rar|ssh2[.a-z0-9]{0,60}|compress[.](?:zlib|bzip2))://|(?:^|[=('\"])data:[a-z/]{0,60};base64,pd9waha|data://text"},
    {id = "php_object", points = 80, pattern = "(?:^|[;{:\"'= ])[oc]:[+]?[0-9]{1,60}:\"[a-z0-9_\\\\]{1,60}\":[+]?[0-9]{1,60}:[{]"},
    {id = "php_variable_call", points = 75, pattern = ("(?:^|[^a-z0-9_$/(&])[$]{1,60}[{]?[@]?[a-z_][a-z0-9_]{0,60}[}]?(?:" .. BLANK) .. "|/[*][^*]{0,60}[*]/|(?:#|//)[^\\n]{0,60}\\n|[\\[{][^\\]}]{0,60}[\\]}]|->[a-z_]{1,60}|::[$]?[a-z_]{1,60}){0,6}[(][^)]{0,60}(?:[)]|$)"},
    {id = "php_string_call", points = 75, pattern = ((((((((((((((("^" .. BLANK) .. "{0,8}(?:[(]") .. BLANK) .. "{0,8})?[\"'](?:[a-z_]|\\\\x[0-9a-f]{2}){4,40}[\"'](?:") .. BLANK) .. "{0,8}[.]") .. BLANK) .. "{0,8}[\"'][a-z_]{1,60}[\"']){0,6}") .. BLANK) .. "{0,8}[)]?") .. BLANK) .. "{0,8}[(][^)]{0,60}[)]|[(][a-z.() ]{0,60}[)]") .. BLANK) .. "{0,8}[(]['\"@$][^)]{0,60}[)]") .. BLANK) .. "{0,8}(?:;|$)"},
    {id = "php_function", points = 75, pattern = (((("(?:^|[^a-z0-9_>.-])(?:passthru|shell_exec|proc_open|pcntl_exec|popen|phpinfo|phpversion|php_uname|php_sapi_name|create_function|call_user_func(?:_array)?|preg_replace(?:_callback)?|" .. "base64_decode|str_rot13|gzinflate|gzuncompress|unserialize|file_get_contents|file_put_contents|fopen|fwrite|fputs|readfile|show_source|highlight_file|move_uploaded_file|parse_ini_file|") .. "array_(?:map|filter|walk|reduce|diff_uassoc|udiff|diff_ukey|uintersect)|usort|uasort|uksort|register_shutdown_function|set_error_handler|ob_start|escapeshell[a-z]{1,60}|getenv|putenv|ini_set|ini_get|") .. "mb_ereg_replace|simplexml_load_(?:file|string)|posix_[a-z]{1,60}|apache_(?:child_terminate|setenv)|opendir|scandir|parse_str|ftp_(?:connect|get|put)|curl_(?:exec|init)|var_dump|print_r|") .. "get_(?:defined_vars|cfg_var|current_user)|zend_version|wp_remote_fopen|is_callable|function_exists|zend_[a-z_]{1,60}|sodium_[a-z0-9_]{1,60}|tidy_[a-z_]{1,60}|gethostby[a-z]{1,60}|array_[a-z_]{1,60})") .. ((BLANK .. "{0,8}[(]") .. BLANK) .. "{0,8}(?:[)'\"$@`/a-z_0-9\\[]|$)"},
    {id = "php_setting", points = 75, pattern = ("(?:^|[^a-z0-9_])(?:allow_url_(?:fopen|include)|auto_(?:prepend|append)_file|disable_functions|open_basedir|safe_mode|extension_dir|display_errors|log_errors|error_log|magic_quotes_gpc|memory_limit|session[.][a-z_]{1,60}|suhosin[.][a-z._]{1,60}|zend_extension|mail[.]log|include_path|upload_tmp_dir|user_ini[.][a-z_]{1,60}|opcache[.][a-z_]{1,60})" .. BLANK) .. "{0,8}="},
    {id = "php_function", points = 75, pattern = ((("(?:^|[^a-z0-9_>.-])(?:(?:system|exec|assert|die|chr|extract|eval|dl)[(]" .. BLANK) .. "{0,8}(?:['\"][a-z/.$]|[$@`]|[0-9]{2,3}[)]|base64|gzinflate|str_rot|id[)]|ls[)]|whoami[)]|pwd[)])|(?:include|require(?:_once)?|include_once|file)[(]") .. BLANK) .. "{0,8}(?:['\"](?:[.]{2}/|/[a-z]|https?:|php:|data:)|[$@`]))"},
    {id = "php_grouped_call", points = 75, pattern = ((((((((("(?:[(]|\\[)" .. BLANK) .. "{0,8}(?:[(]?string[)]?)?") .. BLANK) .. "{0,8}[\"'\\[{]{0,60}") .. BLANK) .. "{0,8}(?:/[*][^*]{0,40}[*]/)?(?:system|exec|passthru|shell_exec|phpinfo|eval|assert)") .. BLANK) .. "{0,8}[\"'\\]]{0,60}") .. BLANK) .. "{0,8}(?:[)]|\\])|(?:\"[a-z]{1,8}\"[ ]{0,8}[.][ ]{0,8}){1,6}\"[a-z]{1,8}\"[ ]{0,8}[(]|'[a-z]{1,8}'[ ]{0,8}[.][ ]{0,8}'[a-z]{1,8}'[^a-z]{1,6}[(;]|(?:[)]|\\]|[}])[ ]{0,8}[(]['\"](?:uname|id|ls|whoami|cat )"},
    {id = "php_variable", points = 75, pattern = ((("[$][{]" .. BLANK) .. "{0,8}['\"@$]|[$]") .. BLANK) .. "{1,8}[{]|[$]_{1,6}[\\[({]"},
    {id = "node_module", points = 85, pattern = "require[ ]{0,8}[(]?[ ]{0,8}['\"`]child_process['\"`]|require[ ]{0,8}[(]?[ ]{0,8}['\"`](?:fs|vm|os|net|http|cluster|process)['\"`][ )]{0,4}[.\\[]|^child_process|['\"(=;]child_process['\")]|process[.](?:mainmodule|binding|dlopen)|^process[.](?:env|exit|kill)|require[.]main|mainmodule[.]|_\\$\\$nd_func\\$\\$|global[.]process|this[.]constructor[.]constructor|execsync[ ]{0,8}[(]|spawnsync[ ]{0,8}[(]"},
    {id = "node_prototype", points = 80, pattern = "__proto__|(?:^|[^a-z])constructor[ \\]'\"]{0,60}(?:[.\\[]|%5b)[ '\"]{0,8}(?:prototype|constructor)|prototype[ ]{0,8}(?:\\[|[.])[ '\"]{0,8}[a-z_]{1,60}['\"\\]]{0,60}[ ]{0,8}="},
    {id = "node_loop", points = 70, pattern = "(?:while|for)[ ]{0,8}[(][ (]{0,60}(?:;;|true|this|string|!?nan|!?[-+]?[0-9]{1,60}|!+[^a-z)]{0,60}|[-+]?infinity|!(?:false|null|undefined)|new [a-z]{1,60}[( )]{0,60})[ ]{0,8}[)]"},
    {id = "node_delay", points = 75, pattern = "do[ ]{0,8}[{][^}]{0,80}new date[ ]{0,8}[(][ ]{0,8}[)][^}]{0,80}[}][ ]{0,8}while[ ]{0,8}[(]"},
    {id = "template_arithmetic", points = 80, pattern = "(?:[$#@*%]?[{]{1,3}|<%=?|\\[\\[|[{]%)[ ]{0,8}[(]?['\"]?[0-9]{1,60}['\"]?[ ]{0,8}[*+/-][ ]{0,8}['\"]?[0-9]{1,60}['\"]?[ )]{0,60}(?:[}]{1,3}|%>|\\]\\]|%[}])"},
    {id = "template_object", points = 85, pattern = "__(?:class|mro|subclasses|globals|builtins|import|base|bases|init|getitem|reduce)__|[{][{%][^{}]{0,200}(?:config[.]|self[.]_|request[.](?:application|environ)|lipsum|cycler|joiner|namespace[(]|[|]attr|[.]constructor|_self|dump[(]|include |range[.]|[|]filter|[|]map[(]|getenv|popen|system)"},
    {id = "template_code", points = 80, pattern = "<%[=@]?[ ]{0,8}(?:(?:system|exec|eval|require|import|response|request|runtime|new|class|file|dir|io|open|page|%x|foreach|out)[^a-z]|`)|<#assign|[#$][{](?:[^{}]{0,80}(?:exec|system|eval|new |[.]class|constructor|require|process|import|file[.]|io[.]|%x[({\\[]|`[a-z/]{2}))|<#(?:import|include|list)|[?]new[(][)]|[#]set[ ]{0,8}[(][ ]{0,8}[$]|[#]evaluate|freemarker[.]template"},
    {id = "template_tag", points = 75, pattern = "[{]%[ ]{0,8}(?:if|for|set|import|include|extends|block|raw|debug|load|call|macro|with)[^a-z]|<%=?[ ]{0,8}(?:if|for|unless|while)[ (]"},
    {id = "template_probe", points = 75, pattern = "[{][{][ ]{0,3}(?:config|_?self|settings)[ ]{0,3}[}][}]|[{][{]=?[ ]{0,3}['\"]?[a-z0-9]{1,20}['\"][ ]{0,3}[*][ ]{0,3}[0-9]{1,9}|[{][{]=[ ]{0,3}[0-9]{1,9}[*+-][0-9]{1,9}|[{][{%][^{}]{0,80}[.](?:class|subclasses|mro|getclass)[.(]|[{]php[}][^{]{1,80}[{]/php[}]|^@[(][0-9]{1,9}[*+/-][0-9]{1,9}[)]|[$][{](?:script|url|dns|const|base64decoder):[a-z0-9]|[{][$]smarty[.]|[{][{][ ]{0,3}['\"][^'\"{}]{0,40}['\"][.][a-z]{2,20}[(]|[{][{][0-9]{1,9}[|][a-z]{2,12}:|[{][{][ ]{0,3}app[.]request|[$*#][{](?:class|request|application|session|pagecontext|facescontext)[.][a-z]{2,30}[(]|<%=?[^%]{0,40}system[.](?:shell|cmd)"},
    {id = "serial_stream", points = 85, pattern = "aaeaaad/{4}|^gasv[a-z0-9+/]{1,4}a{6}|(?:^|[^a-z])c(?:os|posix|nt|subprocess|builtins|__builtin__|commands)\\n[a-z_]{3,20}\\n|!ruby/(?:object|hash|struct|array|class|regexp)"},
    {id = "call_commented", points = 75, pattern = ((((((((("[a-z0-9_]/[*][^*]{0,40}[*]/[ ]{0,3}[(]|(?:^|[^a-z0-9_])(?:system|exec|passthru|shell_exec|eval|assert|popen)" .. BLANK) .. "{0,4}(?:/[*][^*]{0,40}[*]/|(?:#|//)[^\\n]{0,60}\\n)") .. BLANK) .. "{0,4}[(]|['\"][ ]?[.][ ]?(?:system|exec|passthru|shell_exec|eval|phpinfo|popen)[(]|^") .. BLANK) .. "{0,3}[(]string[)]") .. BLANK) .. "{0,3}['\"][a-z_]{3,30}['\"]") .. BLANK) .. "{0,3}[(]"},
    {id = "asp_code", points = 75, pattern = "server[.](?:scripttimeout|createobject|mappath)|createobject[ ]{0,3}[(]|wscript[.]shell|adodb[.]stream|response[.]binarywrite|eval[ ]{0,3}[(]?[ ]{0,3}request|(?:\"[a-z]{1,8}\"[ ]?&[ ]?){3}"},
    {id = "sheet_command", points = 75, pattern = "^[=+@-][^|]{0,60}(?:cmd|powershell|mshta|rundll32|regsvr32|msexcel)[|][ ]{0,3}['\"]"},
    {id = "perl_interpolation", points = 80, pattern = "@[{][ \\t]{0,8}\\["},
    {id = "node_object", points = 70, pattern = "^[a-z0-9_;\"'}){ ]{0,3}(?:console[ ]{0,8}(?:[.](?:log|info|error|warn|dir|debug|trace)[ ]{0,8}[(.]|\\[)|process[ ]{0,8}\\[|require[ ]{0,8}\\[|module[.]exports[ ]{0,8}=)|__js_function|:constructor:constructor"},
    {id = "call_alone", points = 70, pattern = "^[a-z0-9]{2,20}(?:_[a-z0-9]{1,20}){1,8}[ ]?[(](?![+])[^)]{0,60}[)]?;?$|^[$][a-z_]{1,60}[-]>[a-z_]{1,60}[(]"},
    {id = "script_runtime", points = 80, pattern = "__import__|(?:^|[^a-z])(?:os|subprocess|commands|posix|pty|shutil|importlib)[.](?:system|popen|exec[a-z]{0,60}|spawn[a-z]{0,60}|call|run|check_output|getoutput|import_module)[ ]{0,8}[(]|!!(?:python|ruby|javax?|php)/|(?:compile|exec|eval)[ ]{0,8}[(][ ]{0,8}(?:compile|['\"][ ]{0,8}(?:import|for|print))|kernel[.](?:exit|fork)[ (]|(?:kernel|process|open3|io)[.](?:exec|spawn|system|popen|capture[0-9]?|clock_gettime)[ (]|system[.](?:diagnostics|reflection|io[.]file)[.]|%x[(\\[{|]"}
}
--- Cheap presence test for any of the above.
____exports.CODE_GATE = "[*]/|!ruby|aaeaaad|^gasv|\\n|^[=+@-]|[${}<(]|[.:]|%x|__|=|closure|transformer|instantiate|prototype|templatesimpl|ysoserial|badattribute|ro0ab|aced0005|\\xac\\xed|h4sia|phpinfo|child_process"
return ____exports
 end,
["rules.command-patterns"] = function(...)
local ____exports = {}
local BLANK = "[ \\t\\r\\n\\x0b]"
--- Programs that an injected command starts with, on Unix, by names that are no words.
local NAMES = (((((((("(?:ansible[a-z-]{0,60}|apt(?:-get|itude)?|aria2c|arp|awk|base(?:32|64)|bash|bsdtar|busybox|bzip2" .. "|chef[a-z-]{0,60}|chgrp|chmod|chown|chroot|cpulimit|crontab|cscli|csh|csplit|curl|dd|df|dirname|dmesg") .. "|dnf|dpkg|egrep|emacs|expr|fgrep|flock|fmt|fping|ftp|gawk|gcc|gdb|getent|gpg|grep|gunzip|gzip") .. "|hexdump|htop|iconv|ifconfig|ionice|iptables|journalctl|jq|ksh|kubectl|ldd|logname") .. "|ls(?:attr|cpu|of|usb|b_release)?|lua|lwp-[a-z]{1,60}|mawk|mkdir|mkfifo|mknod|mtr|mysql(?:dump)?|nano") .. "|nawk|nc(?:at)?|netcat|netstat|nl|nmap|nohup|nslookup|openssl|passwd|perf|pgrep|php[0-9.]{0,60}") .. "|pip[0-9x]{0,60}|pkill|printenv|printf|psql|pwd|rcp|readelf|readlink|rm|rmdir|rmt(?:-[a-z]{1,60})?|rpm|rsync") .. "|run-parts|scp|sed|setsid|sftp|shuf|socat|ssh(?:-[a-z-]{1,60})?|stdbuf|strace|sudo|sysctl|systemctl") .. "|tclsh|tcpdump|telnet|tftp|tmux|traceroute6?|tshark|uname|unexpand|uniq|unlink|unshare|unzip") .. "|uptime|useradd|usermod|vim(?:diff)?|visudo|wc|wget|whereis|whoami|xargs|xxd|zcat|zsh)"
--- And by names that prose uses too: these count with arguments that prose does not have.
local WORDS = ((("(?:ab|ash|at|bridge|cat|cd|column|comm|cp|cut|dash|date|diff|dig|docker|du|echo|ed|env|ex|expand" .. "|find|fold|git|head|host(?:name(?:ctl)?)?|id|install|ip|join|kill(?:all)?|last(?:log(?:in)?)?") .. "|less|ll|ln|locate|mail|make|more|mount|mv|nice|node|od|paste|perl|pico|ping6?|ps|python[0-9.]{0,60}") .. "|reboot|rev|route|ruby|screen|script|service|sh|shred|shutdown|sleep|sort|split|ss|stat|strings") .. "|su|tac|tail|tar|tasks(?:et)?|tee|timeout|top|touch|trap|vi|view|w|watch|which|who|yum|zip)"
--- And on Windows, by names that are no words and by names that are.
local WINDOWS_NAMES = "(?:attrib|bitsadmin|cacls|certutil|cmd|cmdkey|cscript|del|dir|dsquery|findstr|ftype|gpresult|icacls|ipconfig|mshta|msiexec|nbtstat|" .. "netsh|powershell|pwsh|qprocess|reg(?:edit|svr32)|robocopy|rundll32|runas|schtasks|systeminfo|takeown|taskkill|tasklist|tracert|vssadmin|wevtutil|whoami|wmic|wscript|xcopy)(?:[.]exe)?"
local WINDOWS_WORDS = "(?:assoc|bcdboot|copy|erase|md|net1?|ping|query|rd|reg|ren|sc|set|start|time|tree|type|ver|vol)(?:[.]exe)?"
--- PowerShell's own, by verb and noun.
local CMDLET = ("(?:get|set|new|start|stop|invoke|remove|add|out|import|export|copy|move|write|select|where|foreach|test|resolve|convertto|convertfrom|enable|disable|restart|rename|clear)-" .. "(?:item(?:property)?|process|content|childitem|object|service|wmi(?:object|method)|cim(?:instance|method)|expression|webrequest|restmethod|command|location|host|file|string|variable|computerinfo|") .. "net[a-z]{2,20}|local(?:user|group|groupmember)|executionpolicy|scheduledtask|job|path|connection|clixml|acl|hotfix|psdrive|eventlog|winevent|mppreference|null|output|bitstransfer|ad(?:user|computer|domain|group)|credential)"
local CMDLET_START = "(?:[;|&({]|[$][(]|[\\r\\n])[ ]{0,3}"
local CMDLET_ARGUMENT = "[ ]{1,3}(?:-[a-z]|[a-z]:[\\\\/]|[\"'$(]|[.]{0,2}[\\\\/]|[a-z0-9_-]{1,40}[.](?:exe|ps1|txt|bat|dll|vbs))"
local FOLDER = "(?:[/.~][a-z/.]{0,40}/|/)?"
--- An argument that no sentence has: an option, a path, a variable, an address, a redirection.
local ARGUMENT = BLANK .. "{1,8}(?:[-+][a-z0-9-]|/|[~$.'\"`*]|[a-z]:[\\\\/]|[0-9]{1,60}[.][0-9]|https?:|[a-z0-9_.-]{1,60}(?:[/@:=][a-z0-9_/]|[.](?:php|sh|txt|py|pl|conf|log|gz|zip|c|html?)(?:[^a-z]|$)))"
--- What may follow a name that is no word.
local AFTER_NAME = ((((((((("(?:" .. BLANK) .. "{0,8}$|") .. BLANK) .. "{0,8}[;|&<>)`]|") .. ARGUMENT) .. "|") .. BLANK) .. "{1,8}[a-z0-9_.-]{1,60}") .. BLANK) .. "{0,8}(?:$|[;|&<>)`]))"
--- Programs that read the file after `<`; a closing tag is none.
local READ_FROM = "(?:cat|tac|nl|rev|od|wc|xxd|sh|bash|base(?:32|64))<(?!/[a-z0-9]{1,10}>)[a-z0-9./~$]"
local PROGRAM = ((((((((FOLDER .. "(?:") .. NAMES) .. AFTER_NAME) .. "|") .. WORDS) .. ARGUMENT) .. "|") .. READ_FROM) .. ")"
--- After a line break even a program's name may be the first word of a sentence; "at" begins the lines of a stack.
local LINE_PROGRAM = (((((((((("(?!at )" .. FOLDER) .. "(?:") .. NAMES) .. "(?:$|") .. BLANK) .. "{0,8}[;|&>)`]|") .. ARGUMENT) .. ")|") .. WORDS) .. ARGUMENT) .. ")"
local WRAPPER = ((((("(?:[$][a-z0-9_]{1,10}" .. BLANK) .. "{1,8}){0,2}(?:(?:sudo|doas|nohup|setsid|strace|ltrace|time|command|exec|eval|env|busybox|xargs|watch|timeout|nice|ionice)") .. BLANK) .. "{1,8}(?:-[a-z0-9]{1,60}") .. BLANK) .. "{1,8})?){0,2}"
--- What ends one command and begins another. Backticks are apart: prose quotes code with them.
local SEPARATOR = "(?:[;|]|&&|[|]&|[$<>][(]|[$][(]{2}|(?:^|[^a-z0-9=&?])&|&(?![^ ])|[(]{2})"
--- A value that a command is appended to where nothing but a value was meant: an address, a number, a file, a letter.
local STUB = "(?:(?:[0-9]{1,3}[.]){3}[0-9]{1,3}|[0-9]{0,9}|[a-z]|[^ ;|&]{1,60}[.](?:html?|php|txt|aspx?|jsp|cgi|jpe?g|png|gif|pdf|csv|xml))"
local ADDRESS = "(?:[0-9]{1,3}[.]){3}[0-9]{1,3}"
--- Programs that need no argument to tell something.
local BARE = "(?:id|ls|ps|w|who|env|set|dir|ver|pwd|sh|bash|date|history|mount|df|last|vol|whoami|uname|hostname|ifconfig|ipconfig)"
local BARE_SURE = "(?:id|ls|ps|who|env|dir|ver|pwd|sh|bash|df|whoami|uname|ifconfig|ipconfig)"
local BARE_END = "[ ]{0,3}[|;&#'\"`)]{0,3}[ \\r\\n]{0,4}$"
local REST = "[ ][^|;&\\r\\n]{1,80}"
--- Over text from which shells' ways to hide a word (quotes and backslashes inside it) are removed.
____exports.COMMAND_RULES = {
    {id = "command_chained", points = 80, pattern = ((((((((SEPARATOR .. BLANK) .. "{0,8}[(!@]?") .. BLANK) .. "{0,8}") .. WRAPPER) .. PROGRAM) .. "|(?:^|[^a-z_|])[;|&]{1,2}") .. WORDS) .. "(?:[;&>)]|$)"},
    {id = "command_appended", points = 75, pattern = (((((((("^(?:" .. STUB) .. "['\"`)]{0,3}(?:[;|]{1,2}|&&|&(?![ ]))") .. BARE_SURE) .. "|(?:") .. ADDRESS) .. "[ ]{0,3}(?:[;|]{1,2}|&{1,2}|[\\r\\n]{1,2})|[ ]{0,3}(?:[;|]{1,2}|&&)|[\\r\\n]{1,2})[ ]{0,3}") .. BARE) .. ")") .. BARE_END},
    {id = "command_appended", points = 75, pattern = ((((((((((("^(?:" .. STUB) .. "['\"`)]{0,3}(?:[;|]{1,2}|&&|&(?![ ]))|") .. ADDRESS) .. "[ ]{0,3}(?:[;|]{1,2}|&{1,2}|[\\r\\n]{1,2})[ ]{0,3}|(?:[;]|[|]{2}|&&)[ ]{0,3})(?:") .. NAMES) .. "|") .. WORDS) .. "|") .. WINDOWS_WORDS) .. "|exec|eval|source|set)") .. REST) .. BARE_END},
    {id = "command_braces", points = 75, pattern = ((((("[{],?[$'\"]{0,2}(?:" .. NAMES) .. "|") .. WORDS) .. ")['\"]?,(?:--?[a-z0-9]|[/~$#])[^} ]{0,80}[}]|(?:^|[;|&`(])[{][a-z]{1,6},--?[a-z]{1,6}[}][a-z]{1,8}|[{],[$'\"]{0,2}(?:") .. NAMES) .. "|echo|cat|id|ls)['\"]?,[^} ]{0,80}[}]"},
    {id = "command_assigned", points = 75, pattern = "(?:^|[;&|])[ ]{0,3}[a-z_][a-z0-9_]{0,12}=[^;&| ]{1,40}(?:;|&&)[^\\n]{0,40}[$][a-z_]{1,14}(?:$|[;/|&]|[$]|[ ]{1,3}[a-z/.-])"},
    {id = "command_ansi_text", points = 75, pattern = "[$]'(?:[^' ]{0,12}\\\\(?:x[0-9a-f]{2}|[0-7]{2,3}|u[0-9a-f]{4})|[a-z]{2,12}'(?: |$))|(?:^|[;|&`( /])[a-z]{1,12}[$][@*!][a-z]{1,12}(?:$|[ ;|&)<`])"},
    {id = "command_cmdlet", points = 75, pattern = (((((CMDLET_START .. CMDLET) .. "(?:$|[ ]{0,3}[;|&)]|") .. CMDLET_ARGUMENT) .. "|[ ]{1,3}[a-z0-9_.-]{1,40}[ ]{0,3}(?:$|[;|&)]))|^") .. CMDLET) .. CMDLET_ARGUMENT},
    {id = "command_cmdlet", points = 75, pattern = "(?:[;|&({]|&&)[ ]{0,3}(?:iwr|irm|iex|iwmi|gwmi|icm|gci|gps|saps|gcm|sal|gc)[ ]{1,3}(?:-[a-z]|https?:|[($\"'])"},
    {id = "command_backtick", points = 80, pattern = ((((((((((("(?:^" .. BLANK) .. "{0,8}|[a-z0-9=;|&'\"])`(?:") .. FOLDER) .. "(?:") .. NAMES) .. "|") .. WORDS) .. ")(?:") .. BLANK) .. "[^`]{0,80})?)`") .. BLANK) .. "{0,8}(?:$|[a-z0-9;|&'\"-])"},
    {id = "command_substituted", points = 75, pattern = ((((((((("[$<>][(]" .. BLANK) .. "{0,8}") .. FOLDER) .. "(?:") .. NAMES) .. "|") .. WORDS) .. ")(?:") .. BLANK) .. "[a-z0-9./_$-]|[$`;|<>)])"},
    {id = "command_piped", points = 80, pattern = "[|][ ]{0,8}(?:/bin/|/usr/bin/)?(?:ba|z|k|c|da|a)?sh(?:[ ]{0,8}$|[ ]{1,8}-|[ ]{0,8}[;|&<>])"},
    {id = "command_line", points = 75, pattern = ((("[\\r\\n]" .. BLANK) .. "{0,8}") .. WRAPPER) .. LINE_PROGRAM},
    {id = "command_windows", points = 75, pattern = (((((((((((((("(?:[;|\\r\\n]|&&|(?:^|[^a-z0-9=&?])&|[$][(])" .. BLANK) .. "{0,8}@?(?:") .. WINDOWS_NAMES) .. "(?:") .. BLANK) .. "{0,8}$|") .. BLANK) .. "{0,8}[;&<>]|") .. BLANK) .. "{1,8}(?:/[a-z]|[a-z]:|%|[\\\\\"']|-))|") .. WINDOWS_WORDS) .. BLANK) .. "{1,8}(?:/[a-z](?:[^a-z]|$)|[a-z]:[\\\\/]|%[a-z]|<)|net1?") .. BLANK) .. "{1,8}(?:user|localgroup|group|view|share|use|accounts|session)(?:[^a-z]|$))"},
    {id = "command_start", points = 75, pattern = ((((((((((((((((("^" .. BLANK) .. "{0,8}") .. WRAPPER) .. "(?:/(?:usr/)?(?:local/)?s?bin/)?(?:") .. NAMES) .. "|") .. WORDS) .. ")") .. BLANK) .. "{1,8}(?:--?[a-z][a-z0-9-]{0,60}(?:$|[^a-z0-9-])|/(?:etc|bin|usr|tmp|dev|proc|var|home|root|opt)(?:/|$|") .. BLANK) .. ")|[$]|https?://[^ ]{1,200}") .. BLANK) .. "{0,8}(?:$|[;|&>-])|[a-z0-9_./-]{1,40}") .. BLANK) .. "{0,8}[|>;]") .. BLANK) .. "{0,8}[a-z/])"},
    {id = "command_start", points = 75, pattern = ((((((((((((((((((((((((((((((((((("^" .. BLANK) .. "{0,8}(?:[;|&]{1,2}") .. BLANK) .. "{0,8})?(?:cmd(?:[.]exe)?") .. BLANK) .. "{0,8}/[ckqsd]|netsh") .. BLANK) .. "{1,8}(?:adv)?(?:firewall|interface|wlan|winsock)(?:$|") .. BLANK) .. ")|powershell(?:[.]exe)?") .. BLANK) .. "{1,8}-|net") .. BLANK) .. "{1,8}(?:user|localgroup|view|share|use|start|stop)(?:$|[^a-z])|(?:dir|type|copy|del|attrib|tree)(?:") .. BLANK) .. "{1,8}|[+])[a-z]:[\\\\/\"]|(?:dir|del|reg|xcopy|bcdboot|net|tasklist|ipconfig|systeminfo)") .. BLANK) .. "{1,8}/[a-z?](?:$|") .. BLANK) .. ")|wmic") .. BLANK) .. "{1,8}[a-z]{1,60}") .. BLANK) .. "|certutil") .. BLANK) .. "{1,8}-|rundll32") .. BLANK) .. "|regsvr32") .. BLANK) .. "|reg") .. BLANK) .. "{1,8}(?:add|query|delete|save)") .. BLANK) .. "|(?:ping|tracert|nslookup)[.]exe") .. BLANK) .. ")"},
    {id = "command_wrapped", points = 75, pattern = ((((((((((("^" .. BLANK) .. "{0,8}(?:sudo|doas|nohup|setsid|strace|ltrace|time)") .. BLANK) .. "{1,8}(?:-[a-z0-9]{1,60}") .. BLANK) .. "{1,8})?(?:") .. NAMES) .. "(?:") .. BLANK) .. "|$)|(?:who|id|ls|ps)") .. BLANK) .. "{0,8}$)"},
    {id = "command_install", points = 70, pattern = ((((((((("^" .. BLANK) .. "{0,8}(?:sudo") .. BLANK) .. "{1,8})?(?:pip[0-9x]{0,60}|apt(?:-get)?|yum|dnf|npm|gem|brew|apk)") .. BLANK) .. "{1,8}(?:install|add|remove)") .. BLANK) .. "{1,8}[a-z0-9_.@/-]{1,60}") .. BLANK) .. "{0,8}$"},
    {id = "command_binary", points = 80, pattern = "(?:^|[^a-z0-9_./-])(?:/usr(?:/local)?)?/s?bin/[a-z\\[][a-z0-9_.-]{0,60}|/(?:usr/)?(?:local/)?s?bin/(?:[a-z]{0,60}sh|cat|nc|ncat|netcat|id|ls|perl|python[0-9.]{0,60}|php|ruby|wget|curl|ping|uname|whoami|env|echo|ps|telnet|rm|cp|chmod|socat|nslookup|sleep)(?:[^a-z0-9_/.-]|$)"},
    {id = "command_delay", points = 75, pattern = ((((("(?:[;|&]{1,2}|[$][(]|`|^[\\r\\n]{1,4})" .. BLANK) .. "{0,4}(?:sleep|timeout)") .. BLANK) .. "{1,4}[0-9]{1,5}[smh]?") .. BLANK) .. "{0,4}(?:$|[;|&#'\"`)])"},
    {id = "command_device", points = 85, pattern = "/dev/(?:tcp|udp)/"},
    {id = "command_shellshock", points = 95, pattern = "^[ ]{0,8}[(][ ]{0,8}[)][ ]{0,8}[{]|[(][ ]{0,8}[)][ ]{0,8}[{][ ]{0,8}(?:[:_a-z]?[ ]{0,8};|_[ ]{0,8};)"},
    {id = "command_field_separator", points = 80, pattern = "[$][{]?ifs(?:[^a-z]|$)"},
    {id = "command_substitution", points = 75, pattern = "[$][(](?:[(][^)]{0,60}[)]|<?[a-z/._-]{2,40}(?:[ )(]|$))|[$][{](?:ifs|path|home|shell|pwd|env)[^a-z]|(?:^|[^a-z])[$](?:shell|path|home|pwd)(?:[^a-z]|$)|[$]\\[[0-9+*/ -]{0,60}\\]"},
    {id = "command_wildcard", points = 75, pattern = "(?:^|[^a-z0-9])/(?:(?:[a-z]{1,12}[?*]|[?][a-z?])[a-z?]{0,12}/[a-z?*\\[\\]]{2,40}|(?:[a-z]{1,12}\\[[?a-z!/-]{1,12}\\]/?|\\[[?a-z!/-]{1,12}\\])[a-z?*\\[][a-z/?*\\[]{0,19})|/(?:etc|bin|usr|proc)/[a-z]{0,20}(?:[?*]|\\[[!a-z-]{1,6}\\])[a-z?*\\[\\]]{0,60}"},
    {id = "command_variable", points = 75, pattern = "%(?:comspec|systemroot|windir|programfiles|commonprogram[a-z]{0,60}|appdata|userprofile|path|os)(?:%|:~)|[$][{][a-z_]{1,40}(?::[0-9-]|//?[^}]{0,60}/|[#%@^,]|:-)|(?:;|&&|[|])[ ]{0,8}[$][a-z0-9_]{1,20}(?:[$]|[ ]{1,8}[$/-])"},
    {id = "command_redirect", points = 70, pattern = "(?:^|[^=<-])>{1,2}[ ]{0,8}(?:/(?:dev|tmp|var|etc|home)/|[&][0-9]|[a-z0-9_./-]{1,60}[.](?:php|sh|jsp|aspx?|py|pl)(?:[^a-z]|$))|[0-9]>&[0-9]|<<<"},
    {id = "command_loop", points = 75, pattern = "(?:^|[;&| ])for[ ]{1,8}(?:/[dflr][^%]{0,60})?%{1,3}[^ ]{1,24}[ ]{1,8}in[ ]{0,8}[(]|(?:^|[;&|][ ]{0,8})if(?:[ ]{1,8}|/)(?:/?i[ ]{1,8})?(?:not[ ]{1,8})?(?:(?:exist|defined|errorlevel|cmdextversion)[ ]{1,8}[^ ]{1,60}[ ]{1,8}[a-z(@]|[(]?[\"'%{\\[]?[a-z0-9%~:!_. -]{1,40}[\"'%})\\]]{0,2}[ ]{0,8}(?:===?|[ ](?:equ|neq|lss|leq|gtr|geq)[ ])[ ]{0,8}(?:\"[^\"]{0,40}\"|[^ ]{1,40})[ ]{1,8}(?:[(@]|echo|goto|cmd|call |set |exit|start |del |type ))"},
    {id = "command_encoded", points = 80, pattern = "powershell[^a-z][^\\n]{0,60}-e(?:nc|ncodedcommand)?[ ]|frombase64string|base64[ ]{1,8}-+d|downloadstring[ ]{0,8}[(]|invoke-(?:expression|webrequest|command)|(?:^|[^a-z])iex[ ]{0,8}[(]|new-object[ ]{1,8}(?:system|net)[.]"},
    {id = "command_alias", points = 75, pattern = "(?:^|[;&| ])alias[ ]{1,8}(?:[-+][a-z]{1,60}[ ]{1,8})?['\"]?[a-z0-9_-]{1,30}['\"]?="},
    {id = "command_split", points = 75, pattern = "[a-z](?:``[a-z]|[$<>][(][)][a-z ])"},
    {id = "command_bomb", points = 80, pattern = "[(][)][ ]{0,8}[{][^}]{0,40}[|&][^}]{0,40}[}][ ]{0,8};?[ ]{0,8}[a-z:.]{1,12}$"},
    {id = "command_arguments", points = 70, pattern = "(?:^|[ ])(?:-o[ ]{0,2}(?:proxy|local)command|--?(?:use-askpass|exec|checkpoint-action|use-compress-program|wrapper|open-files-in-pager|to-command|rsh|upload-pack|output-document))[= ]"}
}
--- Quotes or escapes in the middle of the first word: one quote alone is an apostrophe.
____exports.SPLIT_QUOTE = "^[ ]{0,8}(?:['\"][a-z]{1,12}['\"][a-z]|[a-z]{1,12}(?:['\"]{2}|[\\\\^]|['\"][a-z]{1,12}['\"])[a-z]{0,12})"
--- The same in the first word after what ends a command, and what that word may spell.
____exports.SPLIT_AFTER = "[;|&`][ ]{0,3}(?:['\"][a-z]{1,12}['\"][a-z]|[a-z]{1,12}(?:['\"]{2}|[\\\\^]|[$][@*!]|['\"][a-z]{1,12}['\"])[a-z]{1,12})"
____exports.COMMAND_AFTER = ((("[;|&`][ ]{0,3}(?:" .. NAMES) .. "|") .. WORDS) .. ")(?:$|[ ;|&<>])"
--- What that word may spell.
____exports.COMMAND_WORD = ((((("^" .. BLANK) .. "{0,8}(?:") .. NAMES) .. "|id|ip|ps|cat|time)(?:") .. BLANK) .. "|$)"
____exports.COMMAND_GATE = "^[ ]{0,8}['\"]?[a-z]{1,12}['\"\\\\^]|^--?[a-z]|^[a-z]{1,20}-[a-z]{1,20} |[;|&`$\\r\\n(<>%!?*~{\\[]|/(?:bin|usr|dev|sbin)/|^[ ]{0,8}[a-z0-9/._]{1,60}[ ]{1,8}(?:[^a-z]|if|install|https?:|[a-z]:|user|group|localgroup|adv)|^net| -|^if|nohup|strace|sudo|time |alias|cmd|powershell|iex|invoke|frombase64|install "
return ____exports
 end,
["rules.command"] = function(...)
local ____lualib = require("lualib_bundle")
local __TS__StringCharCodeAt = ____lualib.__TS__StringCharCodeAt
local __TS__StringSlice = ____lualib.__TS__StringSlice
local ____exports = {}
local ____command_2Dpatterns_2Ets = require("rules.command-patterns")
local COMMAND_AFTER = ____command_2Dpatterns_2Ets.COMMAND_AFTER
local COMMAND_GATE = ____command_2Dpatterns_2Ets.COMMAND_GATE
local COMMAND_RULES = ____command_2Dpatterns_2Ets.COMMAND_RULES
local COMMAND_WORD = ____command_2Dpatterns_2Ets.COMMAND_WORD
local SPLIT_AFTER = ____command_2Dpatterns_2Ets.SPLIT_AFTER
local SPLIT_QUOTE = ____command_2Dpatterns_2Ets.SPLIT_QUOTE
local ____finding_2Ets = require("rules.finding")
local raise = ____finding_2Ets.raise
local function isLetter(code)
    return code >= 97 and code <= 122
end
--- How many bytes at `at` a shell drops while it reads a word: quotes, backslashes, carets, empty variables.
local function dropped(text, at)
    local code = __TS__StringCharCodeAt(text, at)
    if (code == 39 or code == 34) and at > 1 and __TS__StringSlice(text, at - 2, at) == "$(" then
        return 0
    end
    if code == 39 or code == 34 or code == 92 or code == 94 then
        return 1
    end
    if code ~= 36 then
        return 0
    end
    local next = __TS__StringCharCodeAt(text, at + 1)
    if next == 64 or next == 42 or next == 33 or next == 36 or next == 63 or next == 45 or next == 95 then
        return 2
    end
    return isLetter(next) and not isLetter(__TS__StringCharCodeAt(text, at + 2)) and 2 or 0
end
--- The text as a shell reads its words: c'a't, 'c'at, c\at, c^at and c$@at are cat.
function ____exports.unquote(text)
    local parts = {}
    local from = 0
    local at = 0
    while at < #text do
        local width = dropped(text, at)
        if width > 0 and (isLetter(__TS__StringCharCodeAt(text, at + width)) or at > 0 and isLetter(__TS__StringCharCodeAt(text, at - 1))) then
            parts[#parts + 1] = __TS__StringSlice(text, from, at)
            from = at + width
        end
        at = at + (width > 0 and width or 1)
    end
    if from == 0 then
        return text
    end
    parts[#parts + 1] = __TS__StringSlice(text, from)
    return table.concat(parts, "")
end
--- Command injection in lower-case text; `plain` is the text unquoted.
function ____exports.judgeCommand(host, text, plain, finding)
    if not host.match(COMMAND_GATE, text) then
        return
    end
    for ____, rule in ipairs(COMMAND_RULES) do
        if host.match(rule.pattern, text) then
            raise(finding, rule.id, rule.points)
        end
    end
    if plain == text then
        return
    end
    if host.match(SPLIT_QUOTE, text) and host.match(COMMAND_WORD, plain) then
        raise(finding, "command_quoted", 75)
    end
    if host.match(SPLIT_AFTER, text) and host.match(COMMAND_AFTER, plain) then
        raise(finding, "command_quoted", 75)
    end
    for ____, rule in ipairs(COMMAND_RULES) do
        if host.match(rule.pattern, plain) then
            raise(finding, rule.id, rule.points)
        end
    end
end
return ____exports
 end,
["rules.markup-patterns"] = function(...)
local ____exports = {}
--- Events that a browser fires by itself or by a touch; their attributes run script.
local EVENTS = ((((("on(?:abort|activate|after[a-z]{1,60}|animation[a-z]{1,60}|auxclick|before[a-z]{1,60}|begin|blur|bounce|cancel|canplay[a-z]{0,60}|change|click|" .. "close|contextmenu|copy|cuechange|cut|dblclick|drag[a-z]{0,60}|drop|durationchange|end|ended|error|finish|focus[a-z]{0,60}|") .. "formdata|fullscreen[a-z]{0,60}|gotpointercapture|hashchange|input|invalid|key(?:down|press|up)|load[a-z]{0,60}|lostpointercapture|") .. "message[a-z]{0,60}|mouse[a-z]{1,60}|mozfullscreen[a-z]{0,60}|offline|pag(?:ehide|eshow)|paste|pause|play[a-z]{0,60}|pointer[a-z]{1,60}|popstate|") .. "progress|propertychange|ratechange|readystatechange|repeat|reset|resize|scroll[a-z]{0,60}|search|securitypolicyviolation|") .. "seek[a-z]{1,60}|select[a-z]{0,60}|show|slotchange|stalled|start|storage|submit|suspend|timeupdate|toggle|touch[a-z]{1,60}|") .. "transition[a-z]{1,60}|unhandledrejection|unload|volumechange|waiting|webkit[a-z]{1,60}|wheel)"
local BLANK = "[ \\t\\r\\n\\f\\x0b\\x00/]"
--- Over the inside of one tag: `name attributes`, lower-case, entities decoded.
____exports.TAG_RULES = {
    {id = "markup_script", points = 90, pattern = "^(?:[a-z0-9]{1,60}:)?script(?:[^a-z0-9]|$)"},
    {id = "markup_event", points = 90, pattern = (("[^a-z0-9_-]" .. EVENTS) .. BLANK) .. "{0,8}="},
    {id = "markup_event", points = 80, pattern = ((((("^[a-z0-9:-]{1,60}[ \\t\\r\\n\\f/\"'`]{1,8}on[a-z]{3,24}" .. BLANK) .. "{0,8}=") .. BLANK) .. "{0,8}[\"'`]?(?:[a-z_$.\\[({]{1,60}[a-z0-9_$.\\])}]{0,60}[(`=\\[.]|[0-9]{1,3}[\"'`]?") .. BLANK) .. "{0,8}$)"},
    {id = "markup_script_url", points = 90, pattern = "[a-z:=\"'` \\t\\r\\n][=(][ \\t\\r\\n\"'`]{0,8}(?:java|vb|live)script[\\x00-\\x20]{0,60}:"},
    {id = "markup_data_url", points = 80, pattern = "[=(;][ \\t\\r\\n\"'`]{0,8}(?:url=)?[ \"'`]{0,8}data[\\x00-\\x20]{0,60}:[^ >]{0,40}(?:text/html|image/svg|xml|base64|script|,)[^>]{0,300}"},
    {id = "markup_embed", points = 75, pattern = "^(?:applet|base|bgsound|embed|frame|frameset|iframe|ilayer|import|isindex|layer|object|portal|xss|xml|[a-z]{0,60}:vmlframe|noscript)(?:[^a-z0-9_-]|$)"},
    {id = "markup_meta", points = 75, pattern = "^meta[^a-z0-9][^>]{0,300}(?:http-equiv|charset[ =])"},
    {id = "markup_link", points = 75, pattern = "^link[^a-z0-9][^>]{0,300}(?:rel|href)[ \\t\\r\\n/]{0,8}="},
    {id = "markup_style", points = 75, pattern = "^style(?:[^a-z0-9]|$)"},
    {id = "markup_css", points = 75, pattern = "style[ \\t\\r\\n/]{0,8}=[^>]{0,300}(?:expression[ \\t/*]{0,60}[(]|behaviou?r[ \\t/*]{0,60}:|-moz-binding|@import|filter[ ]{0,8}:[ ]{0,8}url|\\\\[0-9a-f]{2,6}|font-family[ ]{0,8}:[^\"']{0,60}[}\\[])"},
    {id = "markup_active", points = 75, pattern = "^(?:(?:[a-z0-9]{1,60}:)?(?:svg|math|set|animate[a-z]{0,60}|handler|foreignobject|feimage)|event-source|keygen|marquee|menuitem|command)[^a-z0-9][^>]{0,300}(?:href|action|attributename|formaction|handler|src|to|from|values|dynsrc|xlink)[a-z:]{0,60}[ \\t/]{0,8}="},
    {id = "markup_form", points = 70, pattern = "^(?:form|button|input|isindex)[^a-z0-9][^>]{0,300}(?:formaction|action)[ \\t/]{0,8}="},
    {id = "markup_binding", points = 75, pattern = "[^a-z]datasrc[ ]{0,8}=[ \"']{0,4}#|[^a-z](?:href|src|action)[ ]{0,8}=[ \"']{0,4}(?:mocha:|https?://(?:[0-9]{8,10}|0x[0-9a-f]{2,8}|0[0-7]{2,4}[.])(?:[/:.?\"' ]|$))|style[ ]{0,8}=[^>]{0,300}binding[ ]{0,8}:[ ]{0,8}url"},
    {id = "markup_srcdoc", points = 85, pattern = "[^a-z]srcdoc[ \\t\\r\\n/]{0,8}="},
    {id = "markup_namespace", points = 70, pattern = "xmlns(?::[a-z]{1,60})?[ ]{0,8}=[ \"']{0,8}(?:http://www[.]w3[.]org/(?:2001/(?:xml-events|xinclude)|1999/xhtml|1999/xsl))"},
    {id = "markup_instruction", points = 70, pattern = "^[?]xml-stylesheet|^[?]xml:namespace|^[?]import|^!--[ \\t]{0,8}\\[if|^!\\[cdata\\[[^>]{0,300}<"}
}
--- Over the whole text, lower-case, entities decoded: script without a tag, or out of an attribute.
____exports.SCRIPT_RULES = {
    {id = "script_attribute", points = 80, pattern = ((((("(?:^|[\"'`][ \\t\\r\\n\\f/\"'`]{0,8}|[\"'`][^<>\"'`]{0,80}[ \\t\\r\\n/])" .. EVENTS) .. "[ \\t\\r\\n]{0,8}=[ \\t\\r\\n\"'`]{0,8}[a-z_$({\\[!+/`]|^[ ]{0,8}") .. EVENTS) .. "[ ]{0,8}=[ ]{0,8}$|[\"'`]") .. EVENTS) .. "[ ]{0,8}=$"},
    {id = "script_url", points = 80, pattern = "(?:^|[=(\"'` ,])(?:javascript|vbscript|livescript)[\\x00-\\x20]{0,60}:(?![ ]{0,3}(?:void[(][ ]?0?[ ]?[)])?;?$)[\\x00-\\x20]{0,60}[^ \\t\\r\\n]{0,200}[(`=\\[;/]"},
    {id = "script_dialog", points = 75, pattern = "[(](?:alert|confirm|prompt|eval)[)][ ]{0,8}[(`]|(?:^|[^a-z0-9_`])(?:alert|confirm|prompt)(?:[?][.])?(?:[ \\t\\r\\n]{0,8}[(][ \\t]{0,8}(?:[0-9'\"`/)\\\\]|document|window|string|location|self|this|top|xss|cookie)|[(][a-z]{1,8}[)]|`[0-9a-z'\"$\\\\/`]|[.](?:call|apply|bind)[ (`])"},
    {id = "script_dom", points = 80, pattern = "document[?]?[ ]{0,8}(?:[.][ ]{0,8}(?:cookie|domain|write(?:ln)?[ (]|body[.]|documentelement|location|getelement|createelement|execcommand|queryselector|defaultview|forms|scripts)|\\[[\"'`a-z])"},
    {id = "script_window", points = 75, pattern = "(?:window|self|top|parent|frames|globalthis|this)[ ]{0,8}(?:\\[[ ]{0,8}[\"'`/(+!]|[.](?:location[ ]{0,8}=|open[(]|alert|name[^a-z]|eval|onerror[ ]{0,8}=|atob|settimeout[(]))"},
    {id = "script_location", points = 75, pattern = "(?:^|[;'\"`}\\])=(,])[ ]{0,3}location(?:[.](?:href|hash|search|pathname))?[ ]{0,4}=[ ]{0,4}(?:['\"`](?://|https?:|java)|name|atob|document|window|top)"},
    {id = "script_reference", points = 75, pattern = "(?:^|[;'\"(])[a-z_$]{1,8}=(?:alert|confirm|prompt|eval),[a-z_$]{1,8}[(]|[$][.](?:getscript|globaleval)[(]|(?:^|[='\"( ])data:text/html[;,]"},
    {id = "script_eval", points = 75, pattern = "(?:^|[^a-z0-9_.])(?:eval|settimeout|setinterval|execscript|atob|unescape|decodeuri(?:component)?)[ ]{0,8}[(`][ ]{0,8}(?:[\"'`]|string|atob|unescape|location|name[)]|window|document|this|self|\\[|/)|string[.]fromcharcode|set(?:timeout|interval)[(][a-z_.]{1,60}[ ]{0,8},[ ]{0,8}[0-9]{1,60}[ ]{0,8}[)]|new[ ]{1,8}function[(]['\"`]|(?:^|[^a-z])function[(]['\"`]"},
    {id = "script_call", points = 75, pattern = "(?:reflect|\\])[ ]{0,8}[.][ ]{0,8}(?:apply|construct|get|map|sort|find|filter|foreach|reduce|some|every|constructor|with|at|flatmap|concat)[ ]{0,8}(?:[.][ ]{0,8}(?:call|apply|constructor)[ ]{0,8})?[(`][^)`]{0,20}(?:\\$[{]|alert|eval|prompt|confirm|function)"},
    {id = "markup_breakout", points = 75, pattern = "^[^<>]{0,40}[\"'][ ]?/?>{1,3}[ ]{0,3}<(?!(?:img|br|p|span|div|li|td)[ />])/?[a-z!]"},
    {id = "script_alias", points = 75, pattern = "(?:^|[;={,(])[a-z_$]{1,12}=(?:eval|alert|confirm|prompt)[;,)]|new function`|[a-z)\\]][.]constructor[ ]{0,3}(?:[(][ ]{0,3}['\"`]|`)|new xmlhttprequest[^a-z][^\\n]{0,80}[.]open|(?:\\\\[01]?[0-7]{2}){5,40}|window\\[\\[|import[(]['\"`][^'\"`]{1,80}['\"`][)]$"},
    {id = "script_import", points = 75, pattern = "import[ ]{0,8}[(][ ]{0,8}['\"`/](?:/|data:|https?:)|@import[ ]{0,8}['\"`(u]"},
    {id = "script_css", points = 70, pattern = "(?:^|[;:{ \"'(=])(?:expression[ ]{0,8}[(][^)]{0,60}[(=]|-moz-binding[ ]{0,8}:|behaviou?r[ ]{0,8}:[ ]{0,8}url|url[ ]{0,8}[(][ \"']{0,8}(?:java|vb)script)"},
    {id = "script_utf7", points = 80, pattern = "\\xbc/?script|[+]ad[wx]-[^+]{0,200}[+]ad[4w]-"},
    {id = "script_obfuscated", points = 75, pattern = "(?:\\[\\]|!\\[\\]|\\+\\[|\\(!)[\\[\\]()!+ ]{12,200}|[$_]=~\\[\\]|(?:\\\\[ux][0-9a-f{}]{2,6}){5,40}"}
}
--- What a text must contain before script without tags is looked for.
____exports.SCRIPT_GATE = "script|location|globaleval|text/html|[^a-z]on[a-z]|^on[a-z]|alert|confirm|prompt|document|window|self|top|parent|frames|this|eval|settime|setint|fromcharcode|unescape|atob|reflect|\\]|import|expression|binding|behavio|url|~\\[|\\\\[ux]|globalthis|function|[+]ad|[\"'][ ]?/?>|\\\\[01]?[0-7]{2}|constructor|xmlhttp"
--- A short tag in the middle of a word.
____exports.SPLIT_WORD = "[a-z]</?[a-z]{1,2}>[a-z(]"
--- A script's scheme that is whole only without the tabs and line breaks that browsers drop.
____exports.SCRIPT_SCHEME = "(?:java|vb|live)script:"
return ____exports
 end,
["rules.markup"] = function(...)
local ____lualib = require("lualib_bundle")
local __TS__StringCharCodeAt = ____lualib.__TS__StringCharCodeAt
local __TS__StringSlice = ____lualib.__TS__StringSlice
local ____exports = {}
local squeeze, judgeScript
local ____finding_2Ets = require("rules.finding")
local raise = ____finding_2Ets.raise
local ____markup_2Dpatterns_2Ets = require("rules.markup-patterns")
local SCRIPT_GATE = ____markup_2Dpatterns_2Ets.SCRIPT_GATE
local SCRIPT_RULES = ____markup_2Dpatterns_2Ets.SCRIPT_RULES
local SCRIPT_SCHEME = ____markup_2Dpatterns_2Ets.SCRIPT_SCHEME
local SPLIT_WORD = ____markup_2Dpatterns_2Ets.SPLIT_WORD
local TAG_RULES = ____markup_2Dpatterns_2Ets.TAG_RULES
function squeeze(text, blanks)
    local parts = {}
    local from = 0
    do
        local at = 0
        while at < #text do
            local code = __TS__StringCharCodeAt(text, at)
            if code == 0 or blanks and (code == 9 or code == 10 or code == 13) then
                parts[#parts + 1] = __TS__StringSlice(text, from, at)
                from = at + 1
            end
            at = at + 1
        end
    end
    if from == 0 then
        return text
    end
    parts[#parts + 1] = __TS__StringSlice(text, from)
    return table.concat(parts, "")
end
function judgeScript(host, text, finding)
    if not host.match(SCRIPT_GATE, text) then
        return
    end
    for ____, rule in ipairs(SCRIPT_RULES) do
        if host.match(rule.pattern, text) then
            raise(finding, rule.id, rule.points)
        end
    end
    local squeezed = squeeze(text, true)
    if squeezed == text then
        return
    end
    if host.match(SCRIPT_SCHEME, squeezed) and not host.match(SCRIPT_SCHEME, text) then
        raise(finding, "script_split", 80)
    end
    for ____, rule in ipairs(SCRIPT_RULES) do
        if host.match(rule.pattern, squeezed) then
            raise(finding, rule.id, rule.points)
        end
    end
end
local GREATER = 62
local MAX_TAGS = 40
local MAX_TAG_BYTES = 600
local function opensTag(code)
    return code >= 97 and code <= 122 or code == 33 or code == 63
end
--- Skips what browsers and filters skip differently between `<` and a name.
local function nameStart(text, from)
    local at = from
    while at < #text and at < from + 8 do
        local code = __TS__StringCharCodeAt(text, at)
        if code ~= 47 and code ~= 0 and code > 32 then
            break
        end
        if code == 32 and at == from then
            return -1
        end
        at = at + 1
    end
    return at
end
--- The end of a tag: its `>` outside of quotes, or where the text ends. An unclosed tag still runs.
local function tagEnd(text, from)
    local limit = math.min(#text, from + MAX_TAG_BYTES)
    local quote = 0
    local equals = false
    do
        local at = from
        while at < limit do
            local code = __TS__StringCharCodeAt(text, at)
            if quote ~= 0 then
                if code == quote then
                    quote = 0
                end
            elseif code == GREATER then
                return at
            elseif equals and (code == 34 or code == 39) then
                quote = code
            end
            if code ~= 32 then
                equals = code == 61
            end
            at = at + 1
        end
    end
    return limit
end
local function judgeTag(host, tag, finding)
    for ____, rule in ipairs(TAG_RULES) do
        if host.match(rule.pattern, tag) then
            raise(finding, rule.id, rule.points)
        end
    end
end
--- Without short tags: filters drop them, and `al<x>ert` is alert behind such a filter.
local function withoutTags(text)
    local parts = {}
    local from = 0
    local at = (string.find(text, "<", nil, true) or 0) - 1
    while at >= 0 do
        local ____end = (string.find(
            text,
            ">",
            math.max(at + 1, 1),
            true
        ) or 0) - 1
        if ____end < 0 then
            break
        end
        if ____end - at <= 4 then
            parts[#parts + 1] = __TS__StringSlice(text, from, at)
            from = ____end + 1
        end
        at = (string.find(
            text,
            "<",
            math.max(at + 1 + 1, 1),
            true
        ) or 0) - 1
    end
    parts[#parts + 1] = __TS__StringSlice(text, from)
    return table.concat(parts, "")
end
--- Markup and script injection in lower-case text whose entities are decoded.
function ____exports.judgeMarkup(host, text, finding)
    local at = (string.find(text, "<", nil, true) or 0) - 1
    do
        local tags = 0
        while at >= 0 and tags < MAX_TAGS do
            local from = nameStart(text, at + 1)
            if from >= 0 and opensTag(__TS__StringCharCodeAt(text, from)) then
                local ____end = tagEnd(text, from)
                local tag = __TS__StringSlice(text, from, ____end)
                judgeTag(host, tag, finding)
                for ____, blanks in ipairs({false, true}) do
                    local squeezed = squeeze(tag, blanks)
                    if squeezed ~= tag then
                        judgeTag(host, squeezed, finding)
                    end
                end
            end
            at = (string.find(
                text,
                "<",
                math.max(at + 1 + 1, 1),
                true
            ) or 0) - 1
            tags = tags + 1
        end
    end
    local bare = host.match(SPLIT_WORD, text) and withoutTags(text) or text
    judgeScript(host, bare, finding)
end
return ____exports
 end,
["rules.path-patterns"] = function(...)
local ____exports = {}
--- Files and places of the server that no client names in earnest.
____exports.FILE_RULES = {
    {id = "path_traversal", points = 75, pattern = "(?:^|[/\\\\=:;,])[.]{2,3}[;]?[/\\\\]{1,8}(?:[^/\\\\]{0,64}[/\\\\])?[.]{2,3}[;]?(?:[/\\\\]|$)|(?:^|[^\"'(])(?:[.]{2}(?:/|\\\\|%2f|%5c|0x2f|0x5c|%c0%af)){2}|[.]{2}[/\\\\]{1,2}[.]{0,2}[/\\\\]{0,8}(?:etc|windows|winnt|boot|proc|var|usr|home|root|web-inf|meta-inf|[.][a-z])|(?:[.]{2}2f){2}|(?:[/\\\\][.]{2}[^a-z0-9/\\\\. ]{1,2}){2}|0x2e0x2e|0x5c0x2e|[.]{2}[/\\\\]{1,8}[^ ]{1,80}(?:\\x00|%00)|[.]{2};/|[.]{4}//|[.]\\\\[.]\\\\|^/*[.]{2}[/\\\\{]|^/{3,64}[^/ ]|^/{1,2}[.]{1,2}/{1,2}|^/[.]{3}(?:[./\\\\{]|$)|(?:[/\\\\]{1,3}[.]{1,4}){2}[/\\\\]|[.]{3,60}[/\\\\]?etc[/\\\\]?passwd|^[.]{2}(?:[/\\\\]|$)"},
    {id = "path_system_file", points = 80, pattern = "(?:^|[^a-z0-9])(?:/|\\\\|file:){1,8}(?:private/)?etc[/\\\\.]{1,60}(?:passwd|shadow|group|gshadow|hosts|issue|motd|fstab|crontab|sudoers|ssh|hostname|resolv|profile|services|mysql|my[.]cnf|apache2?|nginx|httpd|php|init[.]d|rc|security|master|release|os-release|[a-z]{1,60}-release|ppp|samba|cron)"},
    {id = "path_system_file", points = 80, pattern = "/proc/(?:self|[0-9]{1,60}|net|version|cpuinfo|mounts|meminfo|sys|cmdline|sched_debug|kcore|interrupts|modules|loadavg|uptime|filesystems)(?:/|$|[^a-z])|/sys/(?:class|kernel|devices|fs|block|bus)(?:/|$)|/var/(?:log|lib|mail|spool|run|cron|backups|adm|cpanel)/[a-z]|/(?:root|home/[a-z0-9_-]{1,60})/[.][a-z]|/dev/(?:null|random|urandom|mem|sd[a-z]|shm)(?:[^a-z]|$)|/usr/local/(?:etc|apache|app/apache|php)"},
    {id = "path_windows_file", points = 80, pattern = "(?:windows|winnt)[/\\\\]{1,8}(?:win[.]ini|system|repair|explorer|php[.]ini|debug|temp|panther|[a-z]{1,60}[.]log)|[/\\\\=]?boot[.]ini|win[.]ini(?:[^a-z]|$)|[a-z]:[/\\\\]{1,8}(?:windows|winnt|boot|inetpub|users|documents and settings|program ?files|xampp|wamp|autoexec)|\\\\\\\\[^\\\\/ ]{1,64}\\\\[a-z]{1,20}[$]|ntuser[.]dat|[a-z]:[/\\\\]?inetpub|inetpub[/\\\\]|system32[/\\\\]"},
    {id = "path_secret_file", points = 75, pattern = "[/\\\\][.](?:git|svn|hg|bzr)[/\\\\]|(?:web|meta)-?inf[/\\\\. ]{0,3}web[.]xml|^/(?:var/www|usr/(?:share|local|lib|src)|srv/www)/[a-z0-9_./-]{1,100}[.](?:php|conf|xml|ini|log|sh|py|properties|ya?ml|env|cfg|key|pem)$|[/\\\\][.](?:ssh|aws|kube|docker|gnupg|bash_history|bashrc|netrc|npmrc|pgpass|my[.]cnf|htpasswd|htaccess|git/|svn/|env)(?:[^a-z]|$)|id_[rd]sa(?:[^a-z]|$)|web-inf[/\\\\]|meta-inf[/\\\\]|wp-config[.]php|web[.]config(?:[^a-z]|$)|[.]htpasswd"},
    {id = "path_server_file", points = 75, pattern = "^(?:[a-z]:)?[/\\\\][^ ?\"']{0,100}(?:[/\\\\](?:access|error|httpd)[._]log(?:[.][0-9]{1,3})?|[/\\\\](?:httpd(?:-[a-z]{1,12})?|apache2?|nginx|php|my|lighttpd|proftpd|vsftpd|smb)[.](?:conf|ini|cnf))$"},
    {id = "path_two_names", points = 75, pattern = "[.](?:php[0-9]?|phtml|jspx?|aspx?|cgi)(?:[;#\\x00\\r\\n]|%00|%0a|%23|%3b)[^/]{0,20}[.](?:png|jpe?g|gif|css|js|ico|svg)$"},
    {id = "path_nul", points = 70, pattern = "\\x00[^ ]{0,4}(?:[.][a-z]{2,4})?$|[.](?:php|asp|jsp|cgi|pl|conf|ini)[0-9]?(?:%00|\\x00)"},
    {id = "path_scheme", points = 75, pattern = "^(?:url:){0,3}(?:file|gopher|dict|ldaps?|tftp|netdoc|jar|jnlp|local_file|smb|nfs|rmi|telnet|sftp|ssh|svn[+a-z]{0,60}|xri|afp|cvs|rsync|res|mailto:[^@]{0,60}%0|view-source|about:)(?:://|:/|:[a-z]{1,60}:)|^url:(?:file|https?|ftp)|^ftps?://[a-z0-9]|^https?:/?(?:0x[0-9a-f]|[0-9]{8,10}(?:$|/)|0[0-7]{2,20}[.]|\\[)|(?:^|[='\"(])(?:gopher|dict|netdoc|jar:(?:file|https?)|file)://"},
    {id = "path_internal_address", points = 75, pattern = "^[a-z0-9+]{2,12}://(?:[^/@]{0,60}@)?(?:localhost|127[.][0-9.]{1,60}|0[0-9]{0,60}(?:[.]0*[0-9]{1,60}){1,3}|0x[0-9a-f.x]{1,60}|[0-9]{8,10}|169[.]254[.]|10[.][0-9]{1,60}[.]|192[.]168[.]|172[.](?:1[6-9]|2[0-9]|3[01])[.]|metadata[./]|\\[[0-9a-f:.%a-z]{0,60}\\]|[^/]{0,60}(?:[.]nip[.]io|[.]sslip[.]io|[.]xip[.]io|localtest[.]me|[.]svc|[.]cluster[.]local|[.]internal)|instance-data|[0-9]{1,60}[.][0-9]{4,20}|[^/]{0,60}(?:\\xe2[\\x91-\\x93][\\x80-\\xbf]|\\xe3\\x80\\x82)|\\\\|[^/]{0,60}&@|0/)(?:$|[:/?#]|[0-9])"},
    {id = "path_local_host", points = 70, pattern = "^(?:[a-z0-9-]{1,40}[.]){0,3}(?:[a-z0-9-]{0,20}localhost|localdomain|lvh[.]me|docker[.]internal|containers[.]internal)(?::[0-9]{1,60})?(?:/|$)|://[^ ]{1,60}/(?:latest/(?:user-data|meta-data|dynamic)|computemetadata/|metadata/(?:instance|identity))|^(?:https?|ftp)://(?:[0-9]{1,3}[.]){3}[0-9]{1,3}(?::[0-9]{1,60})?/[^ ]{0,100}[.](?:php|txt|sh|jsp|asp)"},
    {id = "path_confused_url", points = 75, pattern = "^https?://[^/?#]{0,60}(?:[ \\\\]|%2f|%5c|%23|#)[^/?]{0,60}@|^https?://[^/]{1,60}/:[^/?#@]{0,60}@[^/]{1,60}|^https?:[/\\\\]{0,4}\\\\|^https?://[^/?# ]{0,60}\\\\|^\\\\\\\\(?:[a-z0-9-]{1,40}[.]){1,5}[a-z0-9-]{1,40}\\\\[a-z0-9]"},
    {id = "path_include", points = 70, pattern = "^(?:https?|ftps?)://[^ ]{1,200}(?:[.](?:txt|php[0-9]?|inc|gif|jpe?g|dat|sh)[?]{1,60}$|[^/][?]{1,3}$|[?]?(?:%00|\\x00))"}
}
____exports.FILE_GATE = "[.]{2}|^//|/[.]|0x2e|0x5c|etc|proc|sys|var|root|home|dev|usr|_log|[.](?:log|conf|cnf|ini|png|jpe?g|gif|css|js)|win|boot|:[/\\\\]|:\\\\|\\\\\\\\|ntuser|inetpub|[.](?:ssh|aws|kube|docker|gnupg|bash|netrc|npmrc|pgpass|my|ht|git|svn|env)|id_|-inf|config|localhost|localdomain|[.]me|internal|\\x00|%00|^[a-z_]{1,60}:|[?]$|://"
--- Over the decoded, lower-case path of the request: what only scanners ask for.
____exports.PROBE_RULES = {{id = "probe_hidden", points = 75, pattern = "/[.](?!well-known(?:/|$)|netlify/|auth/|vite/|github/|[.]|/)[a-z0-9_]"}, {id = "probe_file", points = 75, pattern = "/(?:wp-config[.]php|phpinfo[.]php|(?:debug|error|access|laravel|install|npm-debug|yarn-error)[.]log|web[.]config|composer[.](?:json|lock)|docker-compose[.]ya?ml|dockerfile|id_rsa|dump[.]sql|database[.]sql|(?:backups?|db|database|dump|site|www|wwwroot|htdocs|public_html|web)[.](?:zip|sql|tar|gz|tgz|tar[.]gz|rar|7z|bz2)|config[.](?:php|inc|ya?ml|json|ini)[.~][a-z0-9]{0,60}|credentials(?:[.]json|$)|secrets?[.](?:ya?ml|json|env))$|[.](?:bak|old|orig|save|swp|swo|bkp|backup)$|[.](?:php|aspx?|jsp|conf|config|inc|ini|ya?ml|env)~$"}, {id = "probe_admin", points = 70, pattern = "^/(?:cgi-bin/(?:test|printenv|[.])|server-(?:status|info)$|actuator/(?:env|heapdump|gateway|jolokia|logfile|mappings|beans|autoconfig|configprops|dump|threaddump|httptrace|trace|auditevents|loggers|sessions|shutdown|restart|refresh|conditions|scheduledtasks|integrationgraph|flyway|liquibase)|phpmyadmin|pma/|myadmin|manager/html|jmx-console|invoker/|hnap1|boaform|solr/admin|_ignition/execute|vendor/phpunit|autodiscover/autodiscover[.]json[?]?@|struts2?-showcase|console/login|wls-wsat|_cluster|api/jsonws/invoke|@fs/|[.]/)"}}
--- The name of an uploaded file that a server might run.
____exports.UPLOAD_NAME = "[.][ ]{0,8}(?:php[0-9s]?|pht(?:ml)?|phar|jspx?|jspf|aspx?|ashx|asmx|asa|cer|cgi|htaccess|htpasswd|user[.]ini|shtml)(?:[ .:/\\x00]|[.][a-z]{2,4}){0,20}$|(?:^|[/\\\\])sess_[a-z0-9,-]{16,64}$"
--- A page that a server would run, whatever its name.
____exports.SERVER_PAGE = "<[?]php[ \\t\\r\\n]|<%@[ ]{0,8}page|<%[=!]?[ ]{0,8}(?:runtime|system|eval|execute|request|server)|<jsp:"
return ____exports
 end,
["rules.protocol-patterns"] = function(...)
local ____exports = {}
--- XML that makes its parser fetch something.
____exports.DOCUMENT_RULES = {{id = "xml_entity", points = 85, pattern = "<!(?:entity|element|attlist)[ \\t\\r\\n]|!entity[ \\t\\r\\n]{1,8}(?:%[ \\t]{0,8})?[a-z0-9_]{1,60}[ \\t]{1,8}(?:system|public|\"|')|<!doctype[ \\t\\r\\n]{1,8}[^>\\[]{0,120}(?:system|public[ \\t\\r\\n]{1,8}[\"'][^w-])|<!doctype[^>\\[]{0,120}\\["}, {id = "xml_encoding", points = 75, pattern = "<[?]xml[^>]{0,80}encoding[ ]{0,3}=[ ]{0,3}['\"]utf-?7['\"]"}, {id = "xml_include", points = 75, pattern = "<(?:[a-z]{1,60}:)?include[ \\t\\r\\n][^>]{0,200}(?:href|namespace|schemalocation)[ ]{0,8}=|xinclude|schemalocation[ ]{0,8}=[ \"']{0,8}[^\"'>]{0,60}://|<xs[il]:(?:include|import|value-of|stylesheet)|document[(][ ]{0,8}['\"](?:file|https?):"}}
--- The same of a file that is sent: drawing programs declare entities of their own, and schemas have addresses.
____exports.DOCUMENT_FILE_RULES = {{id = "xml_entity", points = 85, pattern = "<!entity[ \\t\\r\\n]{1,3}(?:%|[^ \\t\\r\\n>]{1,200}[ \\t\\r\\n]{1,3}(?:system|public|\"[^\"]{0,2000}[&%]|'[^']{0,2000}[&%]))|<!doctype[ \\t\\r\\n]{1,3}[^>\\[ \\t\\r\\n]{1,200}[ \\t\\r\\n]{1,3}(?:system|public[ \\t\\r\\n]{1,3}[\"'][^w-])"}, {id = "xml_encoding", points = 75, pattern = "<[?]xml[^>]{0,80}encoding[ ]{0,3}=[ ]{0,3}['\"]utf-?7['\"]"}, {id = "xml_include", points = 75, pattern = "<(?:[a-z]{1,60}:)?include[ \\t\\r\\n][^>]{0,200}href[ ]{0,3}=[ ]{0,3}[\"'](?:/|[.]{2}|[a-z]{2,8}:)|document[(][ ]{0,3}['\"](?:file|https?):"}}
--- Injection into protocols and documents, over lower-case text.
____exports.PROTOCOL_RULES = {
    {id = "header_injection", points = 75, pattern = "(?:\\r|\\n|\\xe5\\x98[\\x8a\\x8d])[ \\t\\r\\n]{0,8}(?:set-cookie2?|http/[0-9][.][0-9])[ \\t]{0,8}[:/]"},
    {id = "header_injection", points = 75, pattern = "^(?:[^\\r\\n:\\xe5]|:[^ ]|\\xe5[^\\x98]){0,200}(?:\\r|\\n|\\xe5\\x98[\\x8a\\x8d])[ \\t\\r\\n]{0,8}(?:location|content-(?:type|length|disposition)|refresh|x-[a-z-]{3,30}|access-control-[a-z-]{1,60}|transfer-encoding|host)[ \\t]{0,8}[:/]"},
    {id = "header_injection", points = 75, pattern = "(?:\\r|\\n)[ \\t]{0,8}http/[0-9](?:[.][0-9])?[ ]{1,4}[1-5][0-9]{2}(?:[^0-9]|$)"},
    {id = "request_injection", points = 75, pattern = "(?:\\r|\\n)[ \\t]{0,8}(?:get|post|head|put|delete|options|patch|trace|connect)[ \\t]{1,8}[^ \\r\\n]{1,60}[ \\t]{1,8}http/[0-9]"},
    {id = "mail_injection", points = 75, pattern = "(?:\\r|\\n)[ \\t]{0,8}(?:rcpt[ ]{1,8}to:|mail[ ]{1,8}from:|(?:b?cc|to|from|subject|reply-to|mime-version|content-transfer-encoding)[ ]{0,8}:[ ]{0,8}[^ \\r\\n]{1,60}(?:@|%40)|ehlo[ ]{1,8}[a-z]|helo[ ]{1,8}[a-z]|starttls|auth[ ]{1,8}(?:plain|login|[a-z0-9-]{1,60}[ ]{1,8}[a-z0-9+/=]{12})|[a-z]{0,4}[0-9]{1,4}[ ]{1,8}(?:capability|login|select|fetch|list|logout|status|create|examine|rename|copy|noop|uid|search|append|store|expunge|authenticate|starttls|subscribe|lsub)|(?:quit|noop|rset|data)[ ]{0,8}(?:\\r|\\n|$)|(?:vrfy|expn|help)[ ]{1,8}[a-z0-9]|(?:retr|dele|uidl|apop|stat|list|top)[ ]{1,8}[0-9]{1,60}|[a-z]{1,2}[0-9]{1,4}[ ]{1,8}quit)"},
    {id = "include_injection", points = 80, pattern = "<!--[ ]{0,8}#[ ]{0,8}(?:exec|include|echo|config|printenv|set|fsize|flastmod|email)|<esi:"},
    {id = "ldap_injection", points = 75, pattern = "[)][ \\r\\n]{0,8}[(][ \\r\\n]{0,8}[|&!]|[(][ ]{0,8}[|&][ ]{0,8}[(]?[ ]{0,8}[a-z]{1,60}[ ]{0,8}[~<>]?=|[*][ ]{0,8}[)][ ]{0,8}[(][ ]{0,8}[a-z|&!]|[)][(][a-z]{1,60}=[*]|(?:userpassword|objectclass|unicodepwd)[:=]|[*][)][)]|[(](?:objectclass|uid|cn|sn|mail)=[*]"},
    {id = "query_operator", points = 75, pattern = "\\[[ ]{0,8}[$](?:ne|eq|gte?|lte?|n?in|regex|where|exists|not|or|and|nor|elemmatch|type|mod)[ ]{0,8}\\]|(?:^|[{,'\" ])[$](?:where|function|accumulator|regex|n?or|and|expr|ne|nin|gt|gte|lt|lte|elemmatch|text|type|exists|not|mod|size|all)[\"']?[ ]{0,8}(?::|$)|db[.][a-z_.]{1,60}[.](?:insert|find|drop|remove|update|save|aggregate|getcollection)[a-z]{0,60}[ ]{0,8}[(]|['\"][ ]{0,8}(?:&&|[|]{2})[ ]{0,8}(?:this[.]|['\"0-9]{1,60}[ ]{0,8}[=<>]{2})|[;'\"][ ]{0,8}return[ ]{1,8}(?:true|1|this|[(]|['\"])|this[.][a-z_]{1,60}[ ]{0,8}[=!]="},
    {id = "xpath_injection", points = 75, pattern = "['\"][ ]{0,8}(?:or|and)[ ]{1,8}(?:position|count|string-length|substring|name|text|contains|starts-with|local-name)[ ]{0,8}[(]|/(?:child|ancestor|descendant|parent|self|following|preceding)::(?:node|text|[*])|\\][ ]{0,8}[|][ ]{0,8}//|[)\\]][ ]{0,8}[|][ ]{0,8}/[/a-z*]"},
    {id = "session_fixation", points = 70, pattern = "[.]cookie[ ]{0,8}(?:=|;)[^a-z]{0,60}[^;]{0,80}(?:;[ ]{0,8}(?:expires|domain|path|secure)|=)|http-equiv[^>]{0,20}set-cookie"}
}
____exports.PROTOCOL_GATE = "[\\r\\n()*$<]|[|]{2}|&&|<!|entity|xinclude|schemalocation|include|cookie|userpassword|objectclass|db[.]|return|this[.]|\\xe5\\x98|\\]"
____exports.DOCUMENT_GATE = "<!|utf-?7|entity|include|schemalocation|<xs|document[(]"
return ____exports
 end,
["rules.sql-expression"] = function(...)
local ____lualib = require("lualib_bundle")
local __TS__StringSlice = ____lualib.__TS__StringSlice
local ____exports = {}
local function isOneOf(set, kind)
    return kind ~= "" and (string.find(set, kind, nil, true) or 0) - 1 >= 0
end
local function kindAt(reader, at)
    return __TS__StringSlice(reader.tokens, at, at + 1)
end
local function takeOperand(reader, kind)
    local literal = isOneOf("sun", kind)
    if reader.compared and literal and reader.literalBefore and reader.found.logical > 0 then
        local ____reader_found_0, ____tautologies_1 = reader.found, "tautologies"
        ____reader_found_0[____tautologies_1] = ____reader_found_0[____tautologies_1] + 1
    end
    reader.literalBefore = literal
    reader.compared = false
    reader.wants = false
    if kind == "u" then
        reader.found["end"] = "balanced"
    end
end
--- Reads one token where an operand may stand. False: the expression ends or breaks here.
local function readOperand(reader, kind)
    local found = reader.found
    if isOneOf("nsuvwx", kind) then
        takeOperand(reader, kind)
    elseif kind == "f" or kind == "X" then
        found.calls = found.calls + 1
        if kind == "X" then
            found.attack_calls = found.attack_calls + 1
        end
        reader.literalBefore = false
        reader.compared = false
    elseif kind == "(" then
        reader.depth = reader.depth + 1
    elseif kind == ")" and reader.at > 0 and kindAt(reader, reader.at - 1) == "(" then
        reader.depth = reader.depth - 1
        reader.wants = false
    elseif kind == "S" and reader.at > 0 and kindAt(reader, reader.at - 1) == "(" then
        found.subselects = found.subselects + 1
        found.valid = true
        return false
    else
        return isOneOf("mNA", kind)
    end
    return true
end
--- Reads one token where an operator may stand. False: the expression ends or breaks here.
local function readOperator(reader, kind)
    local found = reader.found
    local next = kindAt(reader, reader.at + 1)
    if kind == "C" or kind == "K" then
        if kind == "C" then
            found.comparisons = found.comparisons + 1
        else
            found.likenesses = found.likenesses + 1
        end
        reader.compared = true
        reader.wants = true
    elseif kind == "L" then
        found.logical = found.logical + 1
        reader.wants = true
    elseif kind == "m" or kind == "o" or kind == "d" then
        if kind ~= "d" then
            found.arithmetic = found.arithmetic + 1
        end
        reader.wants = true
    elseif kind == "." or kind == "," and reader.depth > 0 then
        reader.wants = true
    elseif kind == "A" then
        reader.wants = isOneOf("nsuvwxfX(mNA", next)
    elseif kind == ")" then
        if reader.depth > 0 then
            reader.depth = reader.depth - 1
        else
            found.closes = found.closes + 1
        end
    elseif kind == "N" then
        return isOneOf("KN", next)
    elseif isOneOf("ch;UG", kind) then
        found["end"] = (kind == "c" or kind == "h") and "comment" or (kind == ";" and "statement" or "clause")
        found.valid = true
        return false
    else
        return false
    end
    return true
end
--- Reads tokens as `operand (operator operand)*`, the way a database would, as far as that goes.
function ____exports.readExpression(tokens)
    local found = {
        valid = false,
        logical = 0,
        comparisons = 0,
        likenesses = 0,
        tautologies = 0,
        arithmetic = 0,
        calls = 0,
        attack_calls = 0,
        subselects = 0,
        closes = 0,
        ["end"] = "broken"
    }
    local reader = {
        tokens = tokens,
        found = found,
        at = 0,
        wants = true,
        depth = 0,
        literalBefore = false,
        compared = false
    }
    while reader.at < #tokens do
        local kind = kindAt(reader, reader.at)
        local ____reader_wants_2
        if reader.wants then
            ____reader_wants_2 = readOperand(reader, kind)
        else
            ____reader_wants_2 = readOperator(reader, kind)
        end
        local goes = ____reader_wants_2
        if not goes then
            return found
        end
        reader.at = reader.at + 1
    end
    if reader.wants then
        return found
    end
    found.valid = true
    if found["end"] ~= "balanced" then
        found["end"] = "open"
    end
    return found
end
return ____exports
 end,
["rules.sql-patterns"] = function(...)
local ____exports = {}
--- Over tokens (see sql-tokens.ts).
____exports.SQL_SHAPES = {
    {id = "sql_union", points = 90, pattern = "^[^U]{0,60}[nsvuc)mod.,;CKh(]A*U[A(]{0,20}S|U[A(]{0,20}S[A(]{0,20}(?:[nsvuxXfVm(]|o[,F)cu]?|w[,.(c)]|ww?F)"},
    {id = "sql_select", points = 80, pattern = "(?:^|[(;LCKmodch])[(]{0,20}S[A(]{0,20}(?:o(?![ow])|[nsvx]|[fX][(][^SF]{0,60}[)]|w[,.odmC(L][^wF]?)[^S;]{0,60}F[(A]{0,60}[w(sv]|[(]S(?:w|A|[.]){0,20}F(?:w|[.]){0,20}[GL]"},
    {id = "sql_select_call", points = 75, pattern = "(?:^|[(;LCKmod,])[(]{1,20}[A(]{0,20}S[A(]{0,20}(?:X[(]|f[(]|[nsv]|AA|w[mod])|^[(]{0,20}S[(]{0,20}(?:AA|X[(]|[sf][^w;]{0,40}[oLm,][(]{0,20}[nsfXS]|n,[nsfX])|;[(]{0,20}S(?:AA|[(nosvfX][^w])|[CK][(]{1,3}S[A(]{0,3}w[^SF]{0,20}F[wn]|^Sf[(]s[)];?$"},
    {id = "sql_attack_call", points = 70, pattern = "(?:^|[^wA.?])[(]{0,20}X[(][)nsvXf(]"},
    {id = "sql_filter", points = 75, pattern = "F[w.]{1,5}w?Lw(?:[.]w)?C[nsvwx(]"},
    {id = "sql_condition_tail", points = 70, pattern = "^[);]{0,60}L[(]{0,20}N?[nwv](?:[.]w){0,2}[)]?C|^[);]{0,9}L[(]{0,9}sC[sux]|^K[(]n(?:,[mn]{1,3}){1,40}[)]$|^[)]A[ws]?F"},
    {id = "sql_variable_end", points = 70, pattern = "^[(]{0,20}vc$|^n(?:[mod]n){1,3}c$|^mn(?:[mod]n){0,20}U[hc]?$|^n(?:[mod]n){1,20}U[hc]?$|^[mn]{1,60}U[hc]$"},
    {id = "sql_tautology", points = 80, pattern = "^m?[ns][)]{0,9}L[(]{0,9}N?(?:nCn|sC[sxu])|[)]L[(]{0,9}N?nCn[)]{0,9}[chL]|[)]L[(]{2,9}nCn|LnCn[)]{0,9}L[(]{0,9}nCn|L[(]{0,9}nCn[)]{0,9}c$|^nCn[)][modL]|^nCn(?:,[nmod]{1,6}){1,3}[)]$"},
    {id = "sql_condition_name", points = 70, pattern = "^m?n[)]{0,9}L[(]{0,9}N?w(?:[.]w)?C[sux]"},
    {id = "sql_if", points = 80, pattern = "[modCLK,(]D[(]{1,4}[nsfv][C(]|^D[(]{1,4}[ns]C[ns][)]{0,3},|[);]D[(]{1,4}nCn[)]"},
    {id = "sql_list_call", points = 70, pattern = "^,[fX][(][nsv]"},
    {id = "sql_case", points = 75, pattern = "AA[^A;]{0,20}[CKn(s][^A;]{0,20}A[(nsvwfXm][^;]{0,30}A"}
}
--- Over tokens after a closed quote: a condition cut off, or a literal that is always true.
____exports.SQL_DANGLING = "^s[mod]n[mod]{1,2}u$|^so[(]{0,9}n[hc]$|^s[)]{0,60}L[(]{0,20}(?:n|s|w(?:[.]w)?)C[(]?$|^s[)]{0,60}Ln$"
--- Over tokens: two literals compared, a whole value by itself.
____exports.SQL_LITERALS = "^(?:nC[ns]|n[KN]{1,60}n|sN?[CK]N?s|nKA?N?n)$"
--- Over text: statements that make sense wherever they stand. One space stands for any blank.
____exports.SQL_STATEMENTS = {
    {id = "sql_statement", points = 80, pattern = (((((((((((((((("(?:^|[;'\")\\]/0-9])[ \\t\\r\\n(]{0,60}(?:" .. "drop[ \\t\\r\\n]{1,8}(?:table|database|view|function|procedure|schema|user|index|column)[ \\t\\r\\n]{1,8}[a-z_`\"\\[]") .. "|truncate[ \\t\\r\\n]{1,8}table[ \\t\\r\\n]{1,8}[a-z_`]") .. "|insert[ \\t\\r\\n]{1,8}into[ \\t\\r\\n]{1,8}[a-z_`.\"\\[\\]]{1,60}[ \\t\\r\\n]{0,8}(?:[(]|values|select)") .. "|delete[ \\t\\r\\n]{1,8}(?:(?:ignore|low_priority|quick)[ ]{1,8})?from[ \\t\\r\\n]{1,8}[a-z_`.\"\\[\\]]{1,60}[ \\t\\r\\n]{0,8}(?:where[ \\t\\r\\n]|;|--|#)") .. "|update[ \\t\\r\\n]{1,8}[a-z_`.\"\\[\\]]{1,60}[ \\t\\r\\n]{1,8}set[ \\t\\r\\n]{1,8}[a-z_`.\"\\[\\]]{1,60}[ \\t\\r\\n]{0,8}=") .. "|alter[ \\t\\r\\n]{1,8}(?:table|user|database|login)[ \\t\\r\\n]{1,8}[a-z_`\"\\[]") .. "|create[ \\t\\r\\n]{1,8}(?:or[ \\t\\r\\n]{1,8}replace[ \\t\\r\\n]{1,8})?(?:table|user|login|function|procedure|trigger|database)[ \\t\\r\\n]{1,8}[a-z_`\"\\[]{1,60}[ \\t\\r\\n]{0,8}[(;]") .. "|declare[ \\t\\r\\n]{1,8}@") .. "|set[ \\t\\r\\n]{1,8}@[a-z_]{1,60}[ ]{0,8}:?=") .. "|exec(?:ute)?[ \\t\\r\\n(]{1,60}(?:immediate|master|xp_|sp_|@|')") .. "|create[ ]{1,8}(?:user|login)[ ]{1,8}[a-z0-9_`\"@.]{1,60}[ ]{1,8}(?:identified|with[ ]{1,8}password)") .. "|shutdown[ \\t\\r\\n]{0,8}(?:;|--|with[ \\t\\r\\n])") .. "|copy[ \\t\\r\\n]{1,8}[a-z_(][^;]{0,60}[ \\t\\r\\n](?:from|to)[ \\t\\r\\n]{1,8}program") .. "|load[ \\t\\r\\n]{1,8}(?:data|xml)[ \\t\\r\\n]{1,8}(?:[a-z_]{1,20}[ \\t\\r\\n]{1,8}){0,2}infile") .. "|drop[ ]{1,8}[a-z_]{1,60}[ ]{0,8}(?:;[ ]{0,8}--|--[ ]{0,3}$)") .. "|(?:backup|restore)[ ]{1,8}(?:database|log|verifyonly)[ ][^;]{0,60}[ ]disk[ ]{0,3}=") .. "|grant[ \\t\\r\\n]{1,8}[a-z, ]{1,60}[ \\t\\r\\n]on[ \\t\\r\\n]{1,8}[a-z_*.]{1,60}[ \\t\\r\\n]{1,8}to[ \\t\\r\\n])"},
    {id = "sql_statement", points = 80, pattern = "[0-9'\")][ ]{0,8};[ ]{0,8}(?:delete[ ]{1,8}(?:(?:ignore|low_priority|quick)[ ]{1,8})?from|truncate|drop[ ]{1,8}table)[ ]{1,8}[a-z_`.\"\\[\\]]{1,60}[ ]{0,8}$|(?:union|except|intersect)[ ]{1,8}(?:all[ ]{1,8}|distinct[ ]{1,8})?values[ ]{0,8}(?:row[ ]{0,8})?[(][ ]{0,8}(?:[0-9'\"]|null|row)"},
    {id = "sql_constant", points = 75, pattern = "^[0-9.'\") -]{1,20}(?:or|and|xor|[|]{2}|&&)(?:[ \\t\\r\\n(]|/[*][^*]{0,40}[*]/){1,8}(?:not[ ]{1,8})?(?:true|false|null)[ )]{0,8}(?:$|--|#|;)"},
    {id = "sql_delay", points = 85, pattern = "waitfor[ \\t\\r\\n+]{1,60}(?:delay|time)[ \\t\\r\\n+]{0,60}['\"(@0-9]"},
    {id = "sql_file", points = 85, pattern = "[ \\t\\r\\n)'\"]into[ \\t\\r\\n]{1,8}(?:outfile|dumpfile)[ \\t\\r\\n('\"]"},
    {id = "sql_analyse", points = 85, pattern = "procedure[ \\t\\r\\n]{1,8}analyse[ \\t\\r\\n]{0,8}[(]"},
    {id = "sql_clause", points = 75, pattern = "(?:['\")]|^-?[0-9]{1,60})[ \\t\\r\\n)]{0,60}(?:order[ \\t\\r\\n]{1,8}by[ \\t\\r\\n]{1,8}(?:[0-9]{1,60}|[a-z_]{1,30}[ ]{0,3}[(])|having[ \\t\\r\\n]{1,8}[0-9'\"]{1,60}[ \\t\\r\\n]{0,8}[=<>]|" .. "group[ \\t\\r\\n]{1,8}by[ \\t\\r\\n]{1,8}[a-z0-9_.,]{1,60}[ \\t\\r\\n]{1,8}having|limit[ \\t\\r\\n]{1,8}[0-9]{1,60}(?:,[0-9]{1,60})?[ \\t\\r\\n]{0,8}(?:--|#|/\\*|;))|^[ ]{0,3}order by [0-9]{1,4}[ ]{0,3}(?:--|#|,[0-9])|['\")0-9][ ]{1,3}group by [0-9]{1,3}(?:,[0-9]{1,3}){0,20},?[ ]{0,3}(?:--|#)|^[^'\"]{0,20}['\"][ ]?(?:or|and|xor|[|]{2}|&&)[ ]?['\"][0-9]{1,4}(?:['\"]?=|$)"}
}
--- Over text: names of system tables and variables.
____exports.SQL_CATALOGUE = {
    {id = "sql_catalogue", points = 80, pattern = "[.]{2}sys(?:objects|columns|databases|users)(?:[^a-z]|$)|(?:information_schema|performance_schema)[`\"\\] \\t]{0,60}[.]|[^a-z_.](?:pg_catalog|pg_shadow|pg_user|sys[.](?:databases|tables|schemas|user)|" .. "mysql[.](?:user|db)|syscat[.][a-z]{3,20}|sys[.](?:all|user|dba)_[a-z_]{1,30}|(?:all|user|dba)_tab_columns|sqlite_(?:master|schema)|sysobjects|syscolumns|all_tables|all_users|user_tables|msysobjects|sysibm|rdb[$])(?:[^a-z]|$)"},
    {id = "sql_variable", points = 70, pattern = "@@(?:global[.]|session[.])?(?:version|datadir|basedir|hostname|servername|tmpdir|innodb|secure_file|plugin_dir|language|user)|select[ ]{1,8}@@[a-z]"},
    {id = "sql_extended", points = 80, pattern = "(?:^|[^a-z])(?:xp_(?:cmdshell|dirtree|regread|regwrite|fileexist|subdirs|servicecontrol|loginconfig)|sp_(?:executesql|oacreate|oamethod|addsrvrolemember|configure|password)|utl_(?:http|inaddr|file|smtp)[.]|dbms_[a-z]{1,60}[.])"},
    {id = "sql_mysql_comment", points = 60, pattern = "/[*]![0-9]{0,6}[ ]{0,8}[a-z(]"},
    {id = "sql_exponent", points = 75, pattern = "[0-9][.]e[(]|[0-9][.]e[.][a-z]"},
    {id = "sql_comment", points = 75, pattern = "['\"][)]{0,5}[ ;]{0,3}(?:--[ +-]{0,3}[a-z0-9]{0,6}$|/[*][^*'\"]{0,20}$)"},
    {id = "sql_hash", points = 70, pattern = "(?:^|[^ ])['\"][)]{0,60}[ ]?#$"},
    {id = "sql_having", points = 75, pattern = "(?:^|[^a-z])having[ \\t\\r\\n]{1,8}(?:count|sum|avg|min|max)[ ]{0,8}[(]|group[ ]{1,8}by[ ]{1,8}[a-z0-9_.,() ]{1,60}having[ ]"},
    {id = "sql_glued_comment", points = 75, pattern = "[a-z0-9'\")]/[*][^*]{0,40}[*]/(?:or|and|union|select|from|where|order|having|like|into)(?:/[*]|[^a-z0-9_]|$)|(?:^|[^a-z])(?:union|select|where|having)/[*][^*]{0,40}[*]/[a-z0-9('\"]"},
    {id = "sql_comment_tail", points = 75, pattern = "^[^'\"]{0,60}['\"][ )]{0,5}(?:(?:is|not|like|glob|collate|sounds|in|between|regexp|rlike|or|and)[^a-z]|/[a-z])[^'\"\\n]{0,60}--[ +-]{0,3}$"},
    {id = "sql_like_open", points = 75, pattern = "^(?:[^'\"]{0,60}[^'\" ])?'[ ]{0,4}(?:r?like|ilike|glob|regexp)[ ]{0,4}'[^']{0,40}$"},
    {id = "sql_closed_statement", points = 70, pattern = "^[^'\" ]{0,60}[0-9@][^'\" ]{0,60}'[)]{0,5}[ ]{0,2}(?:/[*][^*]{0,40}[*]/)?;[ ]{0,3}$"},
    {id = "sql_characters", points = 75, pattern = "(?:^|[^a-z])(?:n?char|chr)[(][0-9x]{1,6}[)][ ]{0,3}(?:[+]|[|]{2})[ ]{0,3}(?:n?char|chr)[(]"},
    {id = "sql_json", points = 75, pattern = "'[{\\[][^']{0,80}[}\\]]'[ ]{0,2}(?:::jsonb?[ ]{0,2})?(?:[?][|&]?|@>|<@|->>?|#>>?|<|>|=)[ ]{0,2}(?:'|array\\[)"},
    {id = "sql_cast", points = 70, pattern = "[a-z0-9_)'\"\\]]::(?:int(?:eger)?|text|bool(?:ean)?|jsonb?|double|numeric|varchar|bytea|regclass|name|date)(?:[^a-z]|$)"},
    {id = "sql_attack_name", points = 75, pattern = "(?:^|[^a-z0-9_])(?:user_lock[.]sleep|openrowset|opendatasource|pg_sleep|utl_http|utl_inaddr|lo_(?:get|import|export)|msdasql|dbms_lock|pg_read_file|pg_ls_dir|load_file)(?:[^a-z0-9_]|$)"},
    {id = "sql_like", points = 75, pattern = "[a-z0-9]['\"](?:like|rlike|regexp|glob)[-+~!]?['\"]|['\"][ ]{0,3}r?like[ ]{0,3}['\"]%"},
    {id = "sql_hex", points = 75, pattern = "(?:^|[^a-z])select[ ]{1,8}(?:[a-z_]{1,30}[(])?0x[0-9a-f]{2}|^values[ ]{0,8}[(]['\"]"},
    {id = "sql_open_call", points = 70, pattern = (("(?:^|[^a-z0-9_.])(?:abs|ascii|avg|benchmark|bin|cast|ceil(?:ing)?|char(?:_length)?|coalesce|compress|concat(?:_ws)?|convert|cos|count|curdate|current_user|curtime|database|date(?:_add|_sub|diff)?|day|decode|elt|encode|exp|extractvalue|" .. "field|find_in_set|floor|format|from_unixtime|greatest|group_concat|hex|hour|if|ifnull|in|insert|instr|isnull|left|length|ln|load_file|locate|log(?:10|2)?|lower|lpad|ltrim|make_set|max|md5|mid|min|minute|mod|month|name_const|now|nullif|oct|ord|") .. "password|pg_sleep|pi|position|pow(?:er)?|quarter|quote|radians|rand|repeat|replace|reverse|right|round|row_count|rpad|rtrim|schema|second|sha1?|sign|sin|sleep|soundex|sqrt|strcmp|substr(?:ing(?:_index)?)?|sum|sysdate|tan|time|to_days|trim|truncate|") .. "ucase|uncompress|unhex|updatexml|upper|user|utc_date|uuid|values?|version|week|weekday|xmltype|year)[^a-z0-9]{0,5}[(]$"}
}
return ____exports
 end,
["rules.sql-words"] = function(...)
local ____exports = {}
--- The token (see sql-tokens.ts) that each word of SQL stands for. Words that are here mean something in SQL only.
____exports.SQL_WORDS = {
    all = "A",
    any = "A",
    as = "A",
    asc = "A",
    binary = "A",
    case = "A",
    collate = "A",
    desc = "A",
    distinct = "A",
    distinctrow = "A",
    ["else"] = "A",
    ["end"] = "A",
    escape = "A",
    exists = "A",
    interval = "A",
    some = "A",
    ["then"] = "A",
    unique = "A",
    when = "A",
    ["and"] = "L",
    ["or"] = "L",
    xor = "L",
    having = "L",
    where = "L",
    order = "G",
    group = "G",
    limit = "G",
    offset = "G",
    procedure = "G",
    window = "G",
    qualify = "G",
    by = "B",
    between = "K",
    glob = "K",
    ilike = "K",
    ["in"] = "K",
    is = "K",
    like = "K",
    regexp = "K",
    rlike = "K",
    similar = "K",
    sounds = "K",
    div = "o",
    mod = "o",
    ["not"] = "N",
    null = "n",
    ["true"] = "n",
    ["false"] = "n",
    except = "U",
    intersect = "U",
    minus = "U",
    union = "U",
    select = "S",
    from = "F",
    into = "F",
    alter = "D",
    begin = "D",
    call = "D",
    create = "D",
    declare = "D",
    delete = "D",
    drop = "D",
    exec = "D",
    execute = "D",
    grant = "D",
    handler = "D",
    ["if"] = "D",
    insert = "D",
    load = "D",
    merge = "D",
    rename = "D",
    replace = "D",
    revoke = "D",
    set = "D",
    shutdown = "D",
    truncate = "D",
    update = "D",
    values = "D",
    waitfor = "D"
}
--- What follows "from" in a sentence: no table is called so.
____exports.DETERMINERS = {
    her = 1,
    his = 1,
    my = 1,
    our = 1,
    that = 1,
    the = 1,
    their = 1,
    these = 1,
    this = 1,
    those = 1,
    your = 1
}
--- Functions that applications do not take from users: delays, files, errors that speak, the catalogue.
____exports.ATTACK_FUNCTIONS = {
    aes_decrypt = 1,
    benchmark = 1,
    concat_ws = 1,
    db_name = 1,
    dbms_lock = 1,
    dbms_pipe = 1,
    dbms_utility = 1,
    extractvalue = 1,
    from_base64 = 1,
    generate_series = 1,
    get_lock = 1,
    group_concat = 1,
    has_dbaccess = 1,
    is_srvrolemember = 1,
    json_depth = 1,
    json_extract = 1,
    json_keys = 1,
    load_extension = 1,
    load_file = 1,
    lo_export = 1,
    lo_import = 1,
    make_set = 1,
    master_pos_wait = 1,
    name_const = 1,
    openquery = 1,
    openrowset = 1,
    pg_ls_dir = 1,
    pg_read_file = 1,
    pg_sleep = 1,
    quote_literal = 1,
    randomblob = 1,
    regexp_substring = 1,
    sleep = 1,
    sys_context = 1,
    sys_eval = 1,
    sys_exec = 1,
    to_base64 = 1,
    unhex = 1,
    updatexml = 1,
    utl_http = 1,
    utl_inaddr = 1,
    xmltype = 1,
    xp_cmdshell = 1,
    xp_dirtree = 1,
    xp_regread = 1,
    zeroblob = 1
}
--- Functions that only mean SQL when they are called with nothing: `user()`.
____exports.NILADIC_FUNCTIONS = {
    current_database = 1,
    current_user = 1,
    database = 1,
    row_count = 1,
    schema = 1,
    session_user = 1,
    sqlite_version = 1,
    system_user = 1,
    user = 1,
    user_name = 1,
    uuid_short = 1,
    version = 1
}
return ____exports
 end,
["rules.sql-tokens"] = function(...)
local ____lualib = require("lualib_bundle")
local __TS__StringCharCodeAt = ____lualib.__TS__StringCharCodeAt
local __TS__StringSlice = ____lualib.__TS__StringSlice
local ____exports = {}
local isDigitOrDot, isHex, isComparison
local ____sql_2Dwords_2Ets = require("rules.sql-words")
local ATTACK_FUNCTIONS = ____sql_2Dwords_2Ets.ATTACK_FUNCTIONS
local DETERMINERS = ____sql_2Dwords_2Ets.DETERMINERS
local NILADIC_FUNCTIONS = ____sql_2Dwords_2Ets.NILADIC_FUNCTIONS
local SQL_WORDS = ____sql_2Dwords_2Ets.SQL_WORDS
function isDigitOrDot(code)
    return code >= 48 and code <= 57 or code == 46
end
function isHex(code)
    return code >= 48 and code <= 57 or code >= 97 and code <= 102
end
function isComparison(code)
    return code == 60 or code == 61 or code == 62
end
--- SQL read as a string of one-letter tokens, tolerant of every dialect: rules look at its shape, so that
-- letter case, spacing, comments and names do not matter.
--
-- n number or null · s text · u text left open at the end · x text of another quote left open · v variable ·
-- w name · f name before "(" · X function only attacks call · U union · S select · F from/into · L and/or/where/having ·
-- C = < > · K word comparison (like, in …) · N not · G clause (order by …) · D statement · A small word · m + - ~ ! · d / · o other
-- operator · ( ) , . ; as they are · c comment up to the end, h one that starts with # · ? anything else
local MAX_TOKENS = 400
local QUOTE = 39
local DOUBLE = 34
local BACKTICK = 96
local function isWordByte(code)
    return code >= 97 and code <= 122 or code >= 48 and code <= 57 or code == 95 or code == 36 or code >= 128
end
local function isSpace(code)
    return code >= 9 and code <= 13 or code == 32 or code == 0 or code == 160
end
--- The offset after the text that opens before `from`, or -1 when it stays open.
local function closeText(text, from, quote, escapes)
    local at = from
    while at < #text do
        do
            local code = __TS__StringCharCodeAt(text, at)
            if code == 92 and escapes then
                at = at + 2
                goto __continue5
            end
            if code == quote then
                if __TS__StringCharCodeAt(text, at + 1) ~= quote then
                    return at + 1
                end
                at = at + 1
            end
            at = at + 1
        end
        ::__continue5::
    end
    return -1
end
local function afterSpace(text, from)
    local at = from
    while at < #text and isSpace(__TS__StringCharCodeAt(text, at)) do
        at = at + 1
    end
    return at
end
local function wordKind(text, word, after)
    local kind = SQL_WORDS[word]
    local next = __TS__StringCharCodeAt(
        text,
        afterSpace(text, after)
    )
    if type(kind) == "string" then
        return kind
    end
    if next ~= 40 then
        return "w"
    end
    if ATTACK_FUNCTIONS[word] == 1 then
        return "X"
    end
    local inside = __TS__StringCharCodeAt(
        text,
        afterSpace(
            text,
            (string.find(
                text,
                "(",
                math.max(after + 1, 1),
                true
            ) or 0) - 1 + 1
        )
    )
    return NILADIC_FUNCTIONS[word] == 1 and inside == 41 and "X" or "f"
end
--- A number's end: 12, 1.5, 1e3, 0x1f, 1e (an exponent left empty, which MySQL ignores). -1 for a name.
local function numberEnd(text, from)
    local at = from
    if __TS__StringCharCodeAt(text, at) == 48 and (__TS__StringCharCodeAt(text, at + 1) == 120 or __TS__StringCharCodeAt(text, at + 1) == 98) then
        at = at + 2
        while isHex(__TS__StringCharCodeAt(text, at)) do
            at = at + 1
        end
        return isWordByte(__TS__StringCharCodeAt(text, at)) and -1 or at
    end
    while isDigitOrDot(__TS__StringCharCodeAt(text, at)) do
        at = at + 1
    end
    if __TS__StringCharCodeAt(text, at) == 101 then
        local after = at + 1
        local sign = __TS__StringCharCodeAt(text, after)
        if sign == 43 or sign == 45 then
            after = after + 1
        end
        if isDigitOrDot(__TS__StringCharCodeAt(text, after)) then
            while isDigitOrDot(__TS__StringCharCodeAt(text, after)) do
                after = after + 1
            end
            at = after
        elseif not isWordByte(__TS__StringCharCodeAt(text, at + 1)) then
            at = at + 1
        end
    end
    return isWordByte(__TS__StringCharCodeAt(text, at)) and -1 or at
end
--- Where a number ends that an operator follows without a blank, as databases read it: 1union, 1or. Else -1.
local function gluedNumberEnd(text, from)
    local at = from
    while isDigitOrDot(__TS__StringCharCodeAt(text, at)) do
        at = at + 1
    end
    if __TS__StringCharCodeAt(text, at) == 101 and isDigitOrDot(__TS__StringCharCodeAt(text, at + 1)) then
        at = at + 1
        while isDigitOrDot(__TS__StringCharCodeAt(text, at)) do
            at = at + 1
        end
    end
    local ____end = at
    while ____end < #text and ____end < at + 10 and isWordByte(__TS__StringCharCodeAt(text, ____end)) do
        ____end = ____end + 1
    end
    local kind = SQL_WORDS[__TS__StringSlice(text, at, ____end)]
    return (kind == "U" or kind == "L") and at or -1
end
--- Comments are spaces, unless they end the text. `/*!50000 … ` is code to MySQL: only its marks are skipped.
local function readComment(reader, code)
    local text = reader.text
    local at = reader.at
    local next = __TS__StringCharCodeAt(text, at + 1)
    if code == 47 and next == 42 then
        if __TS__StringCharCodeAt(text, at + 2) == 33 then
            local after = at + 3
            while isDigitOrDot(__TS__StringCharCodeAt(text, after)) do
                after = after + 1
            end
            reader.at = after
            return true
        end
        local ____end = (string.find(
            text,
            "*/",
            math.max(at + 2 + 1, 1),
            true
        ) or 0) - 1
        if ____end < 0 then
            local ____reader_kinds_0 = reader.kinds
            ____reader_kinds_0[#____reader_kinds_0 + 1] = "c"
        end
        reader.at = ____end < 0 and #text or ____end + 2
        return true
    end
    if code == 42 and next == 47 then
        reader.at = at + 2
        return true
    end
    if code == 35 or code == 45 and next == 45 then
        local ____end = (string.find(
            text,
            "\n",
            math.max(at + 1, 1),
            true
        ) or 0) - 1
        local rest = ____end < 0 and #text or afterSpace(text, ____end)
        if rest >= #text then
            local ____reader_kinds_1 = reader.kinds
            ____reader_kinds_1[#____reader_kinds_1 + 1] = code == 35 and "h" or "c"
        end
        reader.at = rest
        return true
    end
    return false
end
local function readText(reader, quote)
    local ____end = closeText(reader.text, reader.at + 1, quote, true)
    if ____end < 0 then
        local ____reader_kinds_2 = reader.kinds
        ____reader_kinds_2[#____reader_kinds_2 + 1] = quote == reader.context and "u" or "x"
        reader.at = #reader.text
    else
        local ____reader_kinds_3 = reader.kinds
        ____reader_kinds_3[#____reader_kinds_3 + 1] = quote == BACKTICK and "w" or "s"
        reader.at = ____end
    end
end
local function readWord(reader)
    local text = reader.text
    local from = reader.at
    local code = __TS__StringCharCodeAt(text, from)
    if isDigitOrDot(code) and (code ~= 46 or isDigitOrDot(__TS__StringCharCodeAt(text, from + 1))) then
        local ____end = numberEnd(text, from)
        if ____end > from then
            local ____reader_kinds_4 = reader.kinds
            ____reader_kinds_4[#____reader_kinds_4 + 1] = "n"
            reader.at = ____end
            return
        end
        local glued = gluedNumberEnd(text, from)
        if glued > from then
            local ____reader_kinds_5 = reader.kinds
            ____reader_kinds_5[#____reader_kinds_5 + 1] = "n"
            reader.at = glued
            return
        end
    end
    local at = from
    while at < #text and isWordByte(__TS__StringCharCodeAt(text, at)) do
        at = at + 1
    end
    local word = __TS__StringSlice(text, from, at)
    local quote = __TS__StringCharCodeAt(text, at)
    if at - from == 1 and (quote == QUOTE or quote == DOUBLE) and (word == "n" or word == "x" or word == "b") then
        reader.at = at
        return
    end
    local before = reader.kinds[#reader.kinds]
    local ____reader_kinds_6 = reader.kinds
    ____reader_kinds_6[#____reader_kinds_6 + 1] = before == "F" and DETERMINERS[word] == 1 and "?" or wordKind(text, word, at)
    reader.at = at
end
local function readSymbol(reader, code)
    local text = reader.text
    local next = __TS__StringCharCodeAt(text, reader.at + 1)
    local kind = "?"
    local width = 1
    if code == 92 and next == 110 and not isWordByte(__TS__StringCharCodeAt(text, reader.at + 2)) then
        kind = "n"
        width = 2
    elseif code == 40 or code == 41 or code == 44 or code == 46 or code == 59 then
        kind = __TS__StringSlice(text, reader.at, reader.at + 1)
    elseif code == 124 and next == 124 or code == 38 and next == 38 then
        kind = "L"
        width = 2
    elseif code == 60 or code == 61 or code == 62 or code == 33 and next == 61 or code == 58 and next == 61 then
        kind = "C"
        while isComparison(__TS__StringCharCodeAt(text, reader.at + width)) do
            width = width + 1
        end
    elseif code == 43 or code == 45 or code == 33 or code == 126 then
        kind = "m"
    elseif code == 42 or code == 37 or code == 94 or code == 38 or code == 124 then
        kind = "o"
    elseif code == 47 then
        kind = "d"
    elseif code == 64 then
        kind = "v"
        while width < #text and (isWordByte(__TS__StringCharCodeAt(text, reader.at + width)) or __TS__StringCharCodeAt(text, reader.at + width) == 64) do
            width = width + 1
        end
    end
    local ____reader_kinds_7 = reader.kinds
    ____reader_kinds_7[#____reader_kinds_7 + 1] = kind
    reader.at = reader.at + width
end
--- The tokens of lower-case `text`. `context` is the quote that the application may have opened before the
-- value (39 or 34), or 0 for none.
function ____exports.tokeniseSql(text, context)
    local reader = {text = text, context = context, kinds = {}, at = 0}
    if context ~= 0 then
        local ____end = closeText(text, 0, context, false)
        if ____end < 0 then
            return ""
        end
        local ____reader_kinds_8 = reader.kinds
        ____reader_kinds_8[#____reader_kinds_8 + 1] = "s"
        reader.at = ____end
    end
    while reader.at < #text and #reader.kinds < MAX_TOKENS do
        do
            local code = __TS__StringCharCodeAt(text, reader.at)
            if isSpace(code) then
                reader.at = reader.at + 1
            elseif readComment(reader, code) then
                goto __continue63
            elseif code == QUOTE or code == DOUBLE or code == BACKTICK then
                readText(reader, code)
            elseif isWordByte(code) or code == 46 and isDigitOrDot(__TS__StringCharCodeAt(text, reader.at + 1)) then
                readWord(reader)
            else
                readSymbol(reader, code)
            end
        end
        ::__continue63::
    end
    return table.concat(reader.kinds, "")
end
return ____exports
 end,
["rules.sql"] = function(...)
local ____lualib = require("lualib_bundle")
local __TS__StringSlice = ____lualib.__TS__StringSlice
local __TS__StringCharCodeAt = ____lualib.__TS__StringCharCodeAt
local ____exports = {}
local ____sql_2Dexpression_2Ets = require("rules.sql-expression")
local readExpression = ____sql_2Dexpression_2Ets.readExpression
local ____sql_2Dpatterns_2Ets = require("rules.sql-patterns")
local SQL_CATALOGUE = ____sql_2Dpatterns_2Ets.SQL_CATALOGUE
local SQL_DANGLING = ____sql_2Dpatterns_2Ets.SQL_DANGLING
local SQL_LITERALS = ____sql_2Dpatterns_2Ets.SQL_LITERALS
local SQL_SHAPES = ____sql_2Dpatterns_2Ets.SQL_SHAPES
local SQL_STATEMENTS = ____sql_2Dpatterns_2Ets.SQL_STATEMENTS
local ____sql_2Dtokens_2Ets = require("rules.sql-tokens")
local tokeniseSql = ____sql_2Dtokens_2Ets.tokeniseSql
local ____finding_2Ets = require("rules.finding")
local raise = ____finding_2Ets.raise
--- Statements and system names in lower-case text, without regard to what stands around them.
function ____exports.judgeStatements(host, text, finding)
    for ____, rule in ipairs(SQL_STATEMENTS) do
        if host.match(rule.pattern, text) then
            raise(finding, rule.id, rule.points)
        end
    end
    for ____, rule in ipairs(SQL_CATALOGUE) do
        if host.match(rule.pattern, text) then
            raise(finding, rule.id, rule.points)
        end
    end
end
--- A value that closes the quote it was put into and goes on as SQL.
local function judgeBreakout(host, tokens)
    local found = readExpression(tokens)
    local hash = __TS__StringSlice(tokens, #tokens - 1) == "h"
    if found.attack_calls > 0 and found.logical + found.comparisons + found.arithmetic > 0 then
        return 90
    end
    if found.subselects > 0 then
        return 90
    end
    if host.match(SQL_DANGLING, tokens) then
        return 70
    end
    if not found.valid then
        return 0
    end
    if found.tautologies > 0 then
        return 90
    end
    local asks = found.comparisons + found.likenesses + found.calls
    if found.logical > 0 and asks > 0 then
        return found["end"] == "open" and 70 or 85
    end
    if found["end"] == "open" or found["end"] == "broken" then
        return 0
    end
    if found.logical > 0 then
        return found["end"] == "comment" and 85 or (found.closes + found.arithmetic > 0 and 75 or 55)
    end
    if found.comparisons > 0 or found.likenesses > 0 and found.arithmetic > 0 then
        return 75
    end
    if found["end"] == "comment" then
        return found.closes + found.arithmetic > 0 and (hash and 40 or 75) or 40
    end
    return found.arithmetic > 1 and (string.find(tokens, "o", nil, true) or 0) - 1 >= 0 and 70 or (found.arithmetic > 0 and 55 or 0)
end
--- A value put where a number or a name stands.
local function judgeContinuation(host, text, tokens)
    local found = readExpression(tokens)
    if found.attack_calls > 0 and found.logical + found.comparisons + found.arithmetic > 0 then
        return 80
    end
    if found.subselects > 0 then
        return 80
    end
    if not found.valid then
        return 0
    end
    if found.tautologies > 0 then
        return 85
    end
    if found.logical > 0 and found["end"] == "comment" then
        return 75
    end
    if found.closes > 0 and found.logical > 0 and found.comparisons > 0 then
        return 70
    end
    if ((string.find(tokens, "C", nil, true) or 0) - 1 < 0 or (string.find(text, "=", nil, true) or 0) - 1 >= 0) and found.comparisons + found.likenesses == 1 and found.arithmetic == 0 and #tokens < 6 and host.match(SQL_LITERALS, tokens) then
        return 70
    end
    return 0
end
--- `searched`: the text is what somebody searched for before; a whole statement in there is a question about SQL.
local function judgeShapes(host, tokens, searched, finding)
    for ____, rule in ipairs(SQL_SHAPES) do
        do
            if searched and (rule.id == "sql_select" or rule.id == "sql_filter") then
                goto __continue22
            end
            if host.match(rule.pattern, tokens) then
                raise(finding, rule.id, rule.points)
            end
        end
        ::__continue22::
    end
end
local function judgeQuoted(host, text, quote, finding)
    local tokens = tokeniseSql(text, quote)
    judgeShapes(host, tokens, false, finding)
    local points = judgeBreakout(host, tokens)
    if points > 0 then
        raise(finding, "sql_breakout", points)
    end
end
local function isOutside(code)
    return code <= 32 or code == 40 or code == 41 or code == 44 or code == 46 or code == 58 or code == 59
end
--- Whether all backticks are those of prose that quotes code: in pairs, each tight around what it quotes, blanks around it.
local function marksCode(text)
    local open = (string.find(text, "`", nil, true) or 0) - 1
    while open >= 0 do
        local close = (string.find(
            text,
            "`",
            math.max(open + 1 + 1, 1),
            true
        ) or 0) - 1
        if close <= open + 1 then
            return false
        end
        if open > 0 and not isOutside(__TS__StringCharCodeAt(text, open - 1)) then
            return false
        end
        if close + 1 < #text and not isOutside(__TS__StringCharCodeAt(text, close + 1)) then
            return false
        end
        if __TS__StringCharCodeAt(text, open + 1) <= 32 or __TS__StringCharCodeAt(text, close - 1) <= 32 then
            return false
        end
        open = (string.find(
            text,
            "`",
            math.max(close + 1 + 1, 1),
            true
        ) or 0) - 1
    end
    return true
end
local function judgePlainSql(host, text, searched, finding)
    local tokens = tokeniseSql(text, 0)
    judgeShapes(host, tokens, searched, finding)
    local points = judgeContinuation(host, text, tokens)
    if points > 0 then
        raise(finding, "sql_condition", points)
    end
    if (string.find(text, "''''", nil, true) or 0) - 1 < 0 and (string.find(text, "'", nil, true) or 0) - 1 >= 0 then
        judgeQuoted(host, text, 39, finding)
    end
    if (string.find(text, "\"\"\"\"", nil, true) or 0) - 1 < 0 and (string.find(text, "\"", nil, true) or 0) - 1 >= 0 then
        judgeQuoted(host, text, 34, finding)
    end
    if (string.find(text, "```", nil, true) or 0) - 1 < 0 and (string.find(text, "`", nil, true) or 0) - 1 >= 0 and not marksCode(text) then
        judgeQuoted(host, text, 96, finding)
    end
    ____exports.judgeStatements(host, text, finding)
end
--- `\\'` as `'`: quotes that were escaped once more on their way end a text all the same.
local function withoutEscapes(text)
    local parts = {}
    local from = 0
    local at = (string.find(text, "\\", nil, true) or 0) - 1
    while at >= 0 do
        local next = __TS__StringCharCodeAt(text, at + 1)
        if next == 34 or next == 39 then
            parts[#parts + 1] = __TS__StringSlice(text, from, at)
            from = at + 1
        end
        at = (string.find(
            text,
            "\\",
            math.max(at + 1 + 1, 1),
            true
        ) or 0) - 1
    end
    if from == 0 then
        return text
    end
    parts[#parts + 1] = __TS__StringSlice(text, from)
    return table.concat(parts, "")
end
--- SQL injection in lower-case text, also where a further program would undo the escapes of its quotes.
function ____exports.judgeSql(host, text, place, finding)
    local searched = place == "referer"
    judgePlainSql(host, text, searched, finding)
    local bare = withoutEscapes(text)
    if bare ~= text then
        judgePlainSql(host, bare, searched, finding)
    end
end
return ____exports
 end,
["rules.judge"] = function(...)
local ____lualib = require("lualib_bundle")
local __TS__StringCharCodeAt = ____lualib.__TS__StringCharCodeAt
local __TS__StringSlice = ____lualib.__TS__StringSlice
local ____exports = {}
local withoutBlockComments, endsName
local ____code_2Dpatterns_2Ets = require("rules.code-patterns")
local CODE_GATE = ____code_2Dpatterns_2Ets.CODE_GATE
local CODE_RULES = ____code_2Dpatterns_2Ets.CODE_RULES
local ____command_2Ets = require("rules.command")
local judgeCommand = ____command_2Ets.judgeCommand
local unquote = ____command_2Ets.unquote
local ____finding_2Ets = require("rules.finding")
local raise = ____finding_2Ets.raise
local ____gate_2Dpatterns_2Ets = require("rules.gate-patterns")
local ANY_GATE = ____gate_2Dpatterns_2Ets.ANY_GATE
local BLANK_ROW = ____gate_2Dpatterns_2Ets.BLANK_ROW
local HIDDEN_NAMES = ____gate_2Dpatterns_2Ets.HIDDEN_NAMES
local PRODUCT = ____gate_2Dpatterns_2Ets.PRODUCT
local SQL_GATE = ____gate_2Dpatterns_2Ets.SQL_GATE
local ____markup_2Ets = require("rules.markup")
local judgeMarkup = ____markup_2Ets.judgeMarkup
local ____path_2Dpatterns_2Ets = require("rules.path-patterns")
local FILE_GATE = ____path_2Dpatterns_2Ets.FILE_GATE
local FILE_RULES = ____path_2Dpatterns_2Ets.FILE_RULES
local ____protocol_2Dpatterns_2Ets = require("rules.protocol-patterns")
local DOCUMENT_FILE_RULES = ____protocol_2Dpatterns_2Ets.DOCUMENT_FILE_RULES
local DOCUMENT_GATE = ____protocol_2Dpatterns_2Ets.DOCUMENT_GATE
local DOCUMENT_RULES = ____protocol_2Dpatterns_2Ets.DOCUMENT_RULES
local PROTOCOL_GATE = ____protocol_2Dpatterns_2Ets.PROTOCOL_GATE
local PROTOCOL_RULES = ____protocol_2Dpatterns_2Ets.PROTOCOL_RULES
local ____sql_2Ets = require("rules.sql")
local judgeSql = ____sql_2Ets.judgeSql
local judgeStatements = ____sql_2Ets.judgeStatements
local ____text_2Ets = require("text.text")
local isBlank = ____text_2Ets.isBlank
function withoutBlockComments(text)
    local parts = {}
    local from = 0
    local at = (string.find(text, "/*", nil, true) or 0) - 1
    while at >= 0 do
        local ____end = (string.find(
            text,
            "*/",
            math.max(at + 2 + 1, 1),
            true
        ) or 0) - 1
        if ____end < 0 then
            break
        end
        parts[#parts + 1] = __TS__StringSlice(text, from, at)
        from = ____end + 2
        at = (string.find(
            text,
            "/*",
            math.max(from + 1, 1),
            true
        ) or 0) - 1
    end
    parts[#parts + 1] = __TS__StringSlice(text, from)
    return table.concat(parts, " ")
end
function endsName(code)
    return isBlank(code) or code == 62 or code == 91
end
local function judgeRules(host, gate, rules, text, finding)
    if not host.match(gate, text) then
        return
    end
    for ____, rule in ipairs(rules) do
        if host.match(rule.pattern, text) then
            raise(finding, rule.id, rule.points)
        end
    end
end
--- A user agent without its parenthesised comments: `(X11; U; id)` is a list, not a row of commands.
local function withoutComments(text)
    local parts = {}
    local depth = 0
    local from = 0
    do
        local at = 0
        while at < #text do
            local code = __TS__StringCharCodeAt(text, at)
            if code == 40 then
                if depth == 0 then
                    parts[#parts + 1] = __TS__StringSlice(text, from, at)
                end
                depth = depth + 1
            elseif code == 41 and depth > 0 then
                depth = depth - 1
                from = at + 1
            end
            at = at + 1
        end
    end
    if depth == 0 then
        parts[#parts + 1] = __TS__StringSlice(text, from)
    end
    return table.concat(parts, " ")
end
--- Rows of blanks as one, a line break if there is one in it: patterns bound how many they cross.
local function squeezeBlanks(text)
    local parts = {}
    local from = 0
    local at = 0
    while at < #text do
        do
            if not isBlank(__TS__StringCharCodeAt(text, at)) then
                at = at + 1
                goto __continue15
            end
            local start = at
            local line = false
            while at < #text and isBlank(__TS__StringCharCodeAt(text, at)) do
                local code = __TS__StringCharCodeAt(text, at)
                if code == 10 or code == 13 then
                    line = true
                end
                at = at + 1
            end
            if at - start > 3 then
                parts[#parts + 1] = __TS__StringSlice(text, from, start)
                parts[#parts + 1] = line and "\n" or " "
                from = at
            end
        end
        ::__continue15::
    end
    parts[#parts + 1] = __TS__StringSlice(text, from)
    return table.concat(parts, "")
end
local function squeezed(host, text)
    return host.match(BLANK_ROW, text) and squeezeBlanks(text) or text
end
--- Whether one decoded text, seen by itself, is an attack. Returns whether it had to be looked at closely.
function ____exports.judgeText(host, text, place, finding)
    local spaced = host.lower(text)
    if not host.match(ANY_GATE, spaced) then
        return false
    end
    local lowered = squeezed(host, spaced)
    judgeMarkup(host, lowered, finding)
    judgeRules(
        host,
        PROTOCOL_GATE,
        PROTOCOL_RULES,
        lowered,
        finding
    )
    judgeRules(
        host,
        DOCUMENT_GATE,
        DOCUMENT_RULES,
        lowered,
        finding
    )
    judgeRules(
        host,
        CODE_GATE,
        CODE_RULES,
        lowered,
        finding
    )
    judgeRules(
        host,
        FILE_GATE,
        FILE_RULES,
        lowered,
        finding
    )
    local plain = place == "user_agent" and host.match(PRODUCT, lowered) and withoutComments(lowered) or lowered
    local unquoted = unquote(plain)
    judgeCommand(host, plain, unquoted, finding)
    if unquoted ~= plain then
        judgeRules(
            host,
            FILE_GATE,
            FILE_RULES,
            unquoted,
            finding
        )
    end
    if host.match(SQL_GATE, plain) then
        judgeSql(host, plain, place, finding)
    end
    if (string.find(lowered, "/*", nil, true) or 0) - 1 < 0 then
        return true
    end
    local bare = withoutBlockComments(lowered)
    judgeMarkup(host, bare, finding)
    judgeRules(
        host,
        CODE_GATE,
        CODE_RULES,
        bare,
        finding
    )
    judgeStatements(host, bare, finding)
    return true
end
--- Names that only exploits carry, hidden in base64 at any alignment.
function ____exports.judgeHidden(host, text, finding)
    if host.match(HIDDEN_NAMES, text) then
        raise(finding, "hidden_name", 80)
    end
end
local LONGEST_NAME = 100
--- Documents called by long names called `r` instead: patterns bound what they cross up to a system's name.
local function withShortNames(text)
    local parts = {}
    local from = 0
    local at = (string.find(text, "<!doctype", nil, true) or 0) - 1
    while at >= 0 do
        local start = at + 9
        while isBlank(__TS__StringCharCodeAt(text, start)) do
            start = start + 1
        end
        local to = start
        while to < #text and not endsName(__TS__StringCharCodeAt(text, to)) do
            to = to + 1
        end
        if to - start > LONGEST_NAME then
            parts[#parts + 1] = __TS__StringSlice(text, from, start)
            parts[#parts + 1] = "r"
            from = to
        end
        at = (string.find(
            text,
            "<!doctype",
            math.max(to + 1, 1),
            true
        ) or 0) - 1
    end
    if from == 0 then
        return text
    end
    parts[#parts + 1] = __TS__StringSlice(text, from)
    return table.concat(parts, "")
end
local function asDocument(host, text)
    return withShortNames(squeezed(
        host,
        host.lower(text)
    ))
end
--- A document that is sent as a file: what makes its reader fetch or unfold something.
function ____exports.judgeSentDocument(host, text, finding)
    judgeRules(
        host,
        DOCUMENT_GATE,
        DOCUMENT_FILE_RULES,
        asDocument(host, text),
        finding
    )
end
--- An XML document as a whole: its declarations. What its elements carry is judged value by value.
function ____exports.judgeDocument(host, text, finding)
    judgeRules(
        host,
        DOCUMENT_GATE,
        DOCUMENT_RULES,
        asDocument(host, text),
        finding
    )
end
return ____exports
 end,
["inspect.multipart"] = function(...)
local ____lualib = require("lualib_bundle")
local __TS__StringCharCodeAt = ____lualib.__TS__StringCharCodeAt
local __TS__StringSlice = ____lualib.__TS__StringSlice
local ____exports = {}
local closes, addRest, trimEnd, DASH
local ____disposition_2Ets = require("inspect.disposition")
local newDisposition = ____disposition_2Ets.newDisposition
local readDisposition = ____disposition_2Ets.readDisposition
local ____text_2Ets = require("text.text")
local isBlank = ____text_2Ets.isBlank
local trim = ____text_2Ets.trim
function closes(body, to)
    return __TS__StringCharCodeAt(body, to) == DASH and __TS__StringCharCodeAt(body, to + 1) == DASH
end
function addRest(rest, text)
    do
        local at = 0
        while at < #text do
            if not isBlank(__TS__StringCharCodeAt(text, at)) then
                rest[#rest + 1] = text
                return
            end
            at = at + 1
        end
    end
end
function trimEnd(text)
    local to = #text
    while to > 0 and (__TS__StringCharCodeAt(text, to - 1) == 10 or __TS__StringCharCodeAt(text, to - 1) == 13) do
        to = to - 1
    end
    return __TS__StringSlice(text, 0, to)
end
--- What a body of the most that is read can hold of small fields, and more.
local MAX_PARTS = 4000
local MAX_RESTS = 16
--- More headers of a part than these are read as one text.
local MAX_HEADERS = 1000
--- Headers that a body's limit cuts off are no longer than this.
local MAX_CUT = 1024
DASH = 45
--- Whether servers that go by the letter see a boundary here: on a line of its own.
local function isLine(body, at, to)
    if at > 0 and __TS__StringCharCodeAt(body, at - 1) ~= 10 then
        return false
    end
    if closes(body, to) then
        return true
    end
    local ____end = to
    while __TS__StringCharCodeAt(body, ____end) == 32 or __TS__StringCharCodeAt(body, ____end) == 9 do
        ____end = ____end + 1
    end
    return ____end >= #body or __TS__StringCharCodeAt(body, ____end) == 10 or __TS__StringCharCodeAt(body, ____end) == 13
end
local function nextMark(body, mark, from, lines)
    local at = (string.find(
        body,
        mark,
        math.max(from + 1, 1),
        true
    ) or 0) - 1
    while at >= 0 and lines and not isLine(body, at, at + #mark) do
        at = (string.find(
            body,
            mark,
            math.max(at + 1 + 1, 1),
            true
        ) or 0) - 1
    end
    return at
end
--- Whether the boundary also stands where some servers see one and others do not.
function ____exports.isLoose(body, boundary)
    local mark = "--" .. boundary
    local at = (string.find(body, mark, nil, true) or 0) - 1
    while at >= 0 do
        if not isLine(body, at, at + #mark) then
            return true
        end
        at = (string.find(
            body,
            mark,
            math.max(at + #mark + 1, 1),
            true
        ) or 0) - 1
    end
    return false
end
local function lineEnd(body, from, to)
    local at = (string.find(
        body,
        "\n",
        math.max(from + 1, 1),
        true
    ) or 0) - 1
    return (at < 0 or at > to) and to or at
end
local function withoutReturn(line)
    local last = #line - 1
    return last >= 0 and __TS__StringCharCodeAt(line, last) == 13 and __TS__StringSlice(line, 0, last) or line
end
local function readHead(body, from, to)
    local headers = {}
    local lines = {}
    local at = from
    while at < to do
        local ____end = lineEnd(body, at, to)
        local line = withoutReturn(__TS__StringSlice(body, at, ____end))
        if line == "" and ____end < to then
            if #headers >= MAX_HEADERS then
                return {
                    headers = headers,
                    rest = table.concat(lines, "\n"),
                    ["end"] = ____end + 1
                }
            end
            if #lines > 0 then
                headers[#headers + 1] = table.concat(lines, "")
            end
            return {headers = headers, rest = "", ["end"] = ____end + 1}
        end
        if #lines > 0 and #headers < MAX_HEADERS and not isBlank(string.byte(line, 1) or 0 / 0) then
            headers[#headers + 1] = table.concat(lines, "")
            lines = {}
        end
        lines[#lines + 1] = line
        at = ____end + 1
    end
    return {headers = headers, rest = "", ["end"] = -1}
end
local function readPart(head, body, to, lower)
    local disposition = newDisposition()
    local headers = {}
    local types = {}
    for ____, line in ipairs(head.headers) do
        local colon = (string.find(line, ":", nil, true) or 0) - 1
        local name = colon < 0 and "" or lower(trim(__TS__StringSlice(line, 0, colon)))
        local value = colon < 0 and line or trim(__TS__StringSlice(line, colon + 1))
        if name == "content-disposition" then
            readDisposition(value, lower, disposition)
        else
            if name == "content-type" then
                types[#types + 1] = value
            end
            headers[#headers + 1] = value
        end
    end
    if head.rest ~= "" then
        readDisposition(head.rest, lower, disposition)
        disposition.doubts = disposition.doubts + 1
        headers[#headers + 1] = head.rest
    end
    local content = trimEnd(__TS__StringSlice(
        body,
        math.min(head["end"], to),
        to
    ))
    return {
        disposition = disposition,
        headers = headers,
        type = table.concat(types, "\n"),
        content = content
    }
end
--- The parts between boundaries, and what is left of the body besides. With `lines` only boundaries on lines of their own count.
--
-- @param cut the body goes on behind what is read of it: then its last part has no end
function ____exports.readMultipart(body, boundary, lines, cut, lower)
    local parts = {}
    local rest = {}
    local mark = "--" .. boundary
    local at = nextMark(body, mark, 0, lines)
    addRest(
        rest,
        __TS__StringSlice(body, 0, at < 0 and #body or at)
    )
    while at >= 0 do
        local from = at + #mark
        if #parts >= MAX_PARTS or #rest >= MAX_RESTS then
            addRest(
                rest,
                __TS__StringSlice(body, from)
            )
            break
        end
        local next = nextMark(body, mark, from, lines)
        local to = next < 0 and #body or next
        local last = closes(body, from)
        local ____last_0
        if last then
            ____last_0 = nil
        else
            ____last_0 = readHead(
                body,
                lineEnd(body, from, to) + 1,
                to
            )
        end
        local head = ____last_0
        if head ~= nil and head["end"] >= 0 then
            local part = readPart(head, body, to, lower)
            parts[#parts + 1] = part
            if next < 0 and not cut then
                addRest(rest, part.content)
            end
        elseif next >= 0 or not cut or to - from >= MAX_CUT then
            addRest(
                rest,
                __TS__StringSlice(body, last and from + 2 or from, to)
            )
        end
        at = next
    end
    return {parts = parts, rest = rest}
end
return ____exports
 end,
["text.json"] = function(...)
local ____lualib = require("lualib_bundle")
local __TS__StringSlice = ____lualib.__TS__StringSlice
local __TS__StringCharCodeAt = ____lualib.__TS__StringCharCodeAt
local ____exports = {}
local ____decode_2Ets = require("text.decode")
local decodeEscapes = ____decode_2Ets.decodeEscapes
local ____text_2Ets = require("text.text")
local isBlank = ____text_2Ets.isBlank
local MAX_TEXTS = 2000
--- The way to the prototype of every object.
____exports.PROTOTYPE = "constructor.prototype"
local BACKSLASH = 92
local DOUBLE = 34
local SIMPLE = {
    b = "\b",
    f = "\f",
    n = "\n",
    r = "\r",
    t = "\t"
}
local function unescape(raw)
    local at = (string.find(raw, "\\", nil, true) or 0) - 1
    if at < 0 then
        return raw
    end
    local out = {}
    local from = 0
    while at >= 0 and at + 1 < #raw do
        local letter = __TS__StringSlice(raw, at + 1, at + 2)
        if letter == "u" then
            out[#out + 1] = __TS__StringSlice(raw, from, at)
            out[#out + 1] = decodeEscapes(__TS__StringSlice(raw, at, at + 6))
            from = at + 6
        else
            local byte = SIMPLE[letter]
            out[#out + 1] = __TS__StringSlice(raw, from, at)
            out[#out + 1] = type(byte) == "string" and byte or letter
            from = at + 2
        end
        at = (string.find(
            raw,
            "\\",
            math.max(from + 1, 1),
            true
        ) or 0) - 1
    end
    if from < #raw then
        out[#out + 1] = __TS__StringSlice(raw, from)
    end
    return table.concat(out, "")
end
--- The offset of the closing quote of the string that opens before `from`, or -1.
local function closing(text, from)
    local at = from
    while at < #text do
        local code = __TS__StringCharCodeAt(text, at)
        if code == DOUBLE then
            return at
        end
        at = at + (code == BACKSLASH and 2 or 1)
    end
    return -1
end
local function isScalarByte(code)
    return code >= 97 and code <= 122 or code >= 48 and code <= 57 or code == 43 or code == 45 or code == 46 or code == 69
end
local function isReached(reach, depth)
    return reach.open > 0 and reach.depths[reach.open] == depth
end
--- A loose reading: brackets, commas, colons, scalars and strings, checked for what may follow what, not for
-- balance. Loose is safe: everything between quotes is inspected, and what is no JSON is inspected as a whole.
-- A reach for the prototype of every object, however it is spaced and escaped, is a key of its own: the way to it.
function ____exports.readJson(text)
    local keys = {}
    local values = {}
    local reach = {held = false, depths = {}, open = 0}
    local at = 0
    local depth = 0
    local afterValue = false
    while at < #text and #keys + #values < MAX_TEXTS do
        local code = __TS__StringCharCodeAt(text, at)
        if isBlank(code) then
            at = at + 1
        elseif code == DOUBLE then
            local ____end = closing(text, at + 1)
            if ____end < 0 or afterValue then
                return {valid = false, keys = keys, values = values}
            end
            local next = ____end + 1
            while isBlank(__TS__StringCharCodeAt(text, next)) do
                next = next + 1
            end
            local raw = unescape(__TS__StringSlice(text, at + 1, ____end))
            if __TS__StringCharCodeAt(text, next) == 58 then
                keys[#keys + 1] = raw
                if raw == "prototype" and isReached(reach, depth) then
                    keys[#keys + 1] = ____exports.PROTOTYPE
                end
                reach.held = raw == "constructor"
                at = next + 1
            else
                values[#values + 1] = raw
                reach.held = false
                afterValue = true
                at = ____end + 1
            end
        elseif code == 123 or code == 91 then
            if afterValue then
                return {valid = false, keys = keys, values = values}
            end
            depth = depth + 1
            if reach.held then
                local ____reach_depths_3 = reach.depths
                local ____reach_0, ____open_1 = reach, "open"
                local ____reach_open_2 = ____reach_0[____open_1]
                ____reach_0[____open_1] = ____reach_open_2 + 1
                ____reach_depths_3[____reach_open_2 + 1] = depth
            end
            reach.held = false
            at = at + 1
        elseif code == 125 or code == 93 then
            if isReached(reach, depth) then
                reach.open = reach.open - 1
            end
            depth = depth - 1
            afterValue = true
            at = at + 1
        elseif code == 44 then
            reach.held = false
            afterValue = false
            at = at + 1
        elseif isScalarByte(code) and not afterValue then
            while isScalarByte(__TS__StringCharCodeAt(text, at)) do
                at = at + 1
            end
            afterValue = true
        else
            return {valid = false, keys = keys, values = values}
        end
    end
    if at < #text then
        values[#values + 1] = __TS__StringSlice(text, at)
        return {valid = true, keys = keys, values = values}
    end
    return {valid = depth == 0, keys = keys, values = values}
end
return ____exports
 end,
["inspect.value"] = function(...)
local ____exports = {}
local isWorse, judgeLayer, unwrap, MAX_SUSPECTS, MAX_DEPTH
local ____base64_2Ets = require("text.base64")
local decodeBase64 = ____base64_2Ets.decodeBase64
local readsAsText = ____base64_2Ets.readsAsText
local ____decode_2Ets = require("text.decode")
local decodeEntities = ____decode_2Ets.decodeEntities
local decodeEscapes = ____decode_2Ets.decodeEscapes
local decodePercent = ____decode_2Ets.decodePercent
local foldUnicode = ____decode_2Ets.foldUnicode
local ____finding_2Ets = require("rules.finding")
local addFinding = ____finding_2Ets.addFinding
local newFinding = ____finding_2Ets.newFinding
local ____gate_2Dpatterns_2Ets = require("rules.gate-patterns")
local BASE64_TEXT = ____gate_2Dpatterns_2Ets.BASE64_TEXT
local FOLDS = ____gate_2Dpatterns_2Ets.FOLDS
local JSON_PROTOTYPE = ____gate_2Dpatterns_2Ets.JSON_PROTOTYPE
local LAYERED = ____gate_2Dpatterns_2Ets.LAYERED
local NO_BASE64 = ____gate_2Dpatterns_2Ets.NO_BASE64
local PLUS_BLANKS = ____gate_2Dpatterns_2Ets.PLUS_BLANKS
local ____json_2Ets = require("text.json")
local PROTOTYPE = ____json_2Ets.PROTOTYPE
local readJson = ____json_2Ets.readJson
local ____judge_2Ets = require("rules.judge")
local judgeHidden = ____judge_2Ets.judgeHidden
local judgeText = ____judge_2Ets.judgeText
local ____text_2Ets = require("text.text")
local isBlank = ____text_2Ets.isBlank
local withoutMargin = ____text_2Ets.withoutMargin
function isWorse(a, b)
    if a.total ~= b.total then
        return a.total > b.total
    end
    return table.concat(a.ids, ",") < table.concat(b.ids, ",")
end
--- Keeps the worse of two findings.
function ____exports.consider(worst, finding, place, encoded)
    if finding.total == 0 or not isWorse(finding, worst.finding) then
        return
    end
    worst.finding = finding
    worst.place = place
    worst.encoded = encoded
end
function judgeLayer(worst, text, place, encoded)
    local finding = newFinding()
    if judgeText(worst.host, text, place, finding) then
        worst.suspects = worst.suspects + 1
    end
    ____exports.consider(worst, finding, place, encoded)
end
function unwrap(host, text)
    local current = text
    do
        local round = 0
        while round < 3 do
            local next = decodePercent(current, false)
            next = decodeEntities(next, host.lower)
            next = decodeEscapes(next)
            if next == current then
                break
            end
            current = next
            round = round + 1
        end
    end
    return host.match(FOLDS, current) and foldUnicode(current) or current
end
--- Whether no more texts of the request are looked at one by one.
function ____exports.isSpent(worst)
    return worst.suspects >= MAX_SUSPECTS
end
--- Whether a text is JSON; then its keys and texts are judged. `depth` as in `judgeValue`.
function ____exports.judgeJson(worst, text, place, depth)
    local code = string.byte(text, 1) or 0 / 0
    if ____exports.isSpent(worst) or depth >= MAX_DEPTH or code ~= 123 and code ~= 91 and code ~= 239 and not isBlank(code) then
        return false
    end
    local document = withoutMargin(text)
    local first = string.byte(document, 1) or 0 / 0
    if first ~= 123 and first ~= 91 then
        return false
    end
    local json = readJson(document)
    if worst.host.match(JSON_PROTOTYPE, document) then
        judgeLayer(worst, PROTOTYPE, place, false)
    end
    if not json.valid or #json.keys + #json.values == 0 then
        return false
    end
    for ____, key in ipairs(json.keys) do
        ____exports.judgeValue(worst, key, place, depth + 1)
    end
    for ____, value in ipairs(json.values) do
        ____exports.judgeValue(worst, value, place, depth + 1)
    end
    return true
end
--- Judges a decoded value and what it may hide. `depth` bounds JSON in JSON and base64 in base64.
function ____exports.judgeValue(worst, text, place, depth)
    if not ____exports.judgeJson(worst, text, place, depth) then
        ____exports.judgePlain(worst, text, place, depth)
    end
end
--- Judges a value that is no JSON: as it is, and without each further layer.
function ____exports.judgePlain(worst, text, place, depth)
    if text == "" then
        return
    end
    if ____exports.isSpent(worst) then
        local ____worst_rest_0 = worst.rest
        ____worst_rest_0[#____worst_rest_0 + 1] = text
        worst.rest_place = place
        return
    end
    local host = worst.host
    judgeLayer(worst, text, place, false)
    if host.match(LAYERED, text) then
        local plain = unwrap(host, text)
        if plain ~= text then
            judgeLayer(worst, plain, place, true)
        end
    end
    if (string.find(text, "+", nil, true) or 0) - 1 >= 0 and host.match(PLUS_BLANKS, text) then
        judgeLayer(
            worst,
            decodePercent(text, true),
            place,
            true
        )
    end
    if depth >= MAX_DEPTH or #text < 6 or host.match(NO_BASE64, text) then
        return
    end
    local finding = newFinding()
    judgeHidden(host, text, finding)
    ____exports.consider(worst, finding, place, true)
    if host.match(BASE64_TEXT, text) then
        local bytes = decodeBase64(text)
        if bytes ~= "" and readsAsText(bytes) then
            ____exports.judgeValue(worst, bytes, place, depth + 2)
        end
    end
end
MAX_SUSPECTS = 400
MAX_DEPTH = 4
function ____exports.newWorst(host)
    return {
        host = host,
        finding = newFinding(),
        place = "request",
        encoded = false,
        suspects = 0,
        rest = {},
        rest_place = "request"
    }
end
--- The worst value as signals; that it was hidden in layers counts as evasion.
function ____exports.reportWorst(worst, signals)
    if #worst.rest > 0 then
        judgeLayer(
            worst,
            table.concat(worst.rest, "\n"),
            worst.rest_place,
            false
        )
        signals[#signals + 1] = {id = "many_suspects", group = "evasion", points = 60, place = worst.rest_place}
    end
    if worst.finding.total == 0 then
        return
    end
    addFinding(signals, worst.finding, worst.place)
    if worst.encoded then
        signals[#signals + 1] = {id = "layered_encoding", group = "evasion", points = 20, place = worst.place}
    end
end
return ____exports
 end,
["inspect.pairs"] = function(...)
local ____lualib = require("lualib_bundle")
local __TS__StringSlice = ____lualib.__TS__StringSlice
local ____exports = {}
local ____decode_2Ets = require("text.decode")
local decodePercent = ____decode_2Ets.decodePercent
local ____gate_2Dpatterns_2Ets = require("rules.gate-patterns")
local NO_NAME = ____gate_2Dpatterns_2Ets.NO_NAME
local ____text_2Ets = require("text.text")
local split = ____text_2Ets.split
local ____value_2Ets = require("inspect.value")
local judgeValue = ____value_2Ets.judgeValue
--- More pairs than these are read as one.
____exports.MAX_PAIRS = 2048
--- `name=value`: both sides are judged, a pair without `=` as a value, and as a whole when its name is none.
function ____exports.judgePair(worst, pair, plus, place)
    local equals = (string.find(pair, "=", nil, true) or 0) - 1
    if equals > 0 then
        local name = decodePercent(
            __TS__StringSlice(pair, 0, equals),
            plus
        )
        judgeValue(worst, name, place, 0)
        if worst.host.match(NO_NAME, name) then
            judgeValue(
                worst,
                decodePercent(pair, plus),
                place,
                1
            )
        end
    end
    judgeValue(
        worst,
        decodePercent(
            equals < 0 and pair or __TS__StringSlice(pair, equals + 1),
            plus
        ),
        place,
        0
    )
end
--- The pairs of a query or a form.
function ____exports.judgePairs(worst, text, place)
    for ____, pair in ipairs(split(text, "&", ____exports.MAX_PAIRS)) do
        ____exports.judgePair(worst, pair, true, place)
    end
end
return ____exports
 end,
["inspect.upload"] = function(...)
local ____exports = {}
local ____binary_2Ets = require("text.binary")
local isWide = ____binary_2Ets.isWide
local narrow = ____binary_2Ets.narrow
local ____finding_2Ets = require("rules.finding")
local newFinding = ____finding_2Ets.newFinding
local raise = ____finding_2Ets.raise
local ____judge_2Ets = require("rules.judge")
local judgeSentDocument = ____judge_2Ets.judgeSentDocument
local ____path_2Dpatterns_2Ets = require("rules.path-patterns")
local SERVER_PAGE = ____path_2Dpatterns_2Ets.SERVER_PAGE
local UPLOAD_NAME = ____path_2Dpatterns_2Ets.UPLOAD_NAME
local ____text_2Ets = require("text.text")
local withoutMargin = ____text_2Ets.withoutMargin
local ____value_2Ets = require("inspect.value")
local consider = ____value_2Ets.consider
local LESS = 60
--- The name under which a file is sent. One such name in a request is as bad as several.
function ____exports.judgeUploadName(worst, name, signals)
    if not worst.host.match(
        UPLOAD_NAME,
        worst.host.lower(name)
    ) then
        return
    end
    for ____, signal in ipairs(signals) do
        if signal.id == "upload_script" then
            return
        end
    end
    signals[#signals + 1] = {id = "upload_script", group = "payload", points = 75, place = "header"}
end
--- A file is not what a server puts into a query or a page: only what would run by itself counts in it.
function ____exports.judgeFile(worst, content)
    local finding = newFinding()
    if worst.host.match(
        SERVER_PAGE,
        worst.host.lower(content)
    ) then
        raise(finding, "upload_page", 75)
    end
    local document = withoutMargin(isWide(content) and narrow(content) or content)
    if (string.byte(document, 1) or 0 / 0) == LESS then
        judgeSentDocument(worst.host, document, finding)
    end
    consider(worst, finding, "body", false)
end
return ____exports
 end,
["text.xml"] = function(...)
local ____lualib = require("lualib_bundle")
local __TS__StringCharCodeAt = ____lualib.__TS__StringCharCodeAt
local __TS__StringSlice = ____lualib.__TS__StringSlice
local ____exports = {}
local MAX_TEXTS = 2000
--- The offset after the tag that opens at `from`: its `>` outside of quotes.
local function tagEnd(text, from)
    local quote = 0
    do
        local at = from
        while at < #text do
            local code = __TS__StringCharCodeAt(text, at)
            if quote ~= 0 then
                if code == quote then
                    quote = 0
                end
            elseif code == 34 or code == 39 then
                quote = code
            elseif code == 62 then
                return at
            end
            at = at + 1
        end
    end
    return #text
end
local function isNameByte(code)
    return code > 32 and code ~= 61 and code ~= 62 and code ~= 47 and code ~= 34 and code ~= 39
end
--- Names and attribute values of one tag (`text` begins after its `<`).
local function readTag(text, from, to, out)
    local at = from
    local nameFrom = -1
    while at <= to do
        local code = at < to and __TS__StringCharCodeAt(text, at) or 32
        if isNameByte(code) and at < to then
            if nameFrom < 0 then
                nameFrom = at
            end
        else
            if nameFrom >= 0 then
                out[#out + 1] = __TS__StringSlice(text, nameFrom, at)
            end
            nameFrom = -1
            if code == 34 or code == 39 then
                local ____end = (string.find(
                    text,
                    code == 34 and "\"" or "'",
                    math.max(at + 1 + 1, 1),
                    true
                ) or 0) - 1
                local stop = (____end < 0 or ____end > to) and to or ____end
                out[#out + 1] = __TS__StringSlice(text, at + 1, stop)
                at = stop
            end
        end
        at = at + 1
    end
end
--- The offset of what ends at `mark`, looked for from `from`; of the text's end where nothing does.
local function endOf(text, mark, from)
    local ____end = (string.find(
        text,
        mark,
        math.max(from + 1, 1),
        true
    ) or 0) - 1
    return ____end < 0 and #text or ____end
end
local function flush(run, out)
    if #run > 0 then
        out[#out + 1] = table.concat(run, "")
    end
end
--- What an XML document carries for a program to use: names, attribute values, instructions and texts. A text goes on behind a
-- comment, an instruction and in CDATA, as it does for who asks for an element's text. What is more than is read one by one comes
-- last, as one text.
function ____exports.readXml(text)
    local out = {}
    local run = {}
    local at = 0
    while at < #text and #out + #run < MAX_TEXTS do
        local open = endOf(text, "<", at)
        if open > at then
            run[#run + 1] = __TS__StringSlice(text, at, open)
        end
        if open >= #text then
            at = open
        elseif __TS__StringSlice(text, open, open + 4) == "<!--" then
            at = endOf(text, "-->", open + 4) + 3
        elseif __TS__StringSlice(text, open, open + 9) == "<![CDATA[" then
            local stop = endOf(text, "]]>", open)
            run[#run + 1] = __TS__StringSlice(text, open + 9, stop)
            at = stop + 3
        elseif __TS__StringCharCodeAt(text, open + 1) == 63 then
            local stop = endOf(text, "?>", open)
            if __TS__StringSlice(text, open, open + 5) == "<?xml" then
                readTag(text, open + 5, stop, out)
            else
                out[#out + 1] = __TS__StringSlice(text, open, stop)
            end
            at = stop + 2
        else
            flush(run, out)
            run = {}
            local ____end = tagEnd(text, open + 1)
            if __TS__StringCharCodeAt(text, open + 1) ~= 33 then
                readTag(text, open + 1, ____end, out)
            end
            at = ____end + 1
        end
    end
    flush(run, out)
    if at < #text then
        out[#out + 1] = __TS__StringSlice(text, at)
    end
    return out
end
return ____exports
 end,
["inspect.inspect-body"] = function(...)
local ____exports = {}
local judgePart, judgeMultipart, judgeXml, judgeRuns, judgeLooks, MAX_READ_BYTES
local ____binary_2Ets = require("text.binary")
local isBinary = ____binary_2Ets.isBinary
local isFileFormat = ____binary_2Ets.isFileFormat
local isWide = ____binary_2Ets.isWide
local narrow = ____binary_2Ets.narrow
local readRuns = ____binary_2Ets.readRuns
local ____content_2Dtype_2Ets = require("inspect.content-type")
local readTypes = ____content_2Dtype_2Ets.readTypes
local UNTYPED = ____content_2Dtype_2Ets.UNTYPED
local ____disposition_2Ets = require("inspect.disposition")
local isCertainFile = ____disposition_2Ets.isCertainFile
local ____finding_2Ets = require("rules.finding")
local newFinding = ____finding_2Ets.newFinding
local ____gate_2Dpatterns_2Ets = require("rules.gate-patterns")
local PART_TYPE = ____gate_2Dpatterns_2Ets.PART_TYPE
local ____judge_2Ets = require("rules.judge")
local judgeDocument = ____judge_2Ets.judgeDocument
local ____multipart_2Ets = require("inspect.multipart")
local isLoose = ____multipart_2Ets.isLoose
local readMultipart = ____multipart_2Ets.readMultipart
local ____pairs_2Ets = require("inspect.pairs")
local judgePairs = ____pairs_2Ets.judgePairs
local ____text_2Ets = require("text.text")
local startsWith = ____text_2Ets.startsWith
local withoutMargin = ____text_2Ets.withoutMargin
local ____upload_2Ets = require("inspect.upload")
local judgeFile = ____upload_2Ets.judgeFile
local judgeUploadName = ____upload_2Ets.judgeUploadName
local ____value_2Ets = require("inspect.value")
local consider = ____value_2Ets.consider
local isSpent = ____value_2Ets.isSpent
local judgeJson = ____value_2Ets.judgeJson
local judgePlain = ____value_2Ets.judgePlain
local judgeValue = ____value_2Ets.judgeValue
local newWorst = ____value_2Ets.newWorst
local reportWorst = ____value_2Ets.reportWorst
local ____xml_2Ets = require("text.xml")
local readXml = ____xml_2Ets.readXml
function judgePart(body, part, nested)
    local ____body_0 = body
    local worst = ____body_0.worst
    local signals = ____body_0.signals
    local lower = worst.host.lower
    local said = part.disposition
    for ____, filename in ipairs(said.filenames) do
        judgeUploadName(worst, filename, signals)
        judgeValue(worst, filename, "body", 2)
    end
    for ____, name in ipairs(said.names) do
        judgeValue(worst, name, "body", 2)
    end
    for ____, other in ipairs(said.others) do
        judgeValue(worst, other, "body", 2)
    end
    for ____, header in ipairs(part.headers) do
        if not worst.host.match(
            PART_TYPE,
            lower(header)
        ) then
            judgeValue(worst, header, "body", 2)
        end
    end
    if said.files > 0 then
        judgeFile(worst, part.content)
    end
    if isCertainFile(said) then
        return
    end
    if said.claims > 0 and isBinary(part.content) then
        judgeRuns(worst, part.content)
        return
    end
    judgeValue(worst, part.content, "body", 0)
    if part.type == "" or nested or isSpent(worst) then
        return
    end
    local types = readTypes(part.type, lower)
    if types.multipart then
        judgeMultipart(body, part.content, types, true)
    end
end
function judgeMultipart(body, text, types, nested)
    local worst = body.worst
    local certain = #types.boundaries == 1
    local looked = nested
    local function look()
        if not looked then
            judgeLooks(worst, text, UNTYPED)
        end
        looked = true
    end
    for ____, boundary in ipairs(types.boundaries) do
        for ____, lines in ipairs(isLoose(text, boundary) and ({true, false}) or ({true})) do
            body.bytes_read = body.bytes_read + #text
            if body.bytes_read > MAX_READ_BYTES or isSpent(worst) then
                look()
                return
            end
            local read = readMultipart(
                text,
                boundary,
                lines,
                body.cut,
                worst.host.lower
            )
            if #read.parts == 0 then
                certain = false
                look()
            end
            for ____, part in ipairs(read.parts) do
                judgePart(body, part, nested)
            end
            for ____, rest in ipairs(read.rest) do
                if not looked or #rest < #text and not isSpent(worst) then
                    judgeLooks(worst, rest, UNTYPED)
                end
            end
        end
    end
    if not certain then
        look()
    end
end
function judgeXml(worst, document)
    local finding = newFinding()
    judgeDocument(worst.host, document, finding)
    consider(worst, finding, "body", false)
    for ____, text in ipairs(readXml(document)) do
        judgeValue(worst, text, "body", 0)
    end
end
function judgeRuns(worst, bytes)
    for ____, run in ipairs(readRuns(bytes)) do
        judgeValue(worst, run, "body", 1)
    end
end
function judgeLooks(worst, sent, types)
    local body = isWide(sent) and narrow(sent) or sent
    local text = withoutMargin(body)
    local first = string.byte(text, 1) or 0 / 0
    local opensJson = first == 123 or first == 91
    if not types.form and not (opensJson and types.json) and isBinary(body) then
        if types.medium or isFileFormat(body) then
            judgeFile(worst, body)
        else
            judgeRuns(worst, body)
        end
        return
    end
    local isXml = first == 60 and (types.xml or startsWith(text, "<?xml"))
    if isXml then
        judgeXml(worst, text)
    end
    local isJson = judgeJson(worst, text, "body", 0)
    local asJson = opensJson or types.json
    if asJson and not isJson then
        judgePlain(worst, text, "body", 0)
    end
    if types.form or types.text and not isXml and not isJson then
        judgePairs(worst, body, "body")
    elseif not isXml and not asJson then
        judgePlain(worst, text, "body", 1)
    end
end
--- More of a body than this is not read: what is beyond it is not inspected.
____exports.BODY_LIMIT_BYTES = 131072
MAX_READ_BYTES = 4 * ____exports.BODY_LIMIT_BYTES
--- Judges the body by what it is, whatever it is called: content types lie, and servers differ in what they believe.
function ____exports.inspectBody(host, facts, body, signals)
    if body == "" then
        return
    end
    local worst = newWorst(host)
    local types = readTypes(facts.content_type, host.lower)
    local cut = #body >= ____exports.BODY_LIMIT_BYTES
    if types.multipart then
        judgeMultipart({worst = worst, signals = signals, cut = cut, bytes_read = 0}, body, types, false)
    end
    if not types.multipart or types.form or types.json or types.xml or types.text then
        judgeLooks(worst, body, types)
    end
    reportWorst(worst, signals)
end
return ____exports
 end,
["inspect.credentials"] = function(...)
local ____lualib = require("lualib_bundle")
local __TS__StringSlice = ____lualib.__TS__StringSlice
local ____exports = {}
local ____base64_2Ets = require("text.base64")
local decodeBase64 = ____base64_2Ets.decodeBase64
local readsAsText = ____base64_2Ets.readsAsText
local ____gate_2Dpatterns_2Ets = require("rules.gate-patterns")
local UNSTRUCTURED = ____gate_2Dpatterns_2Ets.UNSTRUCTURED
local ____json_2Ets = require("text.json")
local readJson = ____json_2Ets.readJson
local ____text_2Ets = require("text.text")
local split = ____text_2Ets.split
local startsWith = ____text_2Ets.startsWith
local trim = ____text_2Ets.trim
local ____value_2Ets = require("inspect.value")
local consider = ____value_2Ets.consider
local judgeValue = ____value_2Ets.judgeValue
local newWorst = ____value_2Ets.newWorst
local MOST_REMEMBERED = 512
local LONGEST_REMEMBERED = 2048
--- Longer ones are no credentials; what they hold is judged as it was sent, as any header's.
local LONGEST = 16384
--- A client sends the same credentials with each request; decoding them would cost more than all else.
local harmless = {}
local count = 0
local function judgeOdd(worst, text)
    if worst.host.match(
        UNSTRUCTURED,
        worst.host.lower(text)
    ) then
        judgeValue(worst, text, "header", 2)
    end
end
--- A name and a password.
local function judgeBasic(worst, encoded)
    local bytes = decodeBase64(encoded)
    local colon = (string.find(bytes, ":", nil, true) or 0) - 1
    judgeOdd(
        worst,
        colon < 0 and bytes or __TS__StringSlice(bytes, 0, colon)
    )
    if colon >= 0 then
        judgeOdd(
            worst,
            __TS__StringSlice(bytes, colon + 1)
        )
    end
end
--- What a JSON web token says, which many read before they verify it.
local function judgeToken(worst, token)
    for ____, part in ipairs(split(token, ".", 3)) do
        do
            if not startsWith(part, "ey") then
                goto __continue7
            end
            local bytes = decodeBase64(part)
            if bytes == "" or not readsAsText(bytes) then
                goto __continue7
            end
            local json = readJson(bytes)
            if not json.valid then
                judgeOdd(worst, bytes)
            end
            for ____, key in ipairs(json.keys) do
                judgeOdd(worst, key)
            end
            for ____, value in ipairs(json.values) do
                judgeOdd(worst, value)
            end
        end
        ::__continue7::
    end
end
--- Judges what `Basic` and `Bearer` encode. A function of the value alone: the memory changes what it costs, never what it says.
function ____exports.judgeCredentials(worst, value)
    if harmless[value] == true or #value > LONGEST then
        return
    end
    local scheme = worst.host.lower(string.sub(value, 1, 7))
    local own = newWorst(worst.host)
    if startsWith(scheme, "basic ") then
        judgeBasic(
            own,
            trim(string.sub(value, 7))
        )
    elseif scheme == "bearer " then
        judgeToken(
            own,
            trim(string.sub(value, 8))
        )
    else
        return
    end
    worst.suspects = worst.suspects + own.suspects
    consider(worst, own.finding, own.place, true)
    if own.finding.total > 0 or #value > LONGEST_REMEMBERED then
        return
    end
    if count >= MOST_REMEMBERED then
        harmless = {}
        count = 0
    end
    harmless[value] = true
    count = count + 1
end
return ____exports
 end,
["inspect.protocol"] = function(...)
local ____exports = {}
local ____gate_2Dpatterns_2Ets = require("rules.gate-patterns")
local BAD_ESCAPE = ____gate_2Dpatterns_2Ets.BAD_ESCAPE
local CONTROL_ESCAPE = ____gate_2Dpatterns_2Ets.CONTROL_ESCAPE
local DOUBLE_ESCAPE = ____gate_2Dpatterns_2Ets.DOUBLE_ESCAPE
local ____text_2Ets = require("text.text")
local parseDecimal = ____text_2Ets.parseDecimal
local function add(signals, id, points, place)
    signals[#signals + 1] = {id = id, group = "evasion", points = points, place = place}
end
--- Requests that are formed to be read differently by different programs.
function ____exports.judgeProtocol(host, request, facts, signals)
    if facts.transfer_encoding ~= "" and facts.content_length ~= "" then
        add(signals, "two_lengths", 40, "request")
    elseif facts.content_length ~= "" and parseDecimal(facts.content_length) < 0 then
        add(signals, "bad_length", 40, "request")
    end
    if facts.repeated then
        add(signals, "repeated_header", 30, "request")
    end
    if (string.find(request.target, "%", nil, true) or 0) - 1 < 0 then
        return
    end
    if host.match(DOUBLE_ESCAPE, request.target) then
        add(signals, "double_escape", 15, "path")
    end
    if host.match(BAD_ESCAPE, request.target) then
        add(signals, "bad_escape", 10, "path")
    end
    if host.match(CONTROL_ESCAPE, request.target) then
        add(signals, "control_escape", 20, "path")
    end
end
return ____exports
 end,
["inspect.structured"] = function(...)
local ____exports = {}
local ____gate_2Dpatterns_2Ets = require("rules.gate-patterns")
local UNSTRUCTURED = ____gate_2Dpatterns_2Ets.UNSTRUCTURED
local MOST_REMEMBERED = 2048
local LONGEST_REMEMBERED = 200
--- Browsers send the same few values again and again; a look at each would cost more than all else.
local plain = {}
local count = 0
--- Whether the value of a header with a grammar of its own is of a kind such headers have. A function of the value alone: the
-- memory changes what it costs, never what it says.
function ____exports.isPlain(host, value)
    if plain[value] == true then
        return true
    end
    if host.match(
        UNSTRUCTURED,
        host.lower(value)
    ) then
        return false
    end
    if #value > LONGEST_REMEMBERED then
        return true
    end
    if count >= MOST_REMEMBERED then
        plain = {}
        count = 0
    end
    plain[value] = true
    count = count + 1
    return true
end
return ____exports
 end,
["inspect.inspect"] = function(...)
local ____lualib = require("lualib_bundle")
local __TS__StringSlice = ____lualib.__TS__StringSlice
local ____exports = {}
local afterScheme
local ____agent_2Ets = require("inspect.agent")
local readAgent = ____agent_2Ets.readAgent
local ____credentials_2Ets = require("inspect.credentials")
local judgeCredentials = ____credentials_2Ets.judgeCredentials
local ____decode_2Ets = require("text.decode")
local decodePercent = ____decode_2Ets.decodePercent
local ____gate_2Dpatterns_2Ets = require("rules.gate-patterns")
local BASE64_INSIDE = ____gate_2Dpatterns_2Ets.BASE64_INSIDE
local COOKIE_SIGNS = ____gate_2Dpatterns_2Ets.COOKIE_SIGNS
local COOKIE_WORDS = ____gate_2Dpatterns_2Ets.COOKIE_WORDS
local SESSION_NAME = ____gate_2Dpatterns_2Ets.SESSION_NAME
local SESSION_NAME_EXACT = ____gate_2Dpatterns_2Ets.SESSION_NAME_EXACT
local TARGET_SUSPECT = ____gate_2Dpatterns_2Ets.TARGET_SUSPECT
local ____binding_2Ets = require("binding")
local hostName = ____binding_2Ets.hostName
local ____pairs_2Ets = require("inspect.pairs")
local judgePair = ____pairs_2Ets.judgePair
local judgePairs = ____pairs_2Ets.judgePairs
local MAX_PAIRS = ____pairs_2Ets.MAX_PAIRS
local ____path_2Dpatterns_2Ets = require("rules.path-patterns")
local PROBE_RULES = ____path_2Dpatterns_2Ets.PROBE_RULES
local ____protocol_2Ets = require("inspect.protocol")
local judgeProtocol = ____protocol_2Ets.judgeProtocol
local ____structured_2Ets = require("inspect.structured")
local isPlain = ____structured_2Ets.isPlain
local ____text_2Ets = require("text.text")
local contains = ____text_2Ets.contains
local split = ____text_2Ets.split
local trim = ____text_2Ets.trim
local ____upload_2Ets = require("inspect.upload")
local judgeUploadName = ____upload_2Ets.judgeUploadName
local ____value_2Ets = require("inspect.value")
local judgeValue = ____value_2Ets.judgeValue
local newWorst = ____value_2Ets.newWorst
local reportWorst = ____value_2Ets.reportWorst
function afterScheme(url)
    local at = (string.find(url, "://", nil, true) or 0) - 1
    return at > 0 and at < 8 and __TS__StringSlice(url, at + 3) or url
end
local MAX_SEGMENTS = 64
local DOLLAR = 36
local function judgeTarget(worst, target, signals)
    local host = worst.host
    local lowered = host.lower(target)
    if not host.match(TARGET_SUSPECT, lowered) and not host.match(BASE64_INSIDE, target) then
        return
    end
    local mark = (string.find(target, "?", nil, true) or 0) - 1
    local path = decodePercent(
        mark < 0 and target or __TS__StringSlice(target, 0, mark),
        false
    )
    local loweredPath = host.lower(path)
    for ____, rule in ipairs(PROBE_RULES) do
        if host.match(rule.pattern, loweredPath) then
            signals[#signals + 1] = {id = rule.id, group = "scanner", points = rule.points, place = "path"}
            break
        end
    end
    judgeValue(worst, path, "path", 0)
    for ____, segment in ipairs(split(path, "/", MAX_SEGMENTS)) do
        if (string.byte(segment, 1) or 0 / 0) ~= DOLLAR then
            judgeValue(worst, segment, "path", 1)
        end
    end
    if (string.find(
        path,
        "/",
        math.max(2, 1),
        true
    ) or 0) - 1 > 0 then
        judgeValue(
            worst,
            string.sub(path, 2),
            "path",
            1
        )
    end
    if mark < 0 then
        return
    end
    local query = __TS__StringSlice(target, mark + 1)
    judgePairs(worst, query, "query")
end
local function judgeAgent(worst, agent)
    if agent ~= "" and readAgent(worst.host, agent).suspect then
        judgeValue(worst, agent, "user_agent", 2)
    end
end
local function judgeReferer(worst, referer)
    if referer == "" or not worst.host.match(
        TARGET_SUSPECT,
        worst.host.lower(afterScheme(referer))
    ) then
        return
    end
    local mark = (string.find(referer, "?", nil, true) or 0) - 1
    judgeValue(
        worst,
        decodePercent(
            mark < 0 and referer or __TS__StringSlice(referer, 0, mark),
            false
        ),
        "referer",
        2
    )
    if mark >= 0 then
        judgePairs(
            worst,
            __TS__StringSlice(referer, mark + 1),
            "referer"
        )
    end
end
local function judgeCookies(worst, cookie)
    for ____, part in ipairs(split(cookie, ";", MAX_PAIRS)) do
        judgePair(
            worst,
            trim(part),
            false,
            "cookie"
        )
    end
end
local function isCookieSuspect(host, cookie)
    local lowered = host.lower(cookie)
    for ____, word in ipairs(COOKIE_WORDS) do
        if contains(lowered, word) then
            return true
        end
    end
    return host.match(COOKIE_SIGNS, lowered) or host.match(BASE64_INSIDE, cookie)
end
--- What has a grammar of its own is judged where it holds what no such grammar has a use for.
local function judgeStructured(worst, facts)
    for ____, header in ipairs(facts.structured) do
        if not isPlain(worst.host, header.value) then
            judgeValue(worst, header.value, "header", 1)
        end
    end
end
local function judgeHeaders(worst, facts, signals)
    local host = worst.host
    judgeAgent(worst, facts.user_agent)
    judgeReferer(worst, facts.referer)
    for ____, header in ipairs(facts.repeats) do
        if header.name == "referer" then
            judgeReferer(worst, header.value)
        else
            judgeAgent(worst, header.value)
        end
    end
    local cookie = facts.cookie
    if cookie ~= "" and isCookieSuspect(host, cookie) then
        judgeCookies(worst, cookie)
    end
    judgeStructured(worst, facts)
    for ____, header in ipairs(facts.others) do
        if contains(header.name, "filename") or contains(header.name, "file-name") or contains(header.name, "file_name") then
            judgeUploadName(worst, header.value, signals)
        end
        judgeValue(worst, header.value, "header", 0)
        if header.name == "authorization" then
            judgeCredentials(worst, header.value)
        end
    end
end
--- Where a URL leads: up to its path, query or fragment.
local function authorityOf(url)
    local rest = afterScheme(url)
    for ____, mark in ipairs({"/", "?", "#"}) do
        rest = split(rest, mark, 2)[1] or ""
    end
    return rest
end
--- Whether a browser may be opening a page with this: not a script, an image or a beacon, which bring ids of their own.
local function mayBeOpened(request, facts)
    if request.method ~= "GET" then
        return false
    end
    if facts.fetch_mode ~= "" and facts.fetch_mode ~= "navigate" then
        return false
    end
    return facts.accept == "" or contains(facts.accept, "text/html")
end
--- A link on another site that brings its own session: the victim would sign in to the attacker's.
local function judgeFixation(host, request, facts, signals)
    if facts.referer == "" or not mayBeOpened(request, facts) then
        return
    end
    local named = host.match(
        SESSION_NAME,
        host.lower(request.target)
    )
    if not named and not host.match(SESSION_NAME_EXACT, request.target) then
        return
    end
    local from = host.lower(hostName(authorityOf(facts.referer)))
    if from == host.lower(hostName(request.host)) then
        return
    end
    signals[#signals + 1] = {id = "session_fixation", group = "payload", points = 70, place = "query"}
end
--- Judges target and headers.
function ____exports.inspectHead(host, request, facts, signals)
    local worst = newWorst(host)
    judgeTarget(worst, request.target, signals)
    judgeHeaders(worst, facts, signals)
    reportWorst(worst, signals)
    judgeFixation(host, request, facts, signals)
    judgeProtocol(host, request, facts, signals)
end
return ____exports
 end,
["policy"] = function(...)
local ____exports = {}
local ____address_2Ets = require("address")
local parseCidr = ____address_2Ets.parseCidr
____exports.DEFAULT_THRESHOLD = 70
____exports.DEFAULT_RATE_COUNT = 1000
____exports.DEFAULT_RATE_WINDOW_S = 60
local function booleanOr(own, inherited, fallback)
    if type(own) == "boolean" then
        return own
    end
    local ____temp_0
    if type(inherited) == "boolean" then
        ____temp_0 = inherited
    else
        ____temp_0 = fallback
    end
    return ____temp_0
end
local function isIntegerIn(value, least, most)
    return type(value) == "number" and value >= least and value <= most and math.floor(value) == value
end
--- An object or a list; JSON's `null` is neither.
local function isRecord(value)
    return type(value) == "table" and value ~= nil
end
local function readRateLimit(value)
    if isIntegerIn(value, 1, 1000000000) then
        return {count = value, window_s = ____exports.DEFAULT_RATE_WINDOW_S, scope = "node"}
    end
    if not isRecord(value) then
        return nil
    end
    local limit = value
    if not isIntegerIn(limit.count, 1, 1000000000) then
        return nil
    end
    local window_s = isIntegerIn(limit.window_s, 1, 86400) and limit.window_s or ____exports.DEFAULT_RATE_WINDOW_S
    return {count = limit.count, window_s = window_s, scope = limit.scope == "fleet" and "fleet" or "node"}
end
local function readCidrs(value)
    if not isRecord(value) then
        return nil
    end
    local cidrs = {}
    for ____, text in ipairs(value) do
        local ____temp_1
        if type(text) == "string" then
            ____temp_1 = parseCidr(text)
        else
            ____temp_1 = nil
        end
        local cidr = ____temp_1
        if cidr ~= nil then
            cidrs[#cidrs + 1] = cidr
        end
    end
    return cidrs
end
--- defaults <- tenant <- route; either switch turned off turns the defense off. Values of a wrong type are as
-- if absent, so that a record written by hand can weaken nothing but its own field.
-- Compile once per change of either document, not per request.
function ____exports.compilePolicy(tenant, route)
    local outer = tenant or ({})
    local own = route or ({})
    local threshold = isIntegerIn(own.threat_threshold, 0, 100) and own.threat_threshold or outer.threat_threshold
    local tenantId = type(outer.id) == "string" and outer.id or own.tenant
    local mode = (own.mode == "observe" or own.mode == "enforce") and own.mode or outer.mode
    return {
        tenant = type(tenantId) == "string" and tenantId or "",
        route = type(own.id) == "string" and own.id or "",
        enabled = booleanOr(outer.enabled_defense, nil, true) and booleanOr(own.enabled, nil, true),
        threat_threshold = isIntegerIn(threshold, 0, 100) and threshold or ____exports.DEFAULT_THRESHOLD,
        rate_limit = readRateLimit(own.rate_limit) or readRateLimit(outer.rate_limit) or ({count = ____exports.DEFAULT_RATE_COUNT, window_s = ____exports.DEFAULT_RATE_WINDOW_S, scope = "node"}),
        js_challenge = booleanOr(own.js_challenge, outer.js_challenge, true),
        challenge_type = "js",
        js_fingerprint = booleanOr(own.js_fingerprint, outer.js_fingerprint, false),
        mode = mode == "observe" and "observe" or "enforce",
        allow = readCidrs(own.allow) or readCidrs(outer.allow) or ({}),
        deny = readCidrs(own.deny) or readCidrs(outer.deny) or ({}),
        challenge_all = booleanOr(own.challenge_all, outer.challenge_all, false)
    }
end
return ____exports
 end,
["rate"] = function(...)
local ____exports = {}
--- The share of the previous window's count that the sliding window still covers, rounded down.
local function carried(previous, remaining_ms, window_ms)
    return math.floor(previous * remaining_ms / window_ms)
end
--- Whole seconds until `count` carried over a window of `remaining_ms` has sunk to at most `most`.
local function untilSunk(count, most, remaining_ms, window_ms)
    if count <= most then
        return 0
    end
    local enough = (most + 1) * window_ms / count
    return math.max(
        0,
        math.floor(remaining_ms - enough) + 1
    )
end
local function retryAfter(limit, current, previous, left_ms, window_ms)
    local wait = current < limit and untilSunk(previous, limit - current - 1, left_ms, window_ms) or left_ms + untilSunk(current, limit - 1, window_ms, window_ms)
    return math.floor(wait / 1000) + 1
end
--- A sliding window over two counters: this window's count plus the share of the last one that still lies in
-- the past `window_s` seconds. Keys carry the window's length but no version of the configuration, so a new
-- limit is right on the next request. A refused request is not counted: a client that keeps on trying is let
-- in as soon as its earlier requests have aged.
function ____exports.countRequest(host, rate, bucket)
    local now = host.now()
    local window_ms = rate.window_s * 1000
    local index = math.floor(now / window_ms)
    local left_ms = (index + 1) * window_ms - now
    local prefix = ((("r:" .. tostring(rate.window_s)) .. ":") .. bucket) .. ":"
    local ttl_s = rate.window_s * 2
    local key = prefix .. tostring(index)
    local previous = host.counter_get(
        rate.scope,
        prefix .. tostring(index - 1)
    )
    local current = host.counter_incr(rate.scope, key, 1, ttl_s)
    local used = carried(previous, left_ms, window_ms) + current
    local limited = used > rate.count
    if limited then
        host.counter_incr(rate.scope, key, -1, ttl_s)
    end
    return {
        limited = limited,
        limit = rate.count,
        window_s = rate.window_s,
        remaining = math.max(0, rate.count - used),
        reset_s = math.ceil(left_ms / 1000) + (current > 0 and rate.window_s or 0),
        retry_after_s = limited and retryAfter(
            rate.count,
            current - 1,
            previous,
            left_ms,
            window_ms
        ) or 0
    }
end
return ____exports
 end,
["verdict"] = function(...)
local ____exports = {}
--- `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers), and `Retry-After` when refused.
function ____exports.rateHeaders(rate)
    local headers = {
        {
            name = "ratelimit-policy",
            value = (("\"default\";q=" .. tostring(rate.limit)) .. ";w=") .. tostring(rate.window_s)
        },
        {
            name = "ratelimit",
            value = (("\"default\";r=" .. tostring(rate.remaining)) .. ";t=") .. tostring(rate.reset_s)
        }
    }
    if rate.retry_after_s > 0 then
        headers[#headers + 1] = {
            name = "retry-after",
            value = tostring(rate.retry_after_s)
        }
    end
    return headers
end
--- `id:points,id:points`, in the order found.
function ____exports.signalList(signals)
    local parts = {}
    for ____, signal in ipairs(signals) do
        parts[#parts + 1] = (signal.id .. ":") .. tostring(signal.points)
    end
    return table.concat(parts, ",")
end
--- What the upstream is told. The adapter drops such headers of the client's and adds the revision.
function ____exports.upstreamHeaders(verdict)
    return {
        {name = "x-lockstep-verdict", value = verdict.decided},
        {
            name = "x-lockstep-score",
            value = tostring(verdict.score)
        },
        {
            name = "x-lockstep-signals",
            value = ____exports.signalList(verdict.signals)
        },
        {name = "x-lockstep-clearance", value = verdict.clearance}
    }
end
--- One line for the log: what was decided, why, and every signal with its points and place.
function ____exports.explain(verdict)
    local parts = {
        ((((verdict.action .. " (") .. verdict.decided) .. ", ") .. verdict.reason) .. ")",
        (("score " .. tostring(verdict.score)) .. " of ") .. tostring(verdict.threshold),
        "client " .. verdict.client_ip,
        "clearance " .. verdict.clearance
    }
    for ____, signal in ipairs(verdict.signals) do
        parts[#parts + 1] = (((signal.id .. " +") .. tostring(signal.points)) .. " in ") .. signal.place
    end
    return table.concat(parts, "; ")
end
return ____exports
 end,
["challenge.reserved"] = function(...)
local ____lualib = require("lualib_bundle")
local __TS__StringSlice = ____lualib.__TS__StringSlice
local ____exports = {}
local ____challenge_2Ets = require("challenge.challenge")
local judgeSolution = ____challenge_2Ets.judgeSolution
local ____clearance_2Ets = require("challenge.clearance")
local CLEARANCE_TTL_S = ____clearance_2Ets.CLEARANCE_TTL_S
local clearanceCookieName = ____clearance_2Ets.clearanceCookieName
local issueClearance = ____clearance_2Ets.issueClearance
local ____decode_2Ets = require("text.decode")
local decodePercent = ____decode_2Ets.decodePercent
local ____text_2Ets = require("text.text")
local split = ____text_2Ets.split
--- Paths under this are the gateway's own on every defended route; they never reach an upstream.
____exports.RESERVED_PREFIX = "/.lockstep/"
--- Where the challenge page posts its solution, as a form: token, nonce, webdriver, languages, platform.
____exports.VERIFY_PATH = "/.lockstep/verify"
local MAX_SOLUTION_BYTES = 2048
local function readSolution(body)
    local token = ""
    local nonce = ""
    local webdriver = ""
    local languages = ""
    local platform = ""
    for ____, pair in ipairs(split(
        __TS__StringSlice(body, 0, MAX_SOLUTION_BYTES),
        "&",
        16
    )) do
        do
            local equals = (string.find(pair, "=", nil, true) or 0) - 1
            if equals < 0 then
                goto __continue3
            end
            local name = __TS__StringSlice(pair, 0, equals)
            local value = decodePercent(
                __TS__StringSlice(pair, equals + 1),
                true
            )
            if name == "token" then
                token = value
            elseif name == "nonce" then
                nonce = value
            elseif name == "webdriver" then
                webdriver = value
            elseif name == "languages" then
                languages = value
            elseif name == "platform" then
                platform = value
            end
        end
        ::__continue3::
    end
    return {
        token = token,
        nonce = nonce,
        webdriver = webdriver == "true",
        languages = languages,
        platform = platform
    }
end
local function answer(policy, known, status, body, set_cookie)
    return {
        action = "answer",
        decided = "answer",
        reason = "reserved",
        status = status,
        score = 0,
        threshold = policy.threat_threshold,
        signals = {},
        client_ip = known.client.ip,
        clearance = known.clearance,
        rate = known.rate,
        challenge = nil,
        body = body,
        set_cookie = set_cookie
    }
end
--- Answers a request for a reserved path. A stranger learns no more than that its solution was not taken.
function ____exports.answerReserved(host, keyring, policy, request, known, body)
    local mark = (string.find(request.target, "?", nil, true) or 0) - 1
    local path = mark < 0 and request.target or __TS__StringSlice(request.target, 0, mark)
    if path ~= ____exports.VERIFY_PATH then
        return answer(
            policy,
            known,
            404,
            "{\"ok\":false}",
            ""
        )
    end
    if request.method ~= "POST" then
        return answer(
            policy,
            known,
            405,
            "{\"ok\":false}",
            ""
        )
    end
    local key = keyring.signing
    local judged = judgeSolution(
        host,
        keyring,
        known.binding,
        readSolution(body)
    )
    if judged.refusal ~= nil or key == nil then
        return answer(
            policy,
            known,
            403,
            "{\"ok\":false}",
            ""
        )
    end
    local clearance = issueClearance(
        host,
        key,
        known.binding,
        judged.issued_s,
        judged.fingerprinted
    )
    local left_s = math.min(
        CLEARANCE_TTL_S,
        judged.issued_s + CLEARANCE_TTL_S - math.floor(host.now() / 1000)
    )
    local name = clearanceCookieName(request.scheme)
    local secure = request.scheme == "https" and "; Secure" or ""
    local cookie = (((((name .. "=") .. clearance) .. "; Path=/; Max-Age=") .. tostring(left_s)) .. "; HttpOnly; SameSite=Lax") .. secure
    return answer(
        policy,
        known,
        200,
        "{\"ok\":true}",
        cookie
    )
end
return ____exports
 end,
["decide"] = function(...)
local ____exports = {}
local ____address_2Ets = require("address")
local isInAny = ____address_2Ets.isInAny
local ____binding_2Ets = require("binding")
local bindingOf = ____binding_2Ets.bindingOf
local ____challenge_2Ets = require("challenge.challenge")
local difficultyFor = ____challenge_2Ets.difficultyFor
local issueChallenge = ____challenge_2Ets.issueChallenge
local ____clearance_2Ets = require("challenge.clearance")
local bestClearance = ____clearance_2Ets.bestClearance
local ____client_2Ets = require("client")
local identify = ____client_2Ets.identify
local ____consistency_2Ets = require("inspect.consistency")
local judgeClient = ____consistency_2Ets.judgeClient
local ____inspect_2Dbody_2Ets = require("inspect.inspect-body")
local inspectBody = ____inspect_2Dbody_2Ets.inspectBody
local ____inspect_2Ets = require("inspect.inspect")
local inspectHead = ____inspect_2Ets.inspectHead
local ____rate_2Ets = require("rate")
local countRequest = ____rate_2Ets.countRequest
local ____request_2Ets = require("request")
local gatherHeaders = ____request_2Ets.gatherHeaders
local ____reserved_2Ets = require("challenge.reserved")
local answerReserved = ____reserved_2Ets.answerReserved
local RESERVED_PREFIX = ____reserved_2Ets.RESERVED_PREFIX
local ____signal_2Ets = require("signal")
local scoreOf = ____signal_2Ets.scoreOf
local ____text_2Ets = require("text.text")
local contains = ____text_2Ets.contains
local parseDecimal = ____text_2Ets.parseDecimal
local startsWith = ____text_2Ets.startsWith
--- A payload this certain is blocked; for less, a browser may prove itself.
local PAYLOAD_BLOCKS = 60
local STRIKE_TTL_S = 600
--- Posting solutions is limited by itself: it must work for who is being limited elsewhere.
local RESERVED_LIMIT = {count = 60, window_s = 60, scope = "node"}
local function settle(policy, decision, decided, reason, status, score, challenge)
    local action = policy.mode == "enforce" and decided or "pass"
    decision.verdict = {
        action = action,
        decided = decided,
        reason = reason,
        status = action == "pass" and 0 or status,
        score = score,
        threshold = policy.threat_threshold,
        signals = decision.signals,
        client_ip = decision.client.ip,
        clearance = decision.clearance,
        rate = decision.rate,
        challenge = challenge,
        body = "",
        set_cookie = ""
    }
end
local function carriesBody(request, facts)
    return request.unannounced_body == true or facts.transfer_encoding ~= "" or facts.content_length ~= "" and parseDecimal(facts.content_length) ~= 0
end
--- Whether the client is a browser opening a page: only that can be shown a challenge and lose nothing.
local function isNavigation(request, facts)
    return request.method == "GET" and contains(facts.accept, "text/html") and not facts.by_script and (facts.fetch_mode == "" or facts.fetch_mode == "navigate")
end
local function isCleared(policy, clearance)
    return clearance == "fingerprinted" or clearance == "plain" and not policy.js_fingerprint
end
local function strikeKey(policy, client)
    return (("s:" .. policy.tenant) .. ":") .. client.key
end
--- What this client did lately: how near its limit it is, and how many of its requests were blocked.
local function judgeHistory(host, policy, decision)
    local rate = decision.rate
    if rate ~= nil and rate.limit >= 20 then
        local used = rate.limit - rate.remaining
        if used * 20 >= rate.limit * 19 then
            local ____decision_signals_0 = decision.signals
            ____decision_signals_0[#____decision_signals_0 + 1] = {id = "near_limit", group = "behaviour", points = 30, place = "request"}
        end
    end
    local strikes = host.counter_get(
        "node",
        strikeKey(policy, decision.client)
    )
    if strikes > 0 then
        local points = math.min(60, strikes * 15)
        local ____decision_signals_1 = decision.signals
        ____decision_signals_1[#____decision_signals_1 + 1] = {id = "blocked_lately", group = "reputation", points = points, place = "request"}
    end
end
--- What solving a challenge has answered already, a cleared client is not asked again.
local function standing(policy, decision)
    if not isCleared(policy, decision.clearance) then
        return decision.signals
    end
    local left = {}
    for ____, signal in ipairs(decision.signals) do
        if signal.group ~= "consistency" and signal.group ~= "behaviour" then
            left[#left + 1] = signal
        end
    end
    return left
end
local function judgeScore(host, gateway, policy, request, decision)
    local score = scoreOf(standing(policy, decision))
    local cleared = isCleared(policy, decision.clearance)
    local reached = score.total >= policy.threat_threshold and not (cleared and score.total == 0)
    if reached and score.payload >= PAYLOAD_BLOCKS then
        host.counter_incr(
            "node",
            strikeKey(policy, decision.client),
            1,
            STRIKE_TTL_S
        )
        settle(
            policy,
            decision,
            "block",
            "payload",
            403,
            score.total,
            nil
        )
        return
    end
    local navigation = isNavigation(request, decision.facts)
    if not reached and not (policy.challenge_all and not cleared and navigation) then
        settle(
            policy,
            decision,
            "pass",
            "clean",
            0,
            score.total,
            nil
        )
        return
    end
    local reason = reached and "score" or "challenge_all"
    local key = gateway.keyring.signing
    if cleared or not navigation or not policy.js_challenge or key == nil then
        settle(
            policy,
            decision,
            "block",
            reason,
            403,
            score.total,
            nil
        )
        return
    end
    local difficulty = difficultyFor(score.total, policy.threat_threshold)
    local challenge = issueChallenge(
        host,
        key,
        decision.binding,
        difficulty,
        policy.js_fingerprint
    )
    settle(
        policy,
        decision,
        "challenge",
        reason,
        403,
        score.total,
        challenge
    )
end
local function open(host, gateway, policy, request)
    local facts = gatherHeaders(request.headers)
    return {
        verdict = nil,
        facts = facts,
        client = identify(request.remote_ip, facts.forwarded_for, gateway.trusted_proxies),
        binding = bindingOf(policy.tenant, request, facts, host.lower),
        clearance = "absent",
        rate = nil,
        reserved = policy.enabled and startsWith(request.target, RESERVED_PREFIX),
        signals = {}
    }
end
--- Decides by everything but the body, in this order: switched off; reserved path; allowlist; denylist;
-- clearance; rate limit; score. A decision without a verdict wants the body: read it, then `decideBody`.
function ____exports.decideHead(host, gateway, policy, request)
    local decision = open(host, gateway, policy, request)
    if not policy.enabled then
        settle(
            policy,
            decision,
            "pass",
            "disabled",
            0,
            0,
            nil
        )
        return decision
    end
    local bucket = (((policy.tenant .. ":") .. policy.route) .. ":") .. decision.client.key
    if decision.reserved then
        decision.rate = countRequest(host, RESERVED_LIMIT, (policy.tenant .. ":/:") .. decision.client.key)
        if decision.rate.limited then
            settle(
                policy,
                decision,
                "limit",
                "rate_limit",
                429,
                0,
                nil
            )
        end
        return decision
    end
    local address = decision.client.address
    if address ~= nil and isInAny(address, policy.allow) then
        settle(
            policy,
            decision,
            "pass",
            "allowlist",
            0,
            0,
            nil
        )
        return decision
    end
    if address ~= nil and isInAny(address, policy.deny) then
        settle(
            policy,
            decision,
            "deny",
            "denylist",
            403,
            0,
            nil
        )
        return decision
    end
    local facts = decision.facts
    local binding = decision.binding
    decision.clearance = bestClearance(
        host,
        gateway.keyring,
        binding,
        facts.cookie,
        request.scheme
    )
    decision.rate = countRequest(host, policy.rate_limit, bucket)
    if decision.rate.limited then
        settle(
            policy,
            decision,
            "limit",
            "rate_limit",
            429,
            0,
            nil
        )
        return decision
    end
    judgeClient(host, request, decision.facts, decision.signals)
    judgeHistory(host, policy, decision)
    inspectHead(host, request, decision.facts, decision.signals)
    local score = scoreOf(decision.signals)
    local certain = score.payload >= PAYLOAD_BLOCKS and score.total >= policy.threat_threshold
    if certain or not carriesBody(request, decision.facts) then
        judgeScore(
            host,
            gateway,
            policy,
            request,
            decision
        )
    end
    return decision
end
--- A body that stays hidden: what surely has one is suspect, what only might have one counts a little.
local function judgeUnread(request, facts, signals)
    local method = request.method
    local surely = method == "POST" or method == "PUT" or method == "PATCH" or facts.content_type ~= ""
    if surely then
        signals[#signals + 1] = {id = "unread_body", group = "payload", points = 70, place = "body"}
    else
        signals[#signals + 1] = {id = "unread_body", group = "evasion", points = 30, place = "body"}
    end
end
--- Decides with the first `BODY_LIMIT_BYTES` of the body, when `decideHead` left the verdict open.
--
-- @param body `undefined` where the gateway has no means to read it
function ____exports.decideBody(host, gateway, policy, request, decision, body)
    if decision.verdict == nil and decision.reserved then
        decision.verdict = answerReserved(
            host,
            gateway.keyring,
            policy,
            request,
            decision,
            body or ""
        )
    end
    if decision.verdict == nil then
        if body == nil then
            judgeUnread(request, decision.facts, decision.signals)
        else
            inspectBody(host, decision.facts, body, decision.signals)
        end
        judgeScore(
            host,
            gateway,
            policy,
            request,
            decision
        )
    end
    return decision.verdict
end
return ____exports
 end,
["challenge.page-source"] = function(...)
local ____exports = {}
--- Finds the nonce, in a Worker where it can, sends it and opens the page anew. SHA-256 is its own: WebCrypto is
-- absent on plain HTTP, and where it is there, a promise for each hash makes it several times slower.
____exports.PAGE_SCRIPT = table.concat({
    "\"use strict\";",
    "function search(token, difficulty) {",
    "  var K = [",
    "    1116352408, 1899447441, -1245643825, -373957723, 961987163, 1508970993, -1841331548, -1424204075,",
    "    -670586216, 310598401, 607225278, 1426881987, 1925078388, -2132889090, -1680079193, -1046744716,",
    "    -459576895, -272742522, 264347078, 604807628, 770255983, 1249150122, 1555081692, 1996064986,",
    "    -1740746414, -1473132947, -1341970488, -1084653625, -958395405, -710438585, 113926993, 338241895,",
    "    666307205, 773529912, 1294757372, 1396182291, 1695183700, 1986661051, -2117940946, -1838011259,",
    "    -1564481375, -1474664885, -1035236496, -949202525, -778901479, -694614492, -200395387, 275423344,",
    "    430227734, 506948616, 659060556, 883997877, 958139571, 1322822218, 1537002063, 1747873779,",
    "    1955562222, 2024104815, -2067236844, -1933114872, -1866530822, -1538233109, -1090935817, -965641998",
    "  ];",
    "  var limit = Math.floor(4294967296 / difficulty);",
    "  var text = token + \".\";",
    "  var W = new Array(64);",
    "  function compress(state) {",
    "    var a = state[0], b = state[1], c = state[2], d = state[3];",
    "    var e = state[4], f = state[5], g = state[6], h = state[7];",
    "    for (var i = 0; i < 64; i++) {",
    "      if (i > 15) {",
    "        var x = W[i - 15], y = W[i - 2];",
    "        W[i] = (W[i - 16] + W[i - 7] + ((x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3)",
    "          + ((y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10)) | 0;",
    "      }",
    "      var t = (h + ((e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7))",
    "        + (e & f ^ ~e & g) + K[i] + W[i]) | 0;",
    "      var u = (((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)) + (a & b ^ a & c ^ b & c)) | 0;",
    "      h = g; g = f; f = e; e = d + t | 0; d = c; c = b; b = a; a = t + u | 0;",
    "    }",
    "    return [state[0] + a | 0, state[1] + b | 0, state[2] + c | 0, state[3] + d | 0,",
    "      state[4] + e | 0, state[5] + f | 0, state[6] + g | 0, state[7] + h | 0];",
    "  }",
    "  function load(bytes, from) {",
    "    for (var i = 0; i < 16; i++) {",
    "      var at = from + i * 4;",
    "      W[i] = bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];",
    "    }",
    "  }",
    "  function codes(string) { return string.split(\"\").map(function (c) { return c.charCodeAt(0); }); }",
    "  // The blocks that the token fills are the same for every nonce, so they are hashed once.",
    "  var start = [1779033703, -1150833019, 1013904242, -1521486534, 1359893119, -1694144372, 528734635, 1541459225];",
    "  var whole = Math.floor(text.length / 64) * 64;",
    "  var prefix = codes(text);",
    "  for (var at = 0; at < whole; at += 64) { load(prefix, at); start = compress(start); }",
    "  var rest = prefix.slice(whole);",
    "  var next = 0;",
    "  return function (count) {",
    "    for (var end = next + count; next < end; next++) {",
    "      var digits = String(next);",
    "      var bytes = rest.concat(codes(digits), [128]);",
    "      while (bytes.length % 64 !== 56) bytes.push(0);",
    "      var bits = (text.length + digits.length) * 8;",
    "      bytes.push(0, 0, 0, 0, bits >>> 24, bits >>> 16 & 255, bits >>> 8 & 255, bits & 255);",
    "      var state = start;",
    "      for (var from = 0; from < bytes.length; from += 64) { load(bytes, from); state = compress(state); }",
    "      if (state[0] >>> 0 < limit) return String(next);",
    "    }",
    "  };",
    "}",
    "(function () {",
    "  var page = document.getElementById(\"lockstep\");",
    "  var data = page.dataset;",
    "  var status = document.getElementById(\"status\");",
    "  var again = document.getElementById(\"again\");",
    "  function reload() {",
    "    if (location.hash) location.reload();",
    "    else location.replace(location.href);",
    "  }",
    "  function stop(text) {",
    "    page.className = \"stopped\";",
    "    status.textContent = text;",
    "    again.hidden = false;",
    "    again.focus();",
    "  }",
    "  // A clearance that does not stick would have us solve for ever.",
    "  function tooOften() {",
    "    try {",
    "      var past = (sessionStorage.getItem(\"lockstep\") || \"\").split(\",\").filter(function (t) {",
    "        return Date.now() - t < 60000;",
    "      });",
    "      sessionStorage.setItem(\"lockstep\", past.concat(Date.now()).join(\",\"));",
    "      return past.length > 2;",
    "    } catch (e) { return false; }",
    "  }",
    "  function forget() { try { sessionStorage.removeItem(\"lockstep\"); } catch (e) {} }",
    "  function send(nonce) {",
    "    var hints = navigator.userAgentData;",
    "    var fields = { token: data.token, nonce: nonce, webdriver: navigator.webdriver === true,",
    "      languages: (navigator.languages || [navigator.language]).join(\",\"), platform: hints && hints.platform || \"\" };",
    "    var form = Object.keys(fields).map(function (k) { return k + \"=\" + encodeURIComponent(fields[k]); }).join(\"&\");",
    "    fetch(location.origin + location.pathname + location.search, {",
    "      headers: { \"x-lockstep-solution\": form }, credentials: \"same-origin\", cache: \"no-store\", redirect: \"manual\"",
    "    }).then(function (answer) {",
    "      if (answer.status === 429) stop(data.busy);",
    "      else if (answer.status === 403) stop(data.failed);",
    "      else reload();",
    "    }, function () { stop(data.failed); });",
    "  }",
    "  function slices() {",
    "    var step = search(data.token, Number(data.difficulty));",
    "    (function go() {",
    "      var nonce = step(1000);",
    "      if (nonce === undefined) setTimeout(go, 0);",
    "      else send(nonce);",
    "    })();",
    "  }",
    "  function work() {",
    "    var code = search + \";onmessage=function(e){postMessage(search(e.data[0],e.data[1])(1e9))}\";",
    "    try {",
    "      var url = URL.createObjectURL(new Blob([code], { type: \"text/javascript\" }));",
    "      var worker = new Worker(url);",
    "      worker.onmessage = function (e) { worker.terminate(); send(e.data); };",
    "      worker.onerror = function (e) { e.preventDefault(); worker.terminate(); slices(); };",
    "      worker.postMessage([data.token, Number(data.difficulty)]);",
    "    } catch (e) { slices(); }",
    "  }",
    "  again.onclick = function () { forget(); reload(); };",
    "  if (!navigator.cookieEnabled || tooOften()) return stop(data.cookies);",
    "  status.textContent = data.wait;",
    "  page.className = \"working\";",
    "  work();",
    "})();"
}, "\n")
--- System fonts, light and dark, still for who asked for less motion.
____exports.PAGE_STYLE = table.concat({
    ":root{color-scheme:light dark;font:16px/1.5 system-ui,-apple-system,\"Segoe UI\",\"PingFang SC\",\"Microsoft YaHei\",sans-serif}",
    "body{margin:0;min-height:100vh;display:grid;place-items:center;background:#f6f7f9;color:#1c2430}",
    "main{box-sizing:border-box;width:min(30rem,100vw - 2rem);padding:2rem;border-radius:12px;background:#fff;border:1px solid #dde1e7}",
    "h1{font-size:1.25rem;margin:0 0 .5rem}",
    "p{margin:.5rem 0}",
    "i{display:none;width:1.5rem;height:1.5rem;border:3px solid #c5ccd6;border-top-color:#2459c4;border-radius:50%}",
    ".working i{display:block;animation:turn 1s linear infinite}",
    "@keyframes turn{to{transform:rotate(1turn)}}",
    "@media (prefers-reduced-motion:reduce){.working i{animation:none}}",
    "button{font:inherit;padding:.4rem 1.2rem;border-radius:8px;border:1px solid #2459c4;background:#2459c4;color:#fff}",
    "button:focus-visible{outline:3px solid #f0a020;outline-offset:2px}",
    "small{color:#5a6472}",
    "code{overflow-wrap:anywhere}",
    "@media (prefers-color-scheme:dark){body{background:#12161c;color:#e6e9ee}main{background:#1b212a;border-color:#333c48}small{color:#a3adba}}"
}, "\n")
return ____exports
 end,
["challenge.page"] = function(...)
local ____lualib = require("lualib_bundle")
local __TS__StringCharCodeAt = ____lualib.__TS__StringCharCodeAt
local __TS__StringSlice = ____lualib.__TS__StringSlice
local ____exports = {}
local ____base64_2Ets = require("text.base64")
local base64Core = ____base64_2Ets.base64Core
local ____page_2Dsource_2Ets = require("challenge.page-source")
local PAGE_SCRIPT = ____page_2Dsource_2Ets.PAGE_SCRIPT
local PAGE_STYLE = ____page_2Dsource_2Ets.PAGE_STYLE
local ____reserved_2Ets = require("challenge.reserved")
local VERIFY_PATH = ____reserved_2Ets.VERIFY_PATH
local ____text_2Ets = require("text.text")
local hexDigit = ____text_2Ets.hexDigit
local parseDecimal = ____text_2Ets.parseDecimal
local split = ____text_2Ets.split
local startsWith = ____text_2Ets.startsWith
local trim = ____text_2Ets.trim
--- The page sends its solution in this header, as a form, with a GET of its own URL. A path of its own would need a
-- route for it on every host: one that names the same tenant, lets POST through, and that no other route shadows.
local SOLUTION_HEADER = "x-lockstep-solution"
local ZH = {
    lang = "zh-CN",
    title = "&#x6b63;&#x5728;&#x9a8c;&#x8bc1;&#x60a8;&#x7684;&#x6d4f;&#x89c8;&#x5668;",
    wait = "&#x8bf7;&#x7a0d;&#x5019;&#xff0c;&#x9a8c;&#x8bc1;&#x901a;&#x5e38;&#x5728;&#x4e00;&#x79d2;&#x5185;&#x5b8c;&#x6210;&#xff0c;&#x9875;&#x9762;&#x4f1a;&#x81ea;&#x52a8;&#x7ee7;&#x7eed;&#x3002;",
    failed = "&#x9a8c;&#x8bc1;&#x6ca1;&#x6709;&#x901a;&#x8fc7;&#x3002;&#x8bf7;&#x91cd;&#x8bd5;&#xff1b;&#x5982;&#x679c;&#x4ecd;&#x7136;&#x5931;&#x8d25;&#xff0c;&#x8bf7;&#x8054;&#x7cfb;&#x7f51;&#x7ad9;&#x5e76;&#x63d0;&#x4f9b;&#x4e0b;&#x9762;&#x7684;&#x4e8b;&#x4ef6;&#x7f16;&#x53f7;&#x3002;",
    cookies = "&#x9a8c;&#x8bc1;&#x9700;&#x8981; Cookie&#xff0c;&#x8bf7;&#x5141;&#x8bb8;&#x672c;&#x7ad9;&#x4f7f;&#x7528; Cookie &#x540e;&#x91cd;&#x8bd5;&#x3002;",
    busy = "&#x8bf7;&#x6c42;&#x8fc7;&#x4e8e;&#x9891;&#x7e41;&#xff0c;&#x8bf7;&#x7a0d;&#x5019;&#x518d;&#x8bd5;&#x3002;",
    again = "&#x91cd;&#x8bd5;",
    noscript = "&#x672c;&#x7ad9;&#x9700;&#x8981;&#x786e;&#x8ba4;&#x60a8;&#x4f7f;&#x7528;&#x7684;&#x662f;&#x6d4f;&#x89c8;&#x5668;&#xff0c;&#x8bf7;&#x542f;&#x7528; JavaScript &#x540e;&#x91cd;&#x65b0;&#x8f7d;&#x5165;&#x9875;&#x9762;&#x3002;",
    event = "&#x4e8b;&#x4ef6;&#x7f16;&#x53f7;",
    refused = "\\u8bf7\\u6c42\\u88ab\\u62d2\\u7edd\\u3002\\u5982\\u6709\\u7591\\u95ee\\uff0c\\u8bf7\\u8054\\u7cfb\\u7f51\\u7ad9\\u5e76\\u63d0\\u4f9b\\u4e8b\\u4ef6\\u7f16\\u53f7\\u3002",
    limited = "\\u8bf7\\u6c42\\u8fc7\\u4e8e\\u9891\\u7e41\\uff0c\\u8bf7\\u7a0d\\u540e\\u518d\\u8bd5\\u3002"
}
local EN = {
    lang = "en",
    title = "Checking your browser",
    wait = "One moment. This usually takes less than a second, and the page goes on by itself.",
    failed = "The check did not pass. Please try again; if it fails again, tell the site the event ID below.",
    cookies = "The check needs cookies. Please allow them for this site and try again.",
    busy = "Too many requests. Please wait a little and try again.",
    again = "Try again",
    noscript = "This site needs to see that you are using a browser. Please switch JavaScript on and load the page again.",
    event = "Event ID",
    refused = "The request was refused. If you think it should not have been, tell the site the event ID.",
    limited = "Too many requests. Try again later."
}
--- `sha256-` and the base64 of it, as a content security policy names a script or style.
local function sourceHash(host, text)
    local digest = host.sha256(text)
    local bytes = ""
    do
        local i = 0
        while i < 64 do
            bytes = bytes .. string.char(hexDigit(__TS__StringCharCodeAt(digest, i)) * 16 + hexDigit(__TS__StringCharCodeAt(digest, i + 1)))
            i = i + 2
        end
    end
    return ("'sha256-" .. string.sub(
        base64Core(
            bytes .. string.char(0),
            0
        ),
        1,
        43
    )) .. "='"
end
--- What is the same for every challenge, once per start: nothing but this script and this style may run.
function ____exports.compilePage(host)
    local policy = table.concat(
        {
            "default-src 'none'",
            "script-src " .. sourceHash(host, PAGE_SCRIPT),
            "style-src " .. sourceHash(host, PAGE_STYLE),
            "worker-src blob:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'self'"
        },
        "; "
    )
    return {headers = {
        {name = "content-type", value = "text/html; charset=utf-8"},
        {name = "content-security-policy", value = policy},
        {name = "cache-control", value = "no-store"},
        {name = "x-frame-options", value = "SAMEORIGIN"},
        {name = "x-content-type-options", value = "nosniff"},
        {name = "x-robots-tag", value = "noindex"},
        {name = "referrer-policy", value = "same-origin"}
    }}
end
--- Thousandths of the `q=` among the parameters of one language, 1000 without one.
local function weightOf(parameters)
    for ____, parameter in ipairs(parameters) do
        do
            local text = trim(parameter)
            if not startsWith(text, "q=") then
                goto __continue7
            end
            local whole = parseDecimal(string.sub(text, 3, 3))
            local digits = parseDecimal(string.sub(
                string.sub(text, 5, 7) .. "000",
                1,
                3
            ))
            return math.max(0, whole) * 1000 + math.max(0, digits)
        end
        ::__continue7::
    end
    return 1000
end
--- The language a client would rather read. One that names none gets Chinese, one that names only others English.
function ____exports.languageOf(host, accept_language)
    local best = trim(accept_language) == "" and "zh" or "en"
    local weight = 0
    for ____, part in ipairs(split(
        host.lower(accept_language),
        ",",
        32
    )) do
        local pieces = split(part, ";", 8)
        local tag = split(
            trim(pieces[1] or ""),
            "-",
            2
        )[1] or ""
        local own = weightOf(pieces)
        if (tag == "zh" or tag == "en") and own > weight then
            best = tag
            weight = own
        end
    end
    return best
end
local function escape(text)
    local parts = {}
    do
        local i = 0
        while i < #text do
            local code = __TS__StringCharCodeAt(text, i)
            local plain = code > 62 or code > 39 and code < 60 or code == 32 or code == 61
            parts[#parts + 1] = plain and code < 127 and __TS__StringSlice(text, i, i + 1) or ("&#" .. tostring(code)) .. ";"
            i = i + 1
        end
    end
    return table.concat(parts, "")
end
--- The page for one challenge. It works without a Worker and shows what to do without JavaScript or cookies.
function ____exports.challengePage(challenge, event_id, language)
    local texts = language == "zh" and ZH or EN
    local data = table.concat(
        {
            (((" data-token=\"" .. escape(challenge.token)) .. "\" data-difficulty=\"") .. tostring(challenge.difficulty)) .. "\"",
            (((" data-wait=\"" .. texts.wait) .. "\" data-failed=\"") .. texts.failed) .. "\"",
            (((" data-cookies=\"" .. texts.cookies) .. "\" data-busy=\"") .. texts.busy) .. "\""
        },
        ""
    )
    return table.concat(
        {
            ("<!doctype html><html lang=\"" .. texts.lang) .. "\"><head><meta charset=\"utf-8\">",
            "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">",
            ((("<title>" .. texts.title) .. "</title><style>") .. PAGE_STYLE) .. "</style></head>",
            ((("<body><main id=\"lockstep\"" .. data) .. "><h1>") .. texts.title) .. "</h1><i aria-hidden=\"true\"></i>",
            "<p id=\"status\" role=\"status\"></p>",
            ("<noscript><p>" .. texts.noscript) .. "</p></noscript>",
            ("<p><button id=\"again\" type=\"button\" hidden>" .. texts.again) .. "</button></p>",
            ((("<p><small>" .. texts.event) .. " <code>") .. escape(event_id)) .. "</code></small></p></main>",
            ("<script>" .. PAGE_SCRIPT) .. "</script></body></html>"
        },
        ""
    )
end
--- RFC 9457, for whoever can't be shown a page. Tells nothing of the reasons.
function ____exports.problemBody(status, event_id, language)
    local texts = language == "zh" and ZH or EN
    local limited = status == 429
    local title = limited and "Too Many Requests" or "Forbidden"
    local detail = limited and texts.limited or texts.refused
    return ((((((("{\"type\":\"about:blank\",\"title\":\"" .. title) .. "\",\"status\":") .. tostring(status)) .. ",\"detail\":\"") .. detail) .. "\",\"event_id\":\"") .. event_id) .. "\"}"
end
--- The solution that the challenge page sent with this request, if it did.
function ____exports.solutionIn(request)
    for ____, header in ipairs(request.headers) do
        do
            if header.name ~= SOLUTION_HEADER then
                goto __continue20
            end
            local ____request_0 = request
            local host = ____request_0.host
            local scheme = ____request_0.scheme
            local remote_ip = ____request_0.remote_ip
            local headers = ____request_0.headers
            return {request = {
                method = "POST",
                target = VERIFY_PATH,
                host = host,
                scheme = scheme,
                remote_ip = remote_ip,
                headers = headers
            }, body = header.value}
        end
        ::__continue20::
    end
    return nil
end
return ____exports
 end,
["engine"] = function(...)
local ____exports = {}
do
    local ____address_2Ets = require("address")
    ____exports.parseAddress = ____address_2Ets.parseAddress
    ____exports.parseCidr = ____address_2Ets.parseCidr
end
do
    local ____binding_2Ets = require("binding")
    ____exports.bindingOf = ____binding_2Ets.bindingOf
end
do
    local ____challenge_2Ets = require("challenge.challenge")
    ____exports.BASE_DIFFICULTY = ____challenge_2Ets.BASE_DIFFICULTY
    ____exports.CHALLENGE_TTL_S = ____challenge_2Ets.CHALLENGE_TTL_S
    ____exports.isSolved = ____challenge_2Ets.isSolved
end
do
    local ____clearance_2Ets = require("challenge.clearance")
    ____exports.CLEARANCE_TTL_S = ____clearance_2Ets.CLEARANCE_TTL_S
    ____exports.clearanceCookieName = ____clearance_2Ets.clearanceCookieName
    ____exports.issueClearance = ____clearance_2Ets.issueClearance
end
do
    local ____decide_2Ets = require("decide")
    ____exports.decideBody = ____decide_2Ets.decideBody
    ____exports.decideHead = ____decide_2Ets.decideHead
end
do
    local ____inspect_2Dbody_2Ets = require("inspect.inspect-body")
    ____exports.BODY_LIMIT_BYTES = ____inspect_2Dbody_2Ets.BODY_LIMIT_BYTES
end
do
    local ____keyring_2Ets = require("challenge.keyring")
    ____exports.compileKeyring = ____keyring_2Ets.compileKeyring
end
do
    local ____page_2Ets = require("challenge.page")
    ____exports.challengePage = ____page_2Ets.challengePage
    ____exports.compilePage = ____page_2Ets.compilePage
    ____exports.languageOf = ____page_2Ets.languageOf
    ____exports.problemBody = ____page_2Ets.problemBody
    ____exports.solutionIn = ____page_2Ets.solutionIn
end
do
    local ____policy_2Ets = require("policy")
    ____exports.compilePolicy = ____policy_2Ets.compilePolicy
end
do
    local ____reserved_2Ets = require("challenge.reserved")
    ____exports.RESERVED_PREFIX = ____reserved_2Ets.RESERVED_PREFIX
    ____exports.VERIFY_PATH = ____reserved_2Ets.VERIFY_PATH
end
do
    local ____verdict_2Ets = require("verdict")
    ____exports.explain = ____verdict_2Ets.explain
    ____exports.rateHeaders = ____verdict_2Ets.rateHeaders
    ____exports.signalList = ____verdict_2Ets.signalList
    ____exports.upstreamHeaders = ____verdict_2Ets.upstreamHeaders
end
return ____exports
 end,
}
local ____entry = require("engine", ...)
return ____entry

