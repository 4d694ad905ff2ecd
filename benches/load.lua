-- What the load generator sends. Arguments: a mode, a file of bodies (or of the URL's path), the Authorization header
-- or "-", and a file to write what was learnt to or "-".
--
--   cycle    the bodies one after another, again and again, from a random one on
--   once     each body once; the run ends with the last
--   chain    refresh tokens: each answer brings the next one; access tokens are written down
--   collect  GET of the one path; the code in each Location is written down
--   keep     like cycle; access tokens are written down

local mode, pool, at, sink, collected

local function written(line)
  if sink then sink:write(line, "\n") end
end

-- What is learnt from an answer, by mode. The generator reads answers only where something is.
local learn = {}

function learn.chain(status, headers, body)
  local refresh, access = body:match('"refresh_token":"(.-)"'), body:match('"access_token":"(.-)"')
  if not refresh then return end
  table.insert(pool, 1, refresh)
  written(access)
end

function learn.collect(status, headers)
  local code = (headers["Location"] or headers["location"] or ""):match("[?&]code=([^&]+)")
  if code then written(code) end
end

function learn.keep(status, headers, body)
  local access = body:match('"access_token":"(.-)"')
  if access then written(access) end
end

function init(args)
  mode = args[1]
  pool = {}
  for line in io.lines(args[2]) do pool[#pool + 1] = line end
  math.randomseed(os.time())
  at = mode == "cycle" and math.random(#pool) or 0
  local json = pool[1]:sub(1, 1) == "{"
  wrk.headers["Content-Type"] = json and "application/json" or "application/x-www-form-urlencoded"
  if args[3] ~= "-" then wrk.headers[args[3]:match("^(.-): ")] = args[3]:match("^.-: (.*)$") end
  if args[4] ~= "-" then sink = io.open(args[4], "a") end
  if mode == "collect" then collected = wrk.format("GET", pool[1]) end
  response = learn[mode]
end

function request()
  if mode == "collect" then return collected end
  if mode == "chain" then
    return wrk.format("POST", nil, nil, "grant_type=refresh_token&refresh_token=" .. table.remove(pool))
  end
  at = at + 1
  if mode == "once" and at > #pool then
    wrk.thread:stop()
    at = #pool
  elseif at > #pool then
    at = 1
  end
  return wrk.format("POST", nil, nil, pool[at])
end

function done(summary, latency)
  print(string.format(
    '{"requests": %d, "seconds": %.6f, "errors": %d, "p50_ms": %.4f, "p99_ms": %.4f}',
    summary.requests, summary.duration / 1e6,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
