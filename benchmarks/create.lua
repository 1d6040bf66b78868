-- wrk: one create request after another. Arguments: kind (tocsin | floor | alertmanager), alias prefix or "same", key.
local kind, prefix, key
local counter, thread_id = 0, 0
local threads = 0

function setup(thread)
  thread:set("thread_id", threads)
  threads = threads + 1
end

function init(args)
  kind, prefix, key = args[1], args[2], args[3] or ""
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  if key ~= "" then wrk.headers["Authorization"] = "GenieKey " .. key end
end

function request()
  counter = counter + 1
  local alias = prefix
  if prefix ~= "same" then alias = prefix .. thread_id .. "-" .. counter end
  local body
  if kind == "alertmanager" then
    body = string.format('[{"labels":{"alertname":"DiskFull","alias":"%s","host":"web3"}}]', alias)
  else
    body = string.format(
      '{"message":"Disk full on web3","alias":"%s","tags":["disk","prod"],"details":{"host":"web3","mount":"/var"}}', alias)
  end
  return wrk.format(nil, nil, nil, body)
end

function done(summary, latency, requests)
  local bad = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write
  io.write(string.format("\nRESULT requests=%d seconds=%.3f p50=%.3f p99=%.3f bad=%d\n",
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, bad))
end
