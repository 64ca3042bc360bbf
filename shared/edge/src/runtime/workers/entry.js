// The module that the runtime starts. A panic ends the wasm instance: whoever waits gets an answer, and the next request a new instance.

import * as core from "./core.js";

const NOTHING = new Uint8Array();
const waiting = new Set();
let broken = false;

const limit = core.bodyLimitBytes();

core.onPanic(onPanic);

export default {
  async fetch(request, env, context) {
    const body = await read(request, limit);
    restored();
    return new Promise((resolve) => {
      const fail = () => resolve(failed());
      waiting.add(fail);
      const done = () => waiting.delete(fail);
      core.handle(new Incoming(request, body, env, context)).then(resolve, fail).finally(done);
    });
  },

  async scheduled(_event, env, context) {
    restored();
    await core.scheduled?.(env, context);
  },
};

function onPanic(place) {
  console.error(JSON.stringify({ level: "error", event: "panic", place }));
  broken = true;
  for (const fail of waiting) fail();
}

function restored() {
  if (!broken) return;
  core.__wbg_reset_state();
  core.onPanic(onPanic);
  broken = false;
}

function failed() {
  const problem = { type: "about:blank", title: "Internal Server Error", status: 500, code: "internal" };
  const headers = { "content-type": "application/problem+json", "cache-control": "no-store" };
  return new Response(JSON.stringify(problem), { status: 500, headers });
}

// What Rust asks of a request.
class Incoming {
  constructor(request, body, env, context) {
    this.request = request;
    this.body = body;
    this.env = env;
    this.context = context;
  }

  get method() {
    return this.request.method;
  }

  get url() {
    return this.request.url;
  }

  header(name) {
    return this.request.headers.get(name) ?? undefined;
  }
}

// The whole body; `undefined` when it is longer than the limit, which is as far as it is read.
async function read(request, limit) {
  if (request.body === null || request.method === "GET" || request.method === "HEAD") return NOTHING;
  const announced = request.headers.get("content-length");
  if (announced !== null) {
    if (Number(announced) > limit) return undefined;
    const body = new Uint8Array(await request.arrayBuffer());
    return body.length > limit ? undefined : body;
  }
  const chunks = [];
  let length = 0;
  for await (const chunk of request.body) {
    length += chunk.length;
    if (length > limit) return undefined;
    chunks.push(chunk);
  }
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}
