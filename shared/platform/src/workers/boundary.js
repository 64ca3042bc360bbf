// What Rust asks of the runtime, one call per question.

export function send(method, url, lines, body, timeoutMs) {
  const headers = {};
  const parts = lines.split("\n");
  for (let i = 0; i + 1 < parts.length; i += 2) headers[parts[i]] = parts[i + 1];
  const init = { method, headers, body, redirect: "manual" };
  if (timeoutMs > 0) init.signal = AbortSignal.timeout(timeoutMs);
  // A malformed URL throws at once: make that a rejection too.
  return new Promise((resolve) => resolve(fetch(url, init)));
}

export function headers(response) {
  let lines = "";
  for (const [name, value] of response.headers) lines += `${lines && "\n"}${name}\n${value}`;
  return lines;
}

export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
